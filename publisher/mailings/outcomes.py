"""What an answer means for a delivery: pure choices over plain data and `now`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.errors import one_line
from publisher.ledger import Answer, DeliveryState, Held, Mark, Outcome
from publisher.mailings.journal import Replay

LONGEST_DELAY = timedelta(hours=4)
LEAST_ATTEMPTS = 4
"""A delivery is tried so often however old its mailing is: a mailing that was paused for days is not lost to the
first greylisting server."""

_TEXT_LIMIT = 500
_ADDRESS = re.compile(
    r"<?[^\s<>()\[\],;:\"'@=/?&]+(?:@|%40|=40)[^\s<>()\[\],;:\"'@/?&]*[^\s<>()\[\],;:\"'@/?&.]>?", re.I
)
_AT = re.compile(r"@|%40|=40")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a refused-for-now delivery is tried: `[sending] retry_after` and `give_up_after`."""

    retry_after: timedelta
    give_up_after: timedelta


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of a window. `untouched` were never begun, `again` begun and safe to repeat: both pending."""

    outcomes: tuple[Outcome, ...] = ()
    untouched: tuple[int, ...] = ()
    again: tuple[int, ...] = ()


def settle(
    held: Iterable[Held], said: Replay, *, idempotent: bool, now: datetime, policy: RetryPolicy
) -> Settlement:
    """Give each delivery of a window its state, from what was said about it and nothing else.

    Args:
        held: the deliveries that stand as `sending`.
        said: what the provider reported, or what a dead sender's journal replays.
        idempotent: the provider that was sending is the one in use, and may repeat without a second mail.
        now: the moment that retries count from.
        policy: how long retries go on.
    """
    outcomes: list[Outcome] = []
    untouched: list[int] = []
    again: list[int] = []
    for delivery in held:
        answer = said.answer(delivery.delivery_id)
        known = delivery.delivery_id in said.begun or delivery.delivery_id in said.returned
        if answer is not None and not (idempotent and answer.mark is Mark.UNCERTAIN):
            outcomes.append(outcome(answer, delivery, now=now, policy=policy))
        elif (said.whole and delivery.delivery_id in said.returned) or (
            idempotent and (answer or known or not said.whole)
        ):
            again.append(delivery.delivery_id)
        elif not known and said.whole:
            untouched.append(delivery.delivery_id)
        else:
            call = said.calls.get(delivery.delivery_id, "")
            outcomes.append(Outcome(delivery.delivery_id, DeliveryState.UNCERTAIN, None, _lost(said), call))
    return Settlement(tuple(outcomes), tuple(untouched), tuple(again))


def outcome(answer: Answer, delivery: Held, *, now: datetime, policy: RetryPolicy) -> Outcome:
    """What an answer makes of a delivery: a refusal for now becomes `failed` when its time is over."""
    state = _STATES[answer.mark]
    due_at = None
    text = answer.text
    if state is DeliveryState.DEFERRED:
        due_at = now + delay(delivery, policy)
        over = due_at - delivery.started_at > policy.give_up_after
        if over and delivery.attempts >= LEAST_ATTEMPTS:
            state, due_at = DeliveryState.FAILED, None
            text = f"given up after {delivery.attempts} attempts: {text}"
    return Outcome(delivery.delivery_id, state, answer.code, text, answer.provider_id, due_at)


def delay(delivery: Held, policy: RetryPolicy) -> timedelta:
    """How long to wait after this attempt: doubled each time, four hours at most, spread by up to a tenth.

    The spread comes from the delivery's number, so that a window which was deferred as one does not return as one.
    """
    doubled: timedelta = min(policy.retry_after * 2 ** min(max(delivery.attempts, 1) - 1, 16), LONGEST_DELAY)
    spread = 1 + (delivery.delivery_id * 2654435761 % 2**32) / 2**32 / 10
    return doubled * spread


def redact(text: str, recipient: str) -> str:
    """A server's words in one line of at most 500 characters, with every address replaced by <recipient>."""
    text = _CONTROL.sub(" ", text[: 4 * _TEXT_LIMIT])
    if _AT.search(text):  # hardly ever: servers say "Ok" a hundred thousand times
        for address in {recipient, recipient.encode("ascii", "backslashreplace").decode()}:
            text = re.sub(rf"<?{re.escape(address)}>?", "<recipient>", text, flags=re.I)
        text = _ADDRESS.sub("<recipient>", text)
    return one_line(text)[:_TEXT_LIMIT]


_STATES = {
    Mark.ACCEPTED: DeliveryState.ACCEPTED,
    Mark.DEFERRED: DeliveryState.DEFERRED,
    Mark.FAILED: DeliveryState.FAILED,
    Mark.UNCERTAIN: DeliveryState.UNCERTAIN,
}


def _lost(said: Replay) -> str:
    if said.whole:
        return "handed over, and the sender ended before the answer"
    return "the sender was lost together with its journal"
