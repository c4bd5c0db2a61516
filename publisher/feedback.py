"""What comes back about mail that has left: the records that webhooks, event logs and returned mail are read into.

Pure data, below providers, bounces and storage, which all speak it. Whoever reads a source fills in what it says
and nothing else; what that means for the reader and the mailing is decided in `publisher.bounces`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Protocol

from publisher.errors import PublisherError


class FeedbackKind(StrEnum):
    """What a source says has happened to one mail."""

    ACCEPTED = "accepted"  # the provider has it: proof for what was uncertain
    DELIVERED = "delivered"  # the receiving server has it
    DEFERRED = "deferred"  # the provider tries on
    BOUNCED = "bounced"  # not delivered, and nobody tries on
    DROPPED = "dropped"  # the provider did not even try: its own list forbids it
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"  # by mail, or by a button of the provider's
    ANSWERED = "answered"  # an absence notice or another automatic answer: about nothing
    UNKNOWN = "unknown"  # a type that we do not know (yet); kept


class BounceClass(StrEnum):
    """Whose trouble a mail's refusal is."""

    HARD = "hard"  # there is no such mailbox
    SOFT = "soft"  # full, slow, away: it may work another day
    BLOCK = "block"  # of us as sender
    CONTENT = "content"  # of this mail
    THROTTLE = "throttle"  # too fast
    UNKNOWN = "unknown"  # counts as soft


@dataclass(frozen=True, slots=True)
class Feedback:
    """One event about one mail.

    Args:
        key: the source's own id of the event, the same when it is told again; unique within its source.
        kind: what happened.
        at: when, by the source's clock; aware UTC.
        reference: what we gave the mail along (`messages.verp.mint`), as it came back; it proves nothing yet.
        recipient: the address, as the source writes it; may be empty.
        provider_id: the provider's word for the mail.
        code: the SMTP reply code, when there was one.
        status: the enhanced status code (RFC 3463), "5.1.1"; empty when there was none.
        bounce: the class, where the source's own name of the event decides it; None: code, status and text do.
        text: the receiving server's words, or the source's.
        type: the source's own name of the event, "HardBounce".
        raw: the event as it came, JSON or text; holds addresses.
    """

    key: str
    kind: FeedbackKind
    at: datetime
    reference: str = ""
    recipient: str = field(default="", repr=False)
    provider_id: str = ""
    code: int | None = None
    status: str = ""
    bounce: BounceClass | None = None
    text: str = field(default="", repr=False)
    type: str = ""
    raw: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A webhook's request as it came. Names of `headers` are in lower case; `body` is what was signed."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class HookRefusedError(PublisherError):
    """A webhook's request is not what its provider would send: nothing of it is kept.

    Args:
        message: why, for our log; holds nothing of the request.
        status: what is answered. 403: not signed by them; 400: not readable; 413: too much.
    """

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.FORBIDDEN, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


class HookReader(Protocol):
    """Reads the webhook requests of one provider."""

    def read(self, request: HookRequest, now: datetime) -> Sequence[Feedback]:
        """The events of a request whose signature holds.

        Raises:
            HookRefusedError: it is not signed as it should be, is too old, or cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """A mail whose answer was lost, as its provider can be asked about it.

    Args:
        reference: what it was given along.
        recipient: the address.
        since: it was handed over then, or within some minutes after.
    """

    reference: str
    recipient: str = field(repr=False)
    since: datetime
