"""Why what is left of a running mailing does not leave now, and when it does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.ledger import DeliveryState, MailingState
from publisher.publishing.mailroom import MailingFacts

CANARY = "those who were mailed first are judged before the rest follows"
PACE = "the pace of [sending] or [provider] lets nothing more leave"
DOMAINS = "the pace of their domains lets no more leave"
HOUR = "it is not yet {clock} where their readers live"


@dataclass(frozen=True, slots=True)
class Wait:
    """So many mails wait, why, and until when at least; None: that depends on answers."""

    mails: int
    reason: str
    until: datetime | None


def waits(facts: MailingFacts, opens: datetime | None, now: datetime) -> Wait | None:
    """What a mailing waits for; None when it does not run, has nothing left, or nothing holds it.

    Args:
        facts: the mailing; `next_due` is of one that has nothing which may leave now.
        opens: when the pace lets anything leave again, if it does not now.
        now: the moment.
    """
    mailing, pending = facts.mailing, facts.counts.get(DeliveryState.PENDING, 0)
    if mailing.state is not MailingState.RUNNING or not pending:
        return None
    if mailing.canary_id is not None:
        return Wait(pending, CANARY, None)
    if facts.next_due is not None:
        reason = HOUR.format(clock=mailing.local_time) if mailing.local_time else DOMAINS
        return Wait(pending, reason, max(facts.next_due, opens or now))
    return Wait(pending, PACE, opens) if opens is not None and opens > now else None
