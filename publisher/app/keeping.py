"""What is kept of people, put together: where their traces may be, and what retention has to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from publisher.app.adapters import Adapters
from publisher.config import MaildirProvider
from publisher.ledger import MailingState
from publisher.storage import purging
from publisher.storage.events import Events
from publisher.storage.scrubbing import Scrubbing
from subscribers.traces import Traces

ERASED = "subscriber.erased"
VAR = Path("var")
CACHES = (Path("var/links.json"),)


class InstanceGround:
    """Where people of one instance leave traces.

    Args:
        instance: whose.
    """

    def __init__(self, instance: Adapters) -> None:
        self._instance = instance
        self._database = instance.database

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that reads."""
        return self._database.read()

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes."""
        return self._database.write()

    def scrub(self, traces: Traces, subscriber_id: int | None, form: str) -> int:
        """Take traces out of every table that is no digest."""
        return Scrubbing(self._database).scrub(traces, subscriber_id, form)

    def log(self, connection: Connection, actor: str, now: datetime, data: dict[str, object]) -> None:
        """Keep in the log of acts that somebody was erased: by whom, when, why, not who."""
        Events(connection).append(ERASED, at=now, actor=actor, data=data)

    def purge(self) -> None:
        """Empty the database's write-ahead log."""
        purging.empty_log(self._database)

    def database_holds(self, needles: Sequence[bytes]) -> Sequence[Path]:
        """The files of the database in which one of these is."""
        return self._holding(purging.files_of(self._database), needles)

    def rewrite(self) -> bool:
        """Write the database anew, unless mailings are running."""
        with self._instance.store.read() as unit:
            running = any(each.state is MailingState.RUNNING for each in unit.mailings.all())
        if not running:
            purging.rewrite(self._database)
        return not running

    def caches(self) -> Iterable[Path]:
        """What probes remember of links."""
        return [self._instance.settings.path(path) for path in CACHES]

    def others(self, needles: Sequence[bytes], among: Iterable[Path] | None = None) -> Sequence[Path]:
        """The files below `var` in which one of these is: not the database, mail put there, or pages."""
        return self._holding(self._files() if among is None else among, needles)

    def _holding(self, files: Iterable[Path], needles: Sequence[bytes]) -> Sequence[Path]:
        return purging.holding(files, needles, purging.longer(self._database, needles))

    def _files(self) -> Iterable[Path]:
        settings = self._instance.settings
        aside = [*purging.files_of(self._database), *(settings.path(each.path) for each in settings.folders)]
        aside += [settings.path(each.path) for each in settings.provider if isinstance(each, MaildirProvider)]
        for path in sorted(settings.path(VAR).rglob("*")):
            if path.is_file() and not any(path == each or each in path.parents for each in aside):
                yield path
