"""A recipient domain that says "slower": how long it is left alone, and how it is tried again. Pure.

After it has said so a few times, nothing goes there for half a minute; then one mail at a time, twice as many
after each that is taken, until it is as quick as any. When it says so again, the pause is twice as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)

WELL_AGAIN = 64
"""Mails at a time with which a domain is as quick as any: a whole window."""

ENOUGH = 3
"""Such replies within a minute, before it is believed: one may have been about one mailbox."""

WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Slowed:
    """A domain that is being left alone, or tried again: nothing before `until`, then `room` mails at a time."""

    until: datetime
    pause: timedelta
    room: int = 1

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {"until": self.until.timestamp(), "pause": self.pause.total_seconds(), "room": self.room}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Slowed:
        """From JSON."""
        until = datetime.fromtimestamp(stored["until"], UTC)
        return cls(until, timedelta(seconds=stored["pause"]), int(stored["room"]))


def throttled(slowed: Slowed | None, now: datetime) -> Slowed:
    """It has said "slower", often enough to be believed. What was in flight then changes nothing more."""
    if slowed is not None and now < slowed.until:
        return slowed
    pause = FIRST_PAUSE if slowed is None else min(slowed.pause * 2, LONGEST_PAUSE)
    return Slowed(now + pause, pause)


def accepted(slowed: Slowed, mails: int, now: datetime) -> Slowed | None:
    """It has taken so many mails; None when it is as quick as any again."""
    if now < slowed.until or mails == 0:
        return slowed
    room = slowed.room + min(mails, slowed.room)
    return None if room >= WELL_AGAIN else Slowed(slowed.until, slowed.pause, room)
