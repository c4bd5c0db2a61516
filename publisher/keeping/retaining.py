"""Retention: what is older than the configuration allows is forgotten, piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from subscribers.retention import remove_unconfirmed

Write = Callable[[], AbstractContextManager[Connection]]

AT_ONCE = 500
"""Rows that one transaction removes."""


BOUNCES_KEPT = timedelta(days=400)
"""How long it is known that a mail bounced, without words: several in a row say that nobody is there."""


class Periods(Protocol):
    """How long things are kept, as [retention] says."""

    @property
    def unconfirmed(self) -> timedelta: ...  # noqa: D102 - see the class
    @property
    def details(self) -> timedelta: ...  # noqa: D102 - see the class
    @property
    def raw_events(self) -> timedelta: ...  # noqa: D102 - see the class


class Old(Protocol):
    """Forgets what the instance has written down about deliveries."""

    def details(self, before: datetime, now: datetime) -> int:
        """Of mailings that ended before a moment."""

    def raw_events(self, before: datetime, most: int) -> int:
        """At most so many, of before a moment."""

    def bounces(self, before: datetime, most: int) -> int:
        """At most so many, of before a moment."""


@dataclass(frozen=True, slots=True)
class CutOffs:
    """What is of before these moments is forgotten."""

    unconfirmed: datetime
    details: datetime
    raw_events: datetime
    bounces: datetime


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was forgotten of each kind."""

    unconfirmed: int = 0
    details: int = 0
    raw_events: int = 0
    bounces: int = 0

    def __bool__(self) -> bool:
        return bool(self.unconfirmed or self.details or self.raw_events or self.bounces)

    def __str__(self) -> str:
        kinds = (
            (self.unconfirmed, "sign-up", "sign-ups", "that nobody confirmed"),
            (self.details, "mail's details", "mails' details", ""),
            (self.raw_events, "raw event", "raw events", ""),
            (self.bounces, "bounce", "bounces", "of long ago"),
        )
        said = (
            f"{number} {many if number > 1 else one} {what}".strip() for number, one, many, what in kinds if number
        )
        return ", ".join(said)


def cut_offs(periods: Periods, now: datetime) -> CutOffs:
    """The moments that part what is kept from what is not."""
    return CutOffs(
        now - periods.unconfirmed,
        now - periods.details,
        now - periods.raw_events,
        now - max(BOUNCES_KEPT, periods.raw_events),
    )


class Retaining:
    """Forgets what is old.

    Args:
        write: gives a writing transaction.
        old: what is known of deliveries.
        periods: how long things are kept.
    """

    def __init__(
        self, write: Callable[[], AbstractContextManager[Connection]], old: Old, periods: Periods
    ) -> None:
        self._write = write
        self._old = old
        self._periods = periods

    def forget(self, now: datetime, stop: Callable[[], bool] = lambda: False) -> Forgotten:
        """Forget everything that is too old now; `stop` ends it early, and the next time goes on."""
        before = cut_offs(self._periods, now)

        def unconfirmed() -> int:
            with self._write() as connection:
                return remove_unconfirmed(connection, before.unconfirmed, AT_ONCE)

        return Forgotten(
            _until_none(unconfirmed, stop),
            0 if stop() else self._old.details(before.details, now),
            _until_none(lambda: self._old.raw_events(before.raw_events, AT_ONCE), stop),
            _until_none(lambda: self._old.bounces(before.bounces, AT_ONCE), stop),
        )


def _until_none(step: Callable[[], int], stop: Callable[[], bool]) -> int:
    removed = 0
    while not stop() and (some := step()):
        removed += some
    return removed
