"""What came back about a mailing as a whole: it pauses itself, or suppressions wait until somebody says."""

from __future__ import annotations

from datetime import datetime

from publisher.bounces import judging
from publisher.bounces.acting import ITSELF
from publisher.bounces.identifying import Verdict
from publisher.bounces.ports import Store, Unit
from publisher.ledger import Mailing, MailingState
from publisher.mailings.brakes import Shares
from publisher.mailings.turns import ITSELF as BRAKES
from subscribers import suppression

TAKEN_BACK_AT_ONCE = 200
"""Suppressions of one transaction: it stays below half a second."""

_WHY = f"{ITSELF}: too many mails of one mailing came back with the same words"


def judge(store: Store, mailing_id: int, limits: Shares, now: datetime) -> bool:
    """Pause a running mailing when what came back says so; whether it was.

    Args:
        store: opens transactions.
        mailing_id: the mailing.
        limits: from where on.
        now: aware UTC.
    """
    with store.write() as unit:
        mailing = unit.mailings.get(mailing_id)
        if mailing.state is not MailingState.RUNNING:
            return False
        answers = unit.feedback.last_answers(mailing_id, limits.last, _resumed_at(unit, mailing))
        for found in (
            judging.refusals(answers, limits),
            judging.complaints(unit.mailings.counts(mailing_id), limits),
        ):
            if isinstance(found, judging.Pause):
                return unit.pacing.pause(mailing_id, found.reason, now, actor=BRAKES)
    return False


def _resumed_at(unit: Unit, mailing: Mailing) -> datetime | None:
    """When somebody let it go on: what came back before is known to them."""
    events = unit.events.of_digest(mailing.digest_id)
    resumed = [each.at for each in events if each.mailing_id == mailing.id and each.kind == "mailing.resumed"]
    return max(resumed, default=None)


def take_back(store: Store, mailing_id: int, alike: str, now: datetime) -> int:
    """Hold the suppressions that were carried out before there were too many of them; gives how many.

    Args:
        store: opens transactions.
        mailing_id: the mailing whose mails came back.
        alike: the mark of the words (`acting.mark_of`).
        now: aware UTC.
    """
    number = 0
    while True:
        with store.write() as unit:
            keys = unit.feedback.hold(mailing_id, alike, Verdict.SUPPRESSED, Verdict.HELD, TAKEN_BACK_AT_ONCE)
            for key in keys:
                suppression.unsuppress(unit.connection, key, newsletter=None, by=_WHY, now=now)
        number += len(keys)
        if len(keys) < TAKEN_BACK_AT_ONCE:
            return number
