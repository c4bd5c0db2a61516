"""How many mails may leave now: pure arithmetic over what has left, the limits and the moment.

Seconds are a token bucket in its form as a clock (GCRA): it remembers when the next mail would be due at an even
pace, and lets half a second's worth go ahead of it. Hours and days are counted, in slices, over the hour or the
day that ends now: so a limit holds for any of them, and a mailing may use it up in one go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

AHEAD_SECONDS = 0.5
"""What may go ahead of an even pace: of a limit of 100 a second, 50 mails."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span whose mails are counted, in slices of so many seconds."""

    seconds: int
    slice: int


HOUR = Period(3_600, 60)
DAY = Period(86_400, 900)


@dataclass(frozen=True, slots=True)
class Limits:
    """Mails at most; 0: any number."""

    per_second: float = 0
    per_hour: int = 0
    per_day: int = 0

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.per_second or self.per_hour or self.per_day)

    @property
    def spacing(self) -> float:
        """Seconds between two mails at the pace that can be kept up."""
        rates = (1 / self.per_second if self.per_second else 0, *(p.seconds / n for p, n in self.counted))
        return max(rates)

    @property
    def counted(self) -> Iterable[tuple[Period, int]]:
        """The limits that are counted."""
        return ((period, n) for period, n in ((HOUR, self.per_hour), (DAY, self.per_day)) if n)


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Spent:
    """What has left. `even`: when the next mail is due at an even pace, in seconds since 1970.

    `slices`: for each period in seconds, the number of a slice and its mails, the oldest first.
    """

    even: float = 0.0
    slices: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "even": self.even,
            "slices": {str(key): list(map(list, pairs)) for key, pairs in self.slices.items()},
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Spent:
        """From JSON."""
        slices = {
            int(key): tuple((int(number), int(mails)) for number, mails in pairs)
            for key, pairs in stored.get("slices", {}).items()
        }
        return cls(float(stored.get("even", 0)), slices)


NOTHING = Spent()


def room(limits: Limits, spent: Spent, now: datetime) -> int | None:
    """How many may leave now; None: any number."""
    moment = now.timestamp()
    rooms = [number - _used(spent, period, moment) for period, number in limits.counted]
    if limits.per_second:
        ahead = _ahead(limits) - max(spent.even - moment, 0) * limits.per_second
        rooms.append(math.floor(ahead + 1e-6))
    return max(min(rooms), 0) if rooms else None


def charge(limits: Limits, spent: Spent, mails: int, now: datetime) -> Spent:
    """What has left when `mails` more do."""
    moment = now.timestamp()
    even = max(spent.even, moment) + mails / limits.per_second if limits.per_second else 0.0
    slices = {period.seconds: _counted(spent, period, mails, moment) for period, _ in limits.counted}
    return replace(spent, even=even, slices=slices)


def opens(limits: Limits, spent: Spent, now: datetime) -> datetime:
    """When some may leave again; `now` when they may already. Half of what may go ahead is worth waiting for."""
    moment = latest = now.timestamp()
    if limits.per_second and room(replace(limits, per_hour=0, per_day=0), spent, now) == 0:
        wanted = max(_ahead(limits) / 2, 1)
        latest = max(latest, spent.even - (_ahead(limits) - wanted) / limits.per_second)
    for period, number in limits.counted:
        if _used(spent, period, moment) >= number:
            latest = max(latest, _frees(spent, period, number, moment))
    return now if latest <= moment else datetime.fromtimestamp(math.ceil(latest * 1000) / 1000, UTC)


def _ahead(limits: Limits) -> float:
    return max(limits.per_second * AHEAD_SECONDS, 1)


def _used(spent: Spent, period: Period, moment: float) -> int:
    return sum(mails for number, mails in spent.slices.get(period.seconds, ()) if _counts(number, period, moment))


def _counts(number: int, period: Period, moment: float) -> bool:
    """Whether anything of a slice may be within the period that ends now."""
    return (number + 1) * period.slice > moment - period.seconds


def _counted(spent: Spent, period: Period, mails: int, moment: float) -> tuple[tuple[int, int], ...]:
    before = [pair for pair in spent.slices.get(period.seconds, ()) if _counts(pair[0], period, moment)]
    present = int(moment // period.slice)
    if before and before[-1][0] >= present:  # a clock that was put back does not free anything
        number, had = before.pop()
        return (*before, (number, had + mails))
    return (*before, (present, mails)) if mails else tuple(before)


def _frees(spent: Spent, period: Period, most: int, moment: float) -> float:
    """When enough of the slices are over that one more may leave."""
    used = _used(spent, period, moment)
    for number, mails in spent.slices.get(period.seconds, ()):
        if _counts(number, period, moment):
            used -= mails
            if used < most:
                return float((number + 1) * period.slice + period.seconds)
    return moment
