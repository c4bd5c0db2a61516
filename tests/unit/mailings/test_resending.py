"""Whom a resend reaches."""

from __future__ import annotations

import pytest

from publisher.errors import UsageError
from publisher.ledger import DeliveryState, Latest
from publisher.mailings.resending import ResendKind, ResendPlan, plan_resend, states_for

FAILED = DeliveryState.FAILED


def test_failed_reaches_those_whose_latest_delivery_failed() -> None:
    people = [Latest(number, state, None) for number, state in enumerate(DeliveryState, 1)]
    chosen = plan_resend(ResendKind.FAILED, people)
    assert [people[number - 1].state for number in chosen.selection] == [FAILED]
    assert states_for(ResendKind.FAILED) == frozenset({FAILED})


def test_who_must_not_be_mailed_is_counted_by_reason() -> None:
    people = [
        Latest(1, FAILED, None),
        Latest(2, FAILED, "suppressed"),
        Latest(3, FAILED, "left"),
        Latest(4, FAILED, "left"),
    ]
    chosen = plan_resend(ResendKind.FAILED, people)
    assert chosen == ResendPlan((1, 2, 3, 4), {"left": 2, "suppressed": 1})
    assert chosen.mailed == 1


def test_nobody_failed_is_nothing_to_resend() -> None:
    assert plan_resend(ResendKind.FAILED, []).mailed == 0


@pytest.mark.parametrize("state", [None, DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.BOUNCED])
def test_to_reaches_a_person_who_does_not_have_it(state: DeliveryState | None) -> None:
    assert plan_resend(ResendKind.TO, [Latest(7, state, None)], address="a@example.org").selection == (7,)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DeliveryState.ACCEPTED, "has this digest already"),
        (DeliveryState.DELIVERED, "has this digest already"),
        (DeliveryState.COMPLAINED, "has this digest already"),
        (DeliveryState.UNCERTAIN, "may have this digest"),
        (DeliveryState.PENDING, "is about to get"),
        (DeliveryState.SENDING, "is about to get"),
        (DeliveryState.DEFERRED, "is about to get"),
    ],
)
def test_to_refuses_a_person_who_has_it_or_may_have_it(state: DeliveryState, words: str) -> None:
    with pytest.raises(UsageError, match=f"a@example.org {words}"):
        plan_resend(ResendKind.TO, [Latest(7, state, None)], address="a@example.org")


def test_to_leaves_a_suppressed_person_out() -> None:
    chosen = plan_resend(ResendKind.TO, [Latest(7, FAILED, "suppressed")], address="a@example.org")
    assert (chosen.mailed, chosen.left_out) == (0, {"suppressed": 1})


def test_to_nobody_known_is_an_error() -> None:
    with pytest.raises(UsageError, match="no subscriber has the address"):
        plan_resend(ResendKind.TO, [], address="a@example.org")
