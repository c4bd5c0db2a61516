"""Erasing a person: out of every table, log and file of the instance, with only a keyed hash left behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from publisher.errors import SubscriberError, UsageError
from subscribers import erasure, listing
from subscribers.addresses import normalise
from subscribers.hashing import keyed
from subscribers.traces import Traces, traces_of

REASON_LENGTH = 500


class Ground(Protocol):
    """Where a person may have left traces."""

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that reads."""

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes."""

    def scrub(self, traces: Traces, subscriber_id: int | None, form: str) -> int:
        """Take the traces out of the log of acts and the like; how many rows had some.

        `form` is the keyed hash of the address, by which what came back about their mail is found.
        """

    def log(self, connection: Connection, actor: str, now: datetime, data: dict[str, object]) -> None:
        """Keep in the log of acts that somebody was erased."""

    def purge(self) -> None:
        """Empty the database's own log."""

    def database_holds(self, needles: Sequence[bytes]) -> Sequence[Path]:
        """The files of the database in which one of these is still to be found."""

    def rewrite(self) -> bool:
        """Write the database anew; False when mailings are running, which it would keep waiting."""

    def caches(self) -> Iterable[Path]:
        """Files that cost nothing to lose."""

    def others(self, needles: Sequence[bytes], among: Iterable[Path] | None = None) -> Sequence[Path]:
        """The other files of the instance in which one of these is to be found; or those among some."""


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was done. `remaining`: files that still hold the address and are not ours to remove."""

    known: bool
    blocked_before: bool
    scrubbed: int
    remaining: tuple[Path, ...]

    def __str__(self) -> str:
        who = "erased" if self.known else "nobody had this address"
        blocked = "blocked before" if self.blocked_before else "blocked from now on"
        words = f"; {self.scrubbed} rows of logs cleaned" if self.scrubbed else ""
        return f"{who}; the address is {blocked}, by a keyed hash{words}"


class Erasing:
    """Erases people.

    Args:
        ground: the instance.
        secret: keys the hash that stays.
    """

    def __init__(self, ground: Ground, secret: bytes) -> None:
        self._ground = ground
        self._secret = secret

    def erase(self, written: str, *, reason: str, actor: str, now: datetime) -> ErasureReport:
        """Erase whoever has this address; doing it again finds what was left the last time.

        The logs come first and the person last: cut short, it begins again with everything that is known of them.

        Raises:
            UsageError: it is no address, or no reason is given.
        """
        if not reason.strip():
            raise UsageError("somebody is erased for a reason", remedy="Add --reason, such as their own wish")
        try:
            _, key = normalise(written)
            with self._ground.read() as connection:
                person = listing.by_key(connection, key)
            known = {"email": person.email, "name": person.name} if person else {}
            traces = traces_of(written, **known)
        except SubscriberError as error:
            raise UsageError(error.message, remedy=error.remedy) from error
        scrubbed = self._ground.scrub(traces, person.id if person else None, keyed(self._secret, key))
        with self._ground.write() as connection:
            done = erasure.erase(connection, key, traces, self._secret, now)
            words = traces.removed(" ".join(reason.split()))[:REASON_LENGTH]
            if done.known or done.suppressed:
                self._ground.log(connection, actor, now, {"reason": words})
        return ErasureReport(done.known, not done.suppressed, scrubbed, tuple(self._remaining(traces)))

    def _remaining(self, traces: Traces) -> Sequence[Path]:
        """Empty the files of the database; which hold the address nevertheless, and which others do."""
        needles = traces.needles
        self._ground.purge()
        held = self._ground.database_holds(needles)
        if held and self._ground.rewrite():
            held = self._ground.database_holds(needles)
        for cache in self._ground.others(needles, self._ground.caches()):
            cache.unlink(missing_ok=True)
        return [*held, *self._ground.others(needles)]
