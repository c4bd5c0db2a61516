"""Carrying out what an event does for its reader: suppress, end the subscription, count, or hold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from publisher.bounces import judging, policy
from publisher.bounces.classify import classify
from publisher.bounces.identifying import Verdict
from publisher.bounces.ports import Stored, Target, Unit
from publisher.feedback import BounceClass, Feedback, FeedbackKind
from publisher.ledger import DeliveryState
from subscribers import listing, preferences, suppression, tokens
from subscribers.model import SuppressionReason

ITSELF = "feedback"
"""The actor of what is done because of an event."""

REMEMBERED = timedelta(days=365)
"""How long a soft bounce counts."""

_REFUSED = (FeedbackKind.BOUNCED, FeedbackKind.DROPPED)
_DECIDED = (Verdict.SUPPRESSED, Verdict.HELD, Verdict.CONFIRMED, Verdict.FORGIVEN)
_NOT_SENT = (DeliveryState.PENDING, DeliveryState.SKIPPED)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done about an event, whose trouble it is, and the mark of its words."""

    verdict: Verdict
    bounce: BounceClass | None = None
    alike: str = ""


def mark_of(detail: str) -> str:
    """The same for details that only differ as mails differ; says nothing else of them."""
    words = judging.same_words(detail)
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(slots=True)
class Alike:
    """How many mails of each mailing came back for good with the same words: counted once for many events.

    Args:
        unit: the transaction of these events.
        now: the moment.
    """

    unit: Unit
    now: datetime
    held: set[tuple[int, str]] = field(default_factory=set)
    """Of which mailings suppressions were held, by their mark."""
    _numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    _verdicts: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    _mails: dict[int, int] = field(default_factory=dict)

    def verdict(self, target: Target, mark: str, detail: str) -> Verdict:
        """Whether an address is suppressed for a hard bounce, or waits for an editor, who may have decided."""
        key, rows = (target.mailing_id, mark), self.unit.feedback
        if key not in self._numbers:
            self._numbers[key] = rows.count_alike(*key)
            self._verdicts[key] = set(rows.verdicts(*key))
        self._numbers[key] += 1
        for decided in (Verdict.FORGIVEN, Verdict.CONFIRMED):
            if decided in self._verdicts[key]:
                return decided
        if not self._too_many(self._numbers[key], self._mails_of(target.mailing_id)):
            return Verdict.SUPPRESSED
        if Verdict.HELD not in self._verdicts[key]:
            self._verdicts[key].add(Verdict.HELD)
            self._tell(target, self._numbers[key], judging.same_words(detail))
        self.held.add(key)
        return Verdict.HELD

    def _mails_of(self, mailing_id: int) -> int:
        if mailing_id not in self._mails:
            counts = self.unit.mailings.counts(mailing_id)
            self._mails[mailing_id] = sum(counts.values()) - sum(counts.get(state, 0) for state in _NOT_SENT)
        return self._mails[mailing_id]

    @staticmethod
    def _too_many(number: int, mails: int) -> bool:
        """What `judging.same_hards` says of texts, of their number alone."""
        return number >= judging.FEWEST_HARD and number > mails * judging.HARD_SHARE

    def _tell(self, target: Target, number: int, words: str) -> None:
        mails = self._mails_of(target.mailing_id)
        self.unit.events.append(
            "mailing.held",
            at=self.now,
            actor=ITSELF,
            digest_id=target.digest_id,
            mailing_id=target.mailing_id,
            data={"reason": f"{number} of {mails} mails came back with the same words: {words}"},
        )


def act(unit: Unit, stored: Stored, target: Target, alike: Alike, now: datetime) -> Done:
    """Do for its reader what an event does.

    Args:
        unit: the transaction.
        stored: the event.
        target: the delivery that it is about, proven.
        alike: what is held.
        now: aware UTC.
    """
    event = stored.event
    bounce = classify(event) if event.kind in _REFUSED else None
    match policy.act(event, bounce or BounceClass.UNKNOWN, _history(unit, stored, target, bounce, now)):
        case policy.Suppress() if _said_before(unit, event, target):
            return Done(Verdict.NOTED, bounce)
        case policy.Suppress() as wanted:
            hard = bounce is BounceClass.HARD and wanted.reason is SuppressionReason.BOUNCED
            mark = mark_of(wanted.detail) if hard else ""
            verdict = alike.verdict(target, mark, wanted.detail) if hard else Verdict.SUPPRESSED
            if verdict in (Verdict.SUPPRESSED, Verdict.CONFIRMED) and not suppress(
                unit, target.email_key, stored.source, wanted, now
            ):
                verdict = Verdict.NOTED
            return Done(verdict, bounce, mark)
        case policy.Leave():
            how = f"unsubscribed at {stored.source}"
            left = preferences.unsubscribe(
                unit.connection, target.subscriber_id, target.newsletter, how=how, now=now
            )
            return Done(Verdict.LEFT if left else Verdict.NOTED, bounce)
        case policy.Count():
            return Done(Verdict.COUNTED, bounce)
    return Done(Verdict.NOTED, bounce)


def _said_before(unit: Unit, event: Feedback, target: Target) -> bool:
    """Whether another event about the same mail has done it: a mail comes back once, whoever tells it again.

    After an editor has lifted the suppression, nobody who kept the bounce brings it back under another name.
    """
    kinds = _REFUSED if event.kind in _REFUSED else (event.kind,)
    return unit.feedback.was_said(target, kinds, _DECIDED)


def leave(unit: Unit, token: str, secret: bytes, now: datetime) -> Verdict:
    """End the subscription of a link's token that came by mail, as its link would.

    Args:
        unit: the transaction.
        token: what stood in the subject.
        secret: the instance's.
        now: aware UTC.
    """
    link = tokens.read(secret, token)
    found = None if link is None else listing.by_id(unit.connection, link.subscriber_id)
    if link is None or found is None or found.link_version != link.link_version:
        return Verdict.FORGED
    left = preferences.unsubscribe(unit.connection, found.id, link.newsletter, how="mail", now=now)
    return Verdict.LEFT if left else Verdict.NOTED


def suppress(unit: Unit, email_key: str, source: str, wanted: policy.Suppress, now: datetime) -> bool:
    """Forbid mailing an address; False when that is forbidden already."""
    return suppression.suppress(
        unit.connection,
        email_key,
        newsletter=wanted.newsletter,
        reason=wanted.reason,
        detail=f"{source}: {wanted.detail}",
        now=now,
    )


def _history(
    unit: Unit, stored: Stored, target: Target, bounce: BounceClass | None, now: datetime
) -> list[policy.SoftBounce]:
    """The reader's soft bounces with the present one; asked for only when it is one.

    When somebody has lifted a suppression of theirs, what was before is forgiven.
    """
    event = stored.event
    if bounce is None or not policy.counts_as_soft(event, bounce):
        return []
    lifted = (each.lifted_at for each in suppression.suppressions_of(unit.connection, [target.email_key]))
    since = max([now - REMEMBERED, *(each for each in lifted if each is not None)])
    before = unit.feedback.soft_history(target.subscriber_id, since)
    return [
        *(policy.SoftBounce(each.digest_id, each.at) for each in before),
        policy.SoftBounce(target.digest_id, event.at),
    ]
