"""The words of the delivery ledger: states, the one table of transitions, and the records that travel.

Pure data, below storage, providers and mailings, which all speak it. The rules are in docs/design/ledger.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from publisher.capabilities import Capabilities
from publisher.drafts import Letter
from subscribers.segments.frozen import Frozen


class MailingKind(StrEnum):
    """Why a mailing exists."""

    SCHEDULED = "scheduled"
    RESEND = "resend"


class MailingState(StrEnum):
    """Where a mailing stands. WAITING: for pages at the first endpoint; then it is planned and RUNNING."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


OPEN = frozenset({MailingState.WAITING, MailingState.RUNNING, MailingState.PAUSED})
"""Mailings that have not ended."""


class DeliveryState(StrEnum):
    """Where one subscriber's mail stands."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


_S = DeliveryState
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _S.PENDING: frozenset({_S.SENDING, _S.SKIPPED}),
    _S.SENDING: frozenset({_S.ACCEPTED, _S.DEFERRED, _S.FAILED, _S.UNCERTAIN, _S.PENDING}),
    _S.DEFERRED: frozenset({_S.PENDING, _S.FAILED, _S.SKIPPED}),
    _S.UNCERTAIN: frozenset({_S.ACCEPTED, _S.FAILED, _S.PENDING}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.BOUNCED, _S.COMPLAINED}),
    _S.DELIVERED: frozenset({_S.BOUNCED, _S.COMPLAINED}),
    _S.FAILED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.BOUNCED: frozenset(),
    _S.COMPLAINED: frozenset(),
}
"""From each state, where a delivery may go. Storage updates with `WHERE state IN (sources_of(target))`."""

UNFINISHED = frozenset({_S.PENDING, _S.SENDING, _S.DEFERRED})
"""States that a mailing still has work with."""

RECEIVED = frozenset({_S.ACCEPTED, _S.DELIVERED, _S.COMPLAINED})
"""States in which a subscriber has the mail."""


def sources_of(target: DeliveryState) -> frozenset[DeliveryState]:
    """The states from which `target` may be reached."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


class SkipReason(StrEnum):
    """Why a planned delivery was not sent, or a subscriber not planned."""

    SUPPRESSED = "suppressed"
    LEFT = "left"
    UNCONFIRMED = "unconfirmed"
    PAUSED = "paused"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    SEGMENT = "segment"  # outside of the segment that the mailing goes to
    ALREADY = "already"  # another mailing of this digest has, or may have, reached the subscriber


CORRECTED = "corrected"
"""The act of a mailing that goes on with a correction where another one was stopped."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """A stored mailing."""

    id: int
    digest_id: int
    edition_id: int
    kind: MailingKind
    state: MailingState
    actor: str
    reason: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    act: str = ""
    """Of a resend: `mailings.verdicts.Act`."""
    token: str | None = None
    again: bool = False
    superseded_by: int | None = None
    local_time: str = ""
    """The time of the reader's own day that it arrives at, `HH:MM`; empty: at once."""
    canary_id: int | None = None
    """The last delivery that may leave before the first ones are judged."""
    segment: Frozen | None = None
    """Whom it is about; None: everybody."""


@dataclass(frozen=True, slots=True)
class Spread:
    """When which deliveries of a mailing leave.

    Args:
        moments: when the readers of each time zone are due, "" for those without one; empty: all of them at once.
        clock: the time of the day that these come from, `HH:MM`.
        canary: how many leave first, to be judged: a number, or a share below 1; 0: none.
    """

    moments: Mapping[str, datetime] = field(default_factory=dict)
    clock: str = ""
    canary: float = 0

    def first(self, mails: int) -> int:
        """How many of so many mails leave first; 0 when there would be nothing left to hold back."""
        number = math.ceil(self.canary * mails) if 0 < self.canary < 1 else int(self.canary)
        return number if number < mails else 0


AT_ONCE = Spread()


@dataclass(frozen=True, slots=True)
class Batch:
    """A range of delivery ids of one mailing, leased by one sender. Both ends belong to it."""

    id: int
    mailing_id: int
    edition_id: int
    newsletter: str
    started_at: datetime
    """When its mailing began: retries give up some time after it."""
    first_id: int
    last_id: int
    again: bool = False
    """Its mails are meant to arrive a second time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One subscriber's mail, as a sender needs it. `attempts` counts those begun before, and this one.

    `replies_to` is the edition that the subscriber has already, which this one corrects. `again` is the mailing
    that is meant to arrive a second time, or 0.
    """

    id: int
    subscriber_id: int
    email: str
    name: str
    link_version: int
    sections: tuple[str, ...] | None
    attempts: int
    replies_to: int | None = None
    again: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery whose answer was lost.

    Args:
        delivery: as it was composed.
        edition_id: of which edition.
        since: when it was last changed: it was handed over then, or some minutes after.
        sender_id: whose it was.
        call: the name of the call that it was in, where its provider makes nothing of a call that it had before.
    """

    delivery: Delivery
    edition_id: int
    since: datetime
    sender_id: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery. `text` is the server's words, addresses replaced; `code` its reply code."""

    delivery_id: int
    state: DeliveryState
    code: int | None = None
    text: str = ""
    provider_id: str = ""
    due_at: datetime | None = None
    """For DEFERRED: when it is tried again."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Those of a mailing who are mailed first: what became of them, and how many have no answer yet.

    `newest` is when the last of them changed its state.
    """

    mailing_id: int
    outcomes: tuple[Outcome, ...]
    open: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """Deliveries just committed as `sending`, and how many were skipped instead.

    `last_id` is where the next window goes on; None when nothing of the batch was left to take.
    """

    deliveries: tuple[Delivery, ...]
    skipped: int
    last_id: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that a dead sender left as `sending`, or that was marked `uncertain` in its name."""

    delivery_id: int
    attempts: int
    started_at: datetime


class Standing(NamedTuple):
    """How a subscriber stands with a digest, over all its mailings: tens of cases, however many people.

    `state` is that of the latest delivery that was a mail; SKIPPED, with the reason in `skipped`, when there are
    only others; None when there is none. `has` is the number of the newest edition that was taken by a server for
    them, 0 for none. `why_not` is the reason for which they must not be mailed now, or None. `outside`: the
    segment that is asked about is not about them.
    """

    state: DeliveryState | None
    skipped: str = ""
    has: int = 0
    why_not: str | None = None
    outside: bool = False


class Latest(NamedTuple):
    """A subscriber, how they stand, and the latest of their deliveries, a mail or not; None: there is none."""

    subscriber_id: int
    delivery_id: int | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Concerned:
    """A person as lists of a resend show them; `email` is empty when they were erased since.

    `code` and `reason` are the server's words about their latest delivery that was a mail.
    """

    email: str
    name: str
    standing: Standing
    code: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a provider is handed for one delivery. `data` is the whole RFC 5322 message with CRLF line ends.

    Addresses are as the envelope has them: bare, the domain in ASCII.
    `attempt` above 1: an earlier one was begun, and only the provider can tell what became of it. `proven`: all
    of `data` is ASCII, every line ends in CR LF, and none begins with a dot; its skeleton saw to that once.
    With a `letter` it is in parts, and `data` is empty. `reference` is for a provider that gives it back in what
    it tells of the mail; `provider` is whom it was made for.
    """

    delivery_id: int
    envelope_from: str
    recipient: str
    message_id: str
    data: bytes = field(repr=False)
    attempt: int = 1
    proven: bool = False
    letter: Letter | None = field(default=None, repr=False)
    reference: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """The provider that a delivery goes by, and what that can carry."""

    provider: str
    capabilities: Capabilities


AS_IT_IS = Way("", Capabilities())
"""By nobody in particular: the whole message, as we make it."""


class Messages(Protocol):
    """The messages of a window. Iterating composes each when it is asked for; some may turn out to be none."""

    def __len__(self) -> int:
        """How many there are at most."""

    def __iter__(self) -> Iterator[Message]:
        """Once through: a second time they would be composed, and those that cannot be reported, again."""


class Mark(StrEnum):
    """What a provider says about one delivery while it sends; also the first letter of a line of the journal.

    BEGUN: the body is about to be handed over. RETURNED: begun, and proven not to have been taken. The others are
    last words; after RETURNED the same delivery may begin again.
    """

    BEGUN = "b"
    RETURNED = "r"
    ACCEPTED = "a"
    DEFERRED = "d"
    FAILED = "f"
    UNCERTAIN = "u"


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's word about one delivery. `text` is the server's words with addresses replaced."""

    mark: Mark
    code: int | None = None
    text: str = ""
    provider_id: str = ""


class Report(Protocol):
    """What a provider tells the sender, delivery by delivery, as it happens.

    A call that raises was not recorded: the provider hands nothing more over and lets the error through.
    A delivery without a last word was not begun, or is uncertain: no error never means accepted.
    """

    def begun(self, delivery_id: int, call: str = "") -> None:
        """Its body is handed over right after this returns.

        `call` names the call it is in, where the provider makes nothing of a call that it had before: should its
        answer be lost, the very same call can be made again.
        """

    def returned(self, delivery_id: int, text: str) -> None:
        """It was begun, and the server provably never had the whole of it."""

    def accepted(self, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = "") -> None:
        """The provider took responsibility for it."""

    def deferred(self, delivery_id: int, code: int | None, text: str) -> None:
        """Refused for now."""

    def failed(self, delivery_id: int, code: int | None, text: str) -> None:
        """Refused for good."""

    def uncertain(self, delivery_id: int, text: str) -> None:
        """Handed over, and the answer was lost."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery that did not go well, as people are shown it; `email` is empty when it was erased since."""

    delivery_id: int
    subscriber_id: int
    email: str
    state: DeliveryState
    code: int | None
    reason: str
    attempts: int
    due_at: datetime | None
