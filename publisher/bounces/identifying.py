"""Which delivery an event is about, and how far it takes that. What comes from outside has to prove it.

The reference that a mail was given holds a code over delivery and address (`messages.verp`): who invents an event
cannot invent it, and when an event names a recipient, it has to be the delivery's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from publisher.bounces.ports import Stored, Target
from publisher.feedback import FeedbackKind
from publisher.ledger import DeliveryState
from publisher.messages import verp
from subscribers.hashing import keyed


class Verdict(StrEnum):
    """What was done about an event. docs/bounces.md says it to people."""

    NOTED = "noted"  # the ledger knows, and nothing more had to be done
    COUNTED = "counted"  # one of those that suppress when there are many
    SUPPRESSED = "suppressed"
    LEFT = "left"  # the subscription has ended
    HELD = "held"  # to be suppressed, if an editor says so
    CONFIRMED = "confirmed"  # an editor said so
    FORGIVEN = "forgiven"  # an editor said no
    LATE = "late"  # its delivery was still not settled after PATIENCE
    FORGED = "forged"
    UNKNOWN = "unknown"  # about nobody that we know
    BROKEN = "broken"  # our own fault: the log has it


_S = DeliveryState
_K = FeedbackKind

STATES: Mapping[FeedbackKind, Sequence[DeliveryState]] = {
    _K.ACCEPTED: (_S.ACCEPTED,),
    _K.DEFERRED: (_S.ACCEPTED,),  # by the next server: the provider has it
    _K.DELIVERED: (_S.ACCEPTED, _S.DELIVERED),
    _K.BOUNCED: (_S.ACCEPTED, _S.BOUNCED),
    _K.DROPPED: (_S.ACCEPTED, _S.BOUNCED),
    _K.COMPLAINED: (_S.ACCEPTED, _S.COMPLAINED),
    _K.UNSUBSCRIBED: (_S.ACCEPTED,),
    _K.ANSWERED: (_S.ACCEPTED,),
}
"""Through which states an event takes a delivery, as far as it may go: what was uncertain is proven first."""


def identify(target_of: Callable[[int], Target | None], stored: Stored, secret: bytes) -> Target | Verdict:
    """The delivery that an event is about; or why there is none.

    Args:
        target_of: looks a delivery up.
        stored: the event.
        secret: the instance's.
    """
    seen: list[Target] = []

    def recipient_of(delivery_id: int) -> str | None:
        found = target_of(delivery_id)
        if found is None:
            return None
        seen.append(found)
        return found.email

    event = stored.event
    if not event.reference:
        return Verdict.UNKNOWN
    delivery_id = verp.read(secret, event.reference, recipient_of)
    if delivery_id is None:
        return Verdict.FORGED
    (target,) = seen
    if event.recipient and not hmac.compare_digest(event.recipient, keyed(secret, target.email_key)):
        return Verdict.FORGED
    return target


def way(kind: FeedbackKind, state: DeliveryState) -> Sequence[DeliveryState]:
    """The states that a delivery may take because of an event."""
    states = STATES.get(kind, ())
    return states if state is DeliveryState.UNCERTAIN else states[-1:]
