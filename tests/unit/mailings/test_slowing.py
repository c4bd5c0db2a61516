"""How a domain that says "slower" is treated: pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from publisher.ledger import DeliveryState, Outcome
from publisher.mailings import replies, slowing
from publisher.mailings.slowing import FIRST_PAUSE, LONGEST_PAUSE, Slowed

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
S = DeliveryState


@pytest.mark.parametrize(
    ("outcome", "does"),
    [
        (Outcome(1, S.DEFERRED, 421, "come back later"), True),
        (Outcome(1, S.DEFERRED, 450, "4.7.28 too many from you"), True),
        (Outcome(1, S.DEFERRED, 451, "4.7.650 throttled"), True),
        (Outcome(1, S.DEFERRED, 450, "4.7.1 Greylisting in action"), False),
        (Outcome(1, S.DEFERRED, 452, "4.2.2 mailbox full"), False),
        (Outcome(1, S.FAILED, 550, "5.7.1 no"), False),
        (Outcome(1, S.ACCEPTED, 250, "4.7.0 as a queue id"), False),
    ],
)
def test_what_says_slower(outcome: Outcome, does: bool) -> None:
    assert replies.throttles(outcome) == does


def test_each_time_it_says_so_again_the_pause_is_twice_as_long() -> None:
    slowed, now, pauses = None, NOW, []
    for _ in range(8):
        slowed = slowing.throttled(slowed, now)
        assert slowing.throttled(slowed, slowed.until - timedelta(seconds=1)) is slowed
        pauses.append(slowed.until - now)
        now = slowed.until
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_it_is_tried_with_one_mail_then_twice_as_many_until_it_is_well() -> None:
    slowed: Slowed | None = slowing.throttled(None, NOW)
    assert slowed is not None
    assert slowing.accepted(slowed, 9, NOW) is slowed  # what was in flight when it said so
    rooms = []
    while slowed is not None:
        rooms.append(slowed.room)
        slowed = slowing.accepted(slowed, slowed.room, slowed.until)
    assert rooms == [1, 2, 4, 8, 16, 32]


def test_what_is_stored_is_what_was_known() -> None:
    slowed = Slowed(NOW + FIRST_PAUSE, FIRST_PAUSE, 4)
    assert Slowed.read(json.loads(json.dumps(slowed.stored()))) == slowed
