"""What the server of the site is told from the database, and what it leaves there.

That something has changed is one number in the database, which is one more with each document that is put anew:
by this process, which knows at once, or by another one (`publisher run`, `digest correct`), which is seen at the
next look. Files that somebody changes by hand change no number: every LOOK_ANYWAY all are looked at again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from publisher.app.opening import Clock
from publisher.editions import Document
from publisher.errors import PublisherError
from publisher.publishing.ports import Endpoint
from publisher.served import Habit, Poll, Version
from publisher.storage.store import Store

LOOK_ANYWAY = timedelta(minutes=1)
"""How often files are looked at although nothing was put."""

WRITE = timedelta(minutes=1)
"""How often counters are written down."""

POLLS_KEPT = timedelta(days=400)
"""How long counters of who polls how are kept: a year can be compared with the one before."""

_log = logging.getLogger("publisher")


class Upkeep:
    """What is known of the site beside its bytes. Called from several threads at once.

    Args:
        store: the instance's.
        clock: the present moment.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._epoch = 0
        self._number = -1
        self._withdrawn: frozenset[str] = frozenset()
        self._versions: dict[str, Version] = {}
        self._look_at = self._write_at = clock()

    @property
    def epoch(self) -> int:
        """Another number whenever files may have changed."""
        return self._epoch

    def is_withdrawn(self, path: str) -> bool:
        """Whether the page at a path is the notice of a withdrawn digest."""
        return path in self._withdrawn

    def version(self, path: str) -> Version | None:
        """The newest version that was ever served there, by whichever process; None for the first.

        Raises:
            StorageError: it cannot be found out now.
        """
        with self._lock:
            waiting = self._versions.get(path)
        if waiting is not None:
            return waiting
        try:
            with self._store.read() as unit:
                return unit.site_versions.get(path)
        except PublisherError as error:
            _log.warning("%s is served without Last-Modified: %s", path, error)
            raise

    def remember(self, path: str, version: Version) -> None:
        """Keep that a version is served there; written down at the next look."""
        with self._lock:
            self._versions[path] = version

    def changed(self) -> None:
        """Say to every process that a document was put.

        Raises:
            StorageError: the others cannot be told now; they look anyway, later.
        """
        self._turn()
        with self._store.write() as unit:
            unit.generations.advance()

    def look(self, counted: Callable[[], Sequence[Poll]] = tuple) -> None:
        """See whether another process has put something, and write down what is to be kept. Each second.

        Args:
            counted: gives who polled how since it was asked last.

        Raises:
            StorageError: the database does not answer; files are looked at for each request until it does.
        """
        now = self._clock()
        try:
            with self._store.read() as unit:
                number, withdrawn = unit.generations.number(), self._withdrawn
                if number != self._number:
                    withdrawn = unit.site_versions.withdrawn_pages()
        except PublisherError:
            self._turn()
            raise
        changed = (number, withdrawn) != (self._number, self._withdrawn)
        if changed or not _soon(self._look_at, now, LOOK_ANYWAY):
            self._number, self._withdrawn, self._look_at = number, withdrawn, now
            self._turn()
        self._write_versions()
        if not _soon(self._write_at, now, WRITE):
            self._write_at = now
            self.write_polls(counted())

    def write_polls(self, polls: Sequence[Poll]) -> None:
        """Write down who polled how, and forget what is of long ago.

        Raises:
            StorageError: it cannot be written now, and is lost.
        """
        if polls:
            with self._store.write() as unit:
                unit.polls.add(polls)
                unit.polls.forget((self._clock() - POLLS_KEPT).date())

    def _write_versions(self) -> None:
        with self._lock:
            versions = dict(self._versions)
        if not versions:
            return
        with self._store.write() as unit:
            unit.site_versions.keep(versions)
        with self._lock:
            for path, version in versions.items():
                if self._versions.get(path) == version:
                    del self._versions[path]

    def _turn(self) -> None:
        with self._lock:
            self._epoch += 1


def _soon(last: datetime, now: datetime, every: timedelta) -> bool:
    """Whether it was done lately; not when the clock was set back meanwhile."""
    return last <= now < last + every


class Telling:
    """An endpoint that says when a document has changed there.

    Args:
        endpoint: where documents go.
        changed: is called after each that was put anew.
    """

    def __init__(self, endpoint: Endpoint, changed: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._changed = changed

    @property
    def name(self) -> str:
        """The endpoint's."""
        return self._endpoint.name

    def put(self, document: Document, *, again: bool = False) -> bool:
        """See `publishing.ports.Endpoint`."""
        put = self._endpoint.put(document, again=again)
        if put:
            self._changed()
        return put

    def get(self, path: str) -> bytes | None:
        """See `publishing.ports.Endpoint`."""
        return self._endpoint.get(path)


class FeedReaders:
    """Who polls the feeds how.

    Args:
        store: the instance's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def habits(self, days: int, now: datetime) -> Sequence[Habit]:
        """How each family of programs has polled in so many days, today included; the most frequent first."""
        with self._store.read() as unit:
            return unit.polls.habits((now - timedelta(days=days - 1)).date())
