"""Where mail to some domains queues: how many may leave now, and until when the others are put off. Pure but for
what a lane remembers of its own mails; no clock, no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.mailings import pace
from publisher.mailings.pace import NO_LIMITS, Limits, Spent
from publisher.mailings.slowing import Slowed

AT_LEAST = timedelta(seconds=1)
"""How long somebody is put off, at least: each time costs a row."""

USUAL_SPACING = timedelta(milliseconds=20)
"""Between two who are put off, where no limit says how fast a lane is and too few have left to tell."""

ENOUGH = 10
"""Mails that have their answer, from which on a lane's own pace is known."""


@dataclass(frozen=True, slots=True)
class DomainLimits:
    """Limits on mail to some domains, taken together; `at_once` is of one sender, 0: any number."""

    domains: tuple[str, ...]
    limits: Limits = NO_LIMITS
    at_once: int = 0


class Lane:
    """The mails of one sender to the domains of one limit, or to one domain that is slowed.

    Args:
        limits: what is demanded of it; none for a domain that nobody has limited.
    """

    def __init__(self, limits: DomainLimits) -> None:
        self.limits = limits
        self._standing = 0
        self._last: datetime | None = None
        self._since: datetime | None = None
        self._answered = 0

    def room(self, wanted: int, spent: Spent, slowed: Slowed | None, now: datetime) -> int:
        """How many of `wanted` mails may leave now."""
        rooms = [wanted]
        if self.limits.at_once:
            rooms.append(self.limits.at_once - self._standing)
        if (left := pace.room(self.limits.limits, spent, now)) is not None:
            rooms.append(left)
        if slowed is not None:
            rooms.append(0 if now < slowed.until else slowed.room - self._standing)
        return max(min(rooms), 0)

    def leave(self, mails: int) -> None:
        """So many are handed over now."""
        self._standing += mails

    def settled(self) -> None:
        """One of them is in nobody's hands any more."""
        self._standing -= 1
        self._answered += 1

    def put_off(
        self, delivery_ids: Sequence[int], spent: Spent, slowed: Slowed | None, now: datetime
    ) -> Iterator[tuple[int, datetime]]:
        """Each with the moment that it is put off to: behind those before it, at the pace that the lane keeps up.

        A domain that is only slowed makes no line: when it takes mail again, it is soon as quick as any.
        """
        earliest = max(now + AT_LEAST, pace.opens(self.limits.limits, spent, now))
        if slowed is not None:
            earliest = max(earliest, slowed.until)
        spacing = self._spacing(now)
        for delivery_id in delivery_ids:
            due_at = max(earliest, self._last + spacing) if self._last is not None and spacing else earliest
            self._last = due_at
            yield delivery_id, due_at

    def _spacing(self, now: datetime) -> timedelta:
        if self.limits.limits:
            return timedelta(seconds=self.limits.limits.spacing)
        if not self.limits.at_once:
            return timedelta(0)
        if self._since is None or self._last is None or self._last < now:  # the line is empty: it is measured anew
            self._since, self._answered = now, 0
        return (now - self._since) / self._answered if self._answered >= ENOUGH else USUAL_SPACING
