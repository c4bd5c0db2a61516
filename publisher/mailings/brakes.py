"""When a mailing pauses itself: too many of the last answers were refusals. Pure.

A provider that has begun to refuse refuses everybody; each mail that is tried then costs reputation, and a resend.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from publisher.ledger import DeliveryState, Outcome


class Answer(StrEnum):
    """What an answer means for the mails after it."""

    FINE = "fine"
    FAILURE = "failure"
    BLOCK = "block"
    DEFERRAL = "deferral"


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares above which a mailing pauses itself; 1: never. `last` answers are looked at."""

    last: int = 100
    failures: float = 0.2
    blocks: float = 0.1
    deferrals: float = 0.5
    complaints: float = 0.003


USUAL = Limits()

FEWEST_COMPLAINTS = 3
"""So few complaints say nothing, however small the mailing."""

_POLICY = re.compile(r"\b[45]\.7\.[0-9]{1,3}\b")
_GREYLISTING = re.compile(r"gr[ea]y\s?-?\s?list", re.I)


def answer_of(outcome: Outcome) -> Answer:
    """What became of a delivery, as far as it tells of the others.

    A refusal for policy (x.7.x, RFC 3463) is about us, not about the recipient: a block, whether for now or for
    good. A failure is any other one, and what was lost after it was handed over.
    """
    if outcome.state is DeliveryState.ACCEPTED:
        return Answer.FINE
    if _POLICY.search(outcome.text) and not _GREYLISTING.search(outcome.text):
        return Answer.BLOCK
    return Answer.DEFERRAL if outcome.state is DeliveryState.DEFERRED else Answer.FAILURE


class Recent:
    """The last answers of one mailing.

    Args:
        limits: when it pauses itself.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._answers: deque[tuple[Answer, str]] = deque(maxlen=limits.last)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Note answers, in the order they came."""
        self._answers.extend((answer_of(outcome), _words(outcome)) for outcome in outcomes)

    def verdict(self) -> str:
        """Why the mailing has to pause, in one line; empty when it need not.

        Shares are of all `last` answers, also of the first few: a mailing that begins badly pauses after as many
        refusals as one that turns bad.
        """
        return _verdict(
            Counter(answer for answer, _ in self._answers), self._limits, self._limits.last, self._last
        )

    def _last(self, answer: Answer) -> str:
        return next((words for found, words in reversed(self._answers) if found is answer), "")


def judge(outcomes: Iterable[Outcome], limits: Limits) -> str:
    """Why those who were mailed first say that the others should not be; empty when they do not."""
    found = list(outcomes)
    counts = Counter(answer_of(outcome) for outcome in found)
    last = {answer_of(outcome): _words(outcome) for outcome in found}
    return _verdict(counts, limits, len(found), lambda answer: last.get(answer, ""))


def too_many_complaints(counts: Mapping[DeliveryState, int], limits: Limits) -> str:
    """Why complaints about a mailing pause it; empty when they do not."""
    complained = counts.get(DeliveryState.COMPLAINED, 0)
    arrived = complained + sum(counts.get(each, 0) for each in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED))
    if complained < FEWEST_COMPLAINTS or complained <= arrived * limits.complaints:
        return ""
    return f"{complained} of {arrived} readers complained that it is spam ({complained / arrived:.1%})"


def _verdict(counts: Counter[Answer], limits: Limits, of: int, words: Callable[[Answer], str]) -> str:
    shares = (
        (Answer.BLOCK, limits.blocks),
        (Answer.FAILURE, limits.failures),
        (Answer.DEFERRAL, limits.deferrals),
    )
    for answer, share in shares:
        number = counts[answer]
        if number > of * share:
            said = words(answer)
            what = f"{number} of the last {min(of, counts.total())} answers were {_NAMES[answer]}"
            return f"{what}, the last one: {said}" if said else what
    return ""


_NAMES = {
    Answer.BLOCK: "refusals of us as sender",
    Answer.FAILURE: "failures",
    Answer.DEFERRAL: "refusals for now",
}


def _words(outcome: Outcome) -> str:
    return " ".join(filter(None, (str(outcome.code or ""), outcome.text)))[:200]
