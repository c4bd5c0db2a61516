"""An instance with one digest in any state, for tests of what an editor may do with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, update

from publisher.app import open_app
from publisher.digests.record import DigestRecord
from publisher.publishing.passes import PassReport
from publisher.storage.database import Database
from publisher.storage.tables import deliveries, digests, editions, mailings
from tests.fakes.world import FakeWorld
from tests.instance import Instance

MORNING = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
KEY = "daily/2024-11-21-news"
PAGE = "daily/2024-11-21-news/index.html"
ACTOR = "an editor"

STATES = {
    "draft": ("draft", None),
    "finalized": ("finalized", None),
    "held": ("held", None),
    "held by preflight": ("held", None),
    "backlog": ("published", None),
    "mail waits": ("published", "waiting"),
    "mail runs": ("published", "running"),
    "mail paused": ("published", "paused"),
    "mail done": ("published", "done"),
    "mail cancelled": ("published", "cancelled"),
    "withdrawn": ("withdrawn", None),
}
"""Where a digest, and its mail, may stand."""


class EditorialDesk:
    """An instance whose time and world are a test's."""

    def __init__(self, root: Path, database: Database, readers: int = 3) -> None:
        url = database.engine.url.render_as_string(hide_password=False)
        self.instance = Instance(root, database=url)
        self.instance.subscribe(*(f"reader{number}@example.org" for number in range(readers)))
        self.file = self.instance.digest("2024-11-21")
        self.now = MORNING
        self.app = open_app(self.instance.config, clock=lambda: self.now)
        self.app.world = FakeWorld()

    def close(self) -> None:
        self.app.close()

    def run(self) -> PassReport:
        """One pass, without sending."""
        return self.app.run_pass(sleep=lambda _: None)

    def record(self) -> DigestRecord:
        return self.app.editorial.find(KEY)

    def bring_to(self, name: str) -> None:
        """Put the digest, and its mail, where a name of STATES says."""
        state, mailing = STATES[name]
        if state == "published":
            self.run()
            if mailing is None:
                self._set(mailings.delete().where(mailings.c.id.in_(select(mailings.c.id))), deliveries.delete())
                self._set(update(digests).values(mail="backlog"))
                return
            begun = {} if mailing != "waiting" else {"started_at": None}
            self._set(update(mailings).values(state=mailing, **begun))
            return
        self.app.intake.take_in(self.app.clock, lambda _: None)
        because = {"held": "the lawyer reads it", "held by preflight": "preflight: a link is dead"}.get(name, "")
        withdrawn = {"withdrawn_at": self.now} if state == "withdrawn" else {}
        self._set(update(digests).values(state=state, held_because=because, **withdrawn))

    def events(self, kind: str) -> list[dict[str, object]]:
        """The data of each event of a kind, with its actor."""
        with self.app.store.read() as unit:
            found = unit.events.of_digest(self.record().id)
        return [{"actor": event.actor, **event.data} for event in found if event.kind == kind]

    def facts(self) -> tuple[object, ...]:
        """Everything that a refused act must not change."""
        tables = (digests, editions, mailings, deliveries)
        with self.app.database.read() as connection:
            counts = [connection.scalar(select(func.count()).select_from(table)) for table in tables]
            return (self.record(), *counts, *connection.execute(select(mailings.c.id, mailings.c.state)))

    def _set(self, *statements: object) -> None:
        with self.app.database.write() as connection:
            for statement in reversed(statements):
                connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def a_desk(root: Path, database: Database, readers: int = 3) -> Iterator[EditorialDesk]:
    """A desk, closed at the end."""
    desk = EditorialDesk(root, database, readers)
    try:
        yield desk
    finally:
        desk.close()
