"""The kinds of alerts, and the records of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What can be wrong. docs/alerts.md says of each what it means and what to do."""

    PREFLIGHT = "preflight"
    LATE = "late"
    HELD = "held"
    MISSED = "missed"
    WAITING = "waiting"
    PAUSED = "paused"
    FAILURES = "failures"
    COMPLAINTS = "complaints"
    SUPPRESSIONS = "suppressions"
    BEHIND = "behind"
    UPSTREAM = "upstream"
    DISK = "disk"
    PROVIDER = "provider"


class Words(NamedTuple):
    """How a kind is told: that it is so, and that it is over."""

    title: str
    over: str


WORDS: Mapping[Kind, Words] = {
    Kind.PREFLIGHT: Words("Held by preflight", "no longer held by preflight"),
    Kind.LATE: Words("Held: too late", "no longer held for being late"),
    Kind.HELD: Words("Held", "no longer held"),
    Kind.MISSED: Words("Slot missed", "the slot was taken, or the next one has come"),
    Kind.WAITING: Words("Page is not there", "its page is there, or it was ended"),
    Kind.PAUSED: Words("Mailing paused", "no longer paused"),
    Kind.FAILURES: Words("Many failures", "enough were reached since, or it is no longer watched"),
    Kind.COMPLAINTS: Words("Complaints", "few enough of all that arrived, or no longer watched"),
    Kind.SUPPRESSIONS: Words("Suppressions wait", "somebody has decided"),
    Kind.BEHIND: Words("Endpoint behind", "up to date"),
    Kind.UPSTREAM: Words("Feed cannot be had", "it can be had again, or is not asked for any more"),
    Kind.DISK: Words("Disk nearly full", "there is room again"),
    Kind.PROVIDER: Words("Sending does not work", "sending works again, or nothing is left to send"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now. Two with the same `kind` and `subject` are the same."""

    kind: Kind
    subject: str
    text: str
    remedy: str

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.kind, self.subject


Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition as it is stored: since when, and until when."""

    id: int
    kind: Kind
    subject: str
    text: str
    remedy: str
    began_at: datetime
    over_at: datetime | None = None

    @property
    def key(self) -> Key:
        """What tells it from others that are open."""
        return self.kind, self.subject
