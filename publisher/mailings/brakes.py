"""When a mailing pauses itself: too many of the last answers were refusals. Pure.

A provider that has begun to refuse refuses everybody; each mail that is tried then costs reputation, and a resend.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from publisher.ledger import RECEIVED, DeliveryState, Outcome
from publisher.mailings.replies import is_about_us


class Answer(StrEnum):
    """What an answer means for the mails after it, as people are told of many of them."""

    FINE = "fine"
    FAILURE = "failures"
    BLOCK = "refusals of us as sender"
    DEFERRAL = "refusals for now"


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares above which a mailing pauses itself; 1: never. `last` answers are looked at."""

    last: int = 100
    failures: float = 0.2
    blocks: float = 0.1
    deferrals: float = 0.5
    complaints: float = 0.003


USUAL = Shares()

FEWEST_COMPLAINTS = 3
"""So few complaints say nothing, however small the mailing."""

_WORDS_SHOWN = 200

Judged = tuple[Answer, Outcome]


def answer_of(outcome: Outcome) -> Answer:
    """What became of a delivery, as far as it tells of the others.

    A refusal for policy (x.7.x, RFC 3463) is about us, not about the recipient: a block, whether for now or for
    good. A failure is any other one, and what was lost after it was handed over. Of complaints see
    `too_many_complaints`: the server had taken the mail.
    """
    if outcome.state in RECEIVED:
        return Answer.FINE
    if is_about_us(outcome):
        return Answer.BLOCK
    return Answer.DEFERRAL if outcome.state is DeliveryState.DEFERRED else Answer.FAILURE


class Recent:
    """The last answers of one mailing.

    Args:
        limits: when it pauses itself.
    """

    def __init__(self, limits: Shares) -> None:
        self._limits = limits
        self._last: deque[Judged] = deque(maxlen=limits.last)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Note answers, in the order they came."""
        self._last.extend((answer_of(outcome), outcome) for outcome in outcomes)

    def verdict(self) -> str:
        """Why the mailing has to pause, in one line; empty when it need not.

        Shares are of all `last` answers, also of the first few: a mailing that begins badly pauses after as many
        refusals as one that turns bad.
        """
        return _verdict(self._last, self._limits, self._limits.last)


def judge(outcomes: Iterable[Outcome], limits: Shares) -> str:
    """Why those who were mailed first say that the others should not be; empty when they do not."""
    found = [(answer_of(outcome), outcome) for outcome in outcomes]
    return _verdict(found, limits, len(found))


def too_many_complaints(counts: Mapping[DeliveryState, int], limits: Shares) -> str:
    """Why complaints about a mailing pause it; empty when they do not."""
    complained = counts.get(DeliveryState.COMPLAINED, 0)
    arrived = sum(counts.get(each, 0) for each in RECEIVED)
    if complained < FEWEST_COMPLAINTS or complained <= arrived * limits.complaints:
        return ""
    return f"{complained} of {arrived} readers complained that it is spam ({complained / arrived:.1%})"


def _verdict(answers: Sequence[Judged], limits: Shares, of: int) -> str:
    shares = {
        Answer.BLOCK: limits.blocks,
        Answer.FAILURE: limits.failures,
        Answer.DEFERRAL: limits.deferrals,
    }
    for answer, share in shares.items():
        such = [outcome for found, outcome in answers if found is answer]
        if len(such) > of * share:
            said = " ".join(filter(None, (str(such[-1].code or ""), such[-1].text)))[:_WORDS_SHOWN]
            what = f"{len(such)} of the last {len(answers)} answers were {answer}"
            return f"{what}, the last one: {said}" if said else what
    return ""
