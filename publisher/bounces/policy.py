"""What comes back about a mail does for its reader: one act. Pure.

For each event:

    klass = classify.classify(feedback)
    act = policy.act(feedback, klass, soft_history)     # Suppress, Leave, Count, Reset or Nothing

`soft_history` are the reader's soft bounces since the last mail that arrived (`Reset`), in any order, and with the
present one if it is one: `policy.counts_as_soft(feedback, klass)` says so, and `Count` says that it is to be kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from publisher.feedback import BounceClass, Feedback, FeedbackKind
from subscribers.model import SuppressionReason

SOFT_BOUNCES = 5
"""So many of them, in as many digests, suppress."""

SPREAD = timedelta(days=10)
"""Between the first and the last of them: a server that is away for a week costs nobody their subscription."""

WORDS_KEPT = 300
"""Letters of a `Suppress.detail`."""


@dataclass(frozen=True, slots=True)
class SoftBounce:
    """One mail that could not be delivered for now, or for a reason that may pass. `at` is aware UTC."""

    digest_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Suppress:
    """The address must not be mailed again.

    Args:
        reason: as suppressions have it.
        detail: code and server's words.
        newsletter: where; None: everywhere.
    """

    reason: SuppressionReason
    detail: str
    newsletter: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The subscription that the mail was for ends, as by its link."""


@dataclass(frozen=True, slots=True)
class Count:
    """It is kept as a soft bounce."""


@dataclass(frozen=True, slots=True)
class Reset:
    """A mail arrived: soft bounces before it count no more."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is done for the reader."""


Act = Suppress | Leave | Count | Reset | Nothing

_SOFT = frozenset({BounceClass.SOFT, BounceClass.UNKNOWN})

_BY_KIND: Mapping[FeedbackKind, Act] = {
    FeedbackKind.DELIVERED: Reset(),
    FeedbackKind.COMPLAINED: Suppress(SuppressionReason.COMPLAINED, "complained that it is spam"),
    FeedbackKind.UNSUBSCRIBED: Leave(),
}
"""Acts that need no class; what is not here and not bounced does nothing."""

_COMPLAINT_BEFORE = re.compile(r"\bspam ?(?:report|complain)|\bcomplain", re.I)
"""What providers call an address on their own list whose owner complained some day."""


def act(feedback: Feedback, klass: BounceClass, soft_history: Sequence[SoftBounce]) -> Act:
    """What an event does for its reader.

    Args:
        feedback: the event, proven to be about a mail of theirs.
        klass: see `classify`.
        soft_history: see the module.
    """
    if feedback.kind is FeedbackKind.DROPPED and _COMPLAINT_BEFORE.search(f"{feedback.type} {feedback.text}"):
        return Suppress(SuppressionReason.COMPLAINED, _detail(feedback))
    if feedback.kind in (FeedbackKind.BOUNCED, FeedbackKind.DROPPED) and klass is BounceClass.HARD:
        return Suppress(SuppressionReason.BOUNCED, _detail(feedback))
    if counts_as_soft(feedback, klass):
        return _too_often(feedback, soft_history) or Count()
    return _BY_KIND.get(feedback.kind, Nothing())


def counts_as_soft(feedback: Feedback, klass: BounceClass) -> bool:
    """Whether an event is one of the soft bounces of `act`: never what is about us, the mail, or our pace."""
    return feedback.kind is FeedbackKind.BOUNCED and klass in _SOFT


def _too_often(feedback: Feedback, history: Sequence[SoftBounce]) -> Suppress | None:
    counted = _counted(history)
    if len(counted) < SOFT_BOUNCES or counted[-1].at - counted[0].at < SPREAD:
        return None
    days = (counted[-1].at - counted[0].at).days
    return Suppress(
        SuppressionReason.BOUNCED, f"{len(counted)} times within {days} days, the last one: {_detail(feedback)}"
    )


def _counted(history: Sequence[SoftBounce]) -> list[SoftBounce]:
    """At most one a digest, and one a day: a day on which everything bounces says as much as one mail."""
    digests: set[int] = set()
    days: set[date] = set()
    counted = []
    for each in sorted(history, key=lambda bounce: bounce.at):
        if each.digest_id not in digests and each.at.date() not in days:
            digests.add(each.digest_id)
            days.add(each.at.date())
            counted.append(each)
    return counted


def _detail(feedback: Feedback) -> str:
    """Code, status and words, each said once."""
    text = feedback.text.strip()
    heads = [head for head in (str(feedback.code or ""), feedback.status) if head and head not in text]
    return " ".join([*heads, text or feedback.type])[:WORDS_KEPT].strip()
