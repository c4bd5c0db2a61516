"""How things stand, as plain data: what alerts are decided by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from publisher.digests.record import DigestRecord


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is wrong; `[alerts]` and `[site] wait`."""

    failures: float
    disk: int
    missed: timedelta
    wait: timedelta
    complaints: float


@dataclass(frozen=True, slots=True)
class Desk:
    """A newsletter, when it publishes, and its digests."""

    newsletter: str
    schedule: str
    timezone: str
    digests: Sequence[DigestRecord]


@dataclass(frozen=True, slots=True)
class LatePage:
    """A mailing that has waited for its page longer than it should, and whether it left nevertheless."""

    mailing_id: int
    digest: str
    left: bool
    error: str
    """What the endpoint said last."""


@dataclass(frozen=True, slots=True)
class PausedMailing:
    """A mailing that nobody paused by hand."""

    mailing_id: int
    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Losses:
    """Of all `mails` of a mailing, how many did not reach their reader, by this mailing or a later one."""

    mailing_id: int
    digest: str
    mails: int
    lost: int


@dataclass(frozen=True, slots=True)
class Complaints:
    """Of all that arrived of a mailing, how many readers said that it is spam."""

    mailing_id: int
    digest: str
    arrived: int
    complained: int


@dataclass(frozen=True, slots=True)
class HeldSuppressions:
    """Suppressions because of a mailing that wait for an editor's word."""

    mailing_id: int
    digest: str
    number: int


@dataclass(frozen=True, slots=True)
class BehindTarget:
    """An endpoint or hub that could not be brought up to date."""

    target: str
    """`endpoint:NAME` or `hub:URL`."""
    editions: int
    error: str


@dataclass(frozen=True, slots=True)
class Source:
    """An address of a feed of others, and how often it could not be had the last times."""

    place: str
    """Names it without its address, which may be a secret."""
    failures: int
    """In a row."""
    error: str


@dataclass(frozen=True, slots=True)
class Space:
    """What is free on the disk of a folder, in octets."""

    folder: str
    free: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process has seen itself and no database knows; None: it has not looked.

    `puts` are the errors of the last pass by target, `sending` how the last run of the senders ended.
    """

    puts: Mapping[str, str] | None = None
    sending: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that is looked at, at one moment."""

    now: datetime
    desks: Sequence[Desk] = ()
    held: Mapping[int, datetime] = field(default_factory=dict)
    """Since when each digest is held that no person holds, by its id."""
    late_pages: Sequence[LatePage] = ()
    paused: Sequence[PausedMailing] = ()
    losses: Sequence[Losses] = ()
    complaints: Sequence[Complaints] = ()
    suppressions: Sequence[HeldSuppressions] = ()
    behind: Sequence[BehindTarget] = ()
    spaces: Sequence[Space] = ()
    provider: str = ""
    seen: Seen = Seen()
    sources: Sequence[Source] = ()
    """Every address of a feed of others; most of them are well."""
