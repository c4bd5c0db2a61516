"""A mail that came back becomes `Feedback`: what it is about, whose it is, what it says. Pure; raises nothing.

`read(raw, ours, now, recipient)` is all there is to call. A mail is about one delivery at most, the one whose
token stands in the address that it was sent to; that the token is ours is proven by whoever looks the delivery up
(`messages.verp.read`). For `leaving.TYPE` the reference is a link's token instead (`subscribers.tokens.read`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from publisher.bounces import arf, autoreply, dsn, leaving, oddities
from publisher.bounces.addressed import Ours, Place
from publisher.bounces.mime import FOREIGN_RUBBISH, Mail, UnreadableError, opened
from publisher.feedback import Feedback, FeedbackKind

Take = Callable[[Sequence[Feedback]], None]
"""Stores what came back, as `mailbox` and `lmtp` ask for it. Whatever it raises, the mail comes again."""

UNREADABLE = "unreadable"
UNRECOGNISED = "unrecognised"
"""`Feedback.type` of what is kept for people to look at."""

_RAW_KEPT = 20_000
"""Letters of a mail that are kept beside what was read."""

_LONGEST_ADDRESS = 320
_LONGEST_TYPE = 60

_OLDEST = timedelta(days=30)
"""A mail's own date is believed when it is not older than that, and not to come."""

_MILDEST = (FeedbackKind.DELIVERED, FeedbackKind.DEFERRED, FeedbackKind.UNKNOWN, FeedbackKind.BOUNCED)
"""What a report can say of a recipient."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a reader of one form makes of a mail: `Feedback` without what is the same for all forms."""

    kind: FeedbackKind
    reference: str = ""
    recipient: str = ""
    code: int | None = None
    status: str = ""
    text: str = ""
    type: str = ""


def read(raw: bytes, ours: Ours, now: datetime, recipient: str = "") -> tuple[Feedback, ...]:
    """What a mail says; nothing when it is none of our business.

    Args:
        raw: the mail as it came.
        ours: the addresses that are ours.
        now: when it came; aware.
        recipient: where its envelope was sent (LMTP); empty when nobody knows, then its headers say it.
    """
    try:
        mail = opened(raw)
    except UnreadableError as error:
        place = ours.place(recipient) or Place("", False)
        unreadable = _Said(FeedbackKind.UNKNOWN, place.token, text=str(error), type=UNREADABLE)
        return (_feedback(unreadable, raw, _digest(raw), now),)
    found = ours.place_of(mail, recipient)
    said = _said(raw, mail, ours, found or Place("", False))
    if said is None and found is None:
        return ()
    said = said or _Said(FeedbackKind.UNKNOWN, found.token if found else "", type=UNRECOGNISED)
    return (_feedback(said, raw, mail.header("message-id") or _digest(raw), _moment(mail, now)),)


def _said(raw: bytes, mail: Mail, ours: Ours, place: Place) -> _Said | None:
    """What the first reader says that recognises the mail."""
    answers = (reader(raw, mail, ours, place) for reader in _READERS)
    return next((each for each in answers if each is not None), None)


def _report(_raw: bytes, mail: Mail, ours: Ours, place: Place) -> _Said | None:
    group = _concerned(dsn.groups(mail), ours, place.token)
    if group is None:
        return None
    return _Said(
        group.kind,
        reference=place.token,
        recipient=next(iter(group.recipients), ""),
        code=group.code,
        status=group.status,
        text=group.text,
        type=group.action,
    )


def _complaint(_raw: bytes, mail: Mail, ours: Ours, place: Place) -> _Said | None:
    found = arf.complaint(mail)
    if found is None:
        return None
    tokens = [sent.token for sent in map(ours.place, found.senders) if sent and sent.token]
    return _Said(
        found.kind,
        reference=next(iter(tokens), place.token),
        recipient=found.recipient,
        text=found.text,
        type=found.type,
    )


def _leaving(_raw: bytes, mail: Mail, _ours: Ours, place: Place) -> _Said | None:
    if not place.leaving:
        return None
    token = leaving.token_of(mail)
    if token:
        return _Said(FeedbackKind.UNSUBSCRIBED, reference=token, type=leaving.TYPE)
    return _Said(FeedbackKind.UNKNOWN, type=leaving.WITHOUT_TOKEN)


def _servers_odd_bounce(raw: bytes, mail: Mail, ours: Ours, place: Place) -> _Said | None:
    """Servers' bounces call themselves automatic answers, too; so they are looked at before those."""
    return _odd_bounce(raw, mail, ours, place) if oddities.is_of_a_daemon(mail) else None


def _automatic(_raw: bytes, mail: Mail, _ours: Ours, place: Place) -> _Said | None:
    if not autoreply.is_automatic(mail):
        return None
    return _Said(FeedbackKind.ANSWERED, reference=place.token, type="automatic answer")


def _odd_bounce(raw: bytes, mail: Mail, ours: Ours, place: Place) -> _Said | None:
    found = oddities.odd_bounce(raw, mail)
    if found is None:
        return None
    proven = [address for address in found.recipients if ours.concerns(place.token, address)]
    several = len(found.recipients) > 1 and not proven
    return _Said(
        FeedbackKind.DEFERRED if several else found.kind,
        reference=place.token,
        recipient="" if several else next(iter(proven or found.recipients)),
        code=found.code,
        status=found.status,
        text=found.text,
        type=oddities.TYPE,
    )


_Reader = Callable[[bytes, Mail, Ours, Place], _Said | None]
_READERS: Sequence[_Reader] = (_report, _complaint, _leaving, _servers_odd_bounce, _automatic, _odd_bounce)
"""Asked in this order; the first that recognises a mail has it."""


def _concerned(groups: Sequence[dsn.Group], ours: Ours, token: str) -> dsn.Group | None:
    """The one of several that the token's mail is about.

    It was made for one address; where that was forwarded to others, none of them is it, and the mail arrived if it
    arrived anywhere: the mildest counts.
    """
    made_for = [group for group in groups if any(ours.concerns(token, each) for each in group.recipients)]
    return min(made_for or groups, key=lambda group: _MILDEST.index(group.kind), default=None)


def _feedback(said: _Said, raw: bytes, identity: str, at: datetime) -> Feedback:
    """The record; its key is the same whenever the same mail comes to the same address again."""
    key = hashlib.sha256(f"{said.reference}\0{identity}".encode("utf-8", "replace")).hexdigest()
    return Feedback(
        key=key,
        kind=said.kind,
        at=at,
        reference=said.reference,
        recipient=_clean(said.recipient[:_LONGEST_ADDRESS]),
        code=said.code,
        status=said.status,
        text=_clean(" ".join(said.text.split())),
        type=_clean(said.type[:_LONGEST_TYPE]),
        raw=_clean(raw[:_RAW_KEPT].decode("utf-8", "replace")),
    )


def _clean(text: str) -> str:
    """Text that every database takes: PostgreSQL has no NUL."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _moment(mail: Mail, now: datetime) -> datetime:
    """When it was written, as far as that can be believed; else now."""
    try:
        said = parsedate_to_datetime(mail.header("date"))
        at = said.replace(tzinfo=said.tzinfo or UTC).astimezone(UTC)
    except (*FOREIGN_RUBBISH, OverflowError):
        return now
    return at if now - _OLDEST <= at <= now else now
