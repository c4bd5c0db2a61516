"""How long a server wants to be left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST = timedelta(days=365)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """What a `Retry-After` header says (RFC 9110, 10.2.3): seconds, or a date in any of HTTP's three forms.

    None when it says nothing that can be understood. A date that has passed is no time at all; nobody is
    believed to mean more than a year.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,20}", value):
        return min(timedelta(seconds=min(int(value), int(_LONGEST.total_seconds()))), _LONGEST)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), _LONGEST)


_LATER = ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "x-sib-ratelimit-reset")
_AN_EPOCH = 1_000_000_000
"""A number of seconds above this is a moment and no duration: some providers mean the one, some the other."""


def asked_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait before the next call, by any header that says so: the longest; None when none does.

    `Retry-After` is of HTTP; the others are those of providers, and of the draft on rate-limit headers.

    Args:
        headers: names in lower case.
        now: for those that name a moment.
    """
    found = [wait for name in _LATER if (wait := _wait(name, headers.get(name, ""), now)) is not None]
    return max(found, default=None)


def _wait(name: str, value: str, now: datetime) -> timedelta | None:
    value = value.strip()
    try:
        number = float(value)
    except ValueError:
        return retry_after(value, now) if name == "retry-after" else None
    if not 0 <= number < 1e12:
        return None
    seconds = number - now.timestamp() if number >= _AN_EPOCH else number
    return min(max(timedelta(seconds=seconds), timedelta()), _LONGEST)


def back_off(attempt: int, chance: float) -> timedelta:
    """How long to wait before the next attempt where nobody says: 1, 2, 4 ... 60 s, from half of it to all.

    Args:
        attempt: how many there were, from 1.
        chance: from 0 to 1: senders that were turned away together do not come back together.
    """
    most = min(2.0 ** min(attempt - 1, 10), 60.0)
    return timedelta(seconds=most * (0.5 + chance / 2))
