"""What comes back does to readers: hard at once, soft with patience, and what is our fault never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.bounces import noting
from publisher.bounces.policy import (
    SOFT_BOUNCES,
    SPREAD,
    Count,
    Leave,
    Nothing,
    Reset,
    SoftBounce,
    Suppress,
    act,
    counts_as_soft,
)
from publisher.feedback import BounceClass, Feedback, FeedbackKind
from subscribers.model import SuppressionReason

K, C = FeedbackKind, BounceClass
START = datetime(2026, 11, 1, 7, tzinfo=UTC)
BOUNCED = Feedback("k", K.BOUNCED, START, code=550, status="5.1.1", text="550 5.1.1 user unknown")
FULL = replace(BOUNCED, code=552, status="5.2.2", text="mailbox full")


def told(kind: FeedbackKind, **more: str) -> Feedback:
    return Feedback("k", kind, START, **more)  # type: ignore[arg-type]


def days(*numbers: int) -> list[SoftBounce]:
    """A soft bounce on each of these days, each of another digest."""
    return [SoftBounce(number, START + timedelta(days=day)) for number, day in enumerate(numbers)]


def test_a_hard_bounce_suppresses_at_once_and_everywhere() -> None:
    assert act(BOUNCED, C.HARD, []) == Suppress(SuppressionReason.BOUNCED, "550 5.1.1 user unknown", None)


def test_a_complaint_suppresses_at_once_and_everywhere() -> None:
    found = act(told(K.COMPLAINED), C.UNKNOWN, [])
    assert isinstance(found, Suppress)
    assert (found.reason, found.newsletter) == (SuppressionReason.COMPLAINED, None)


def test_unsubscribing_ends_one_subscription_and_suppresses_nothing() -> None:
    assert act(told(K.UNSUBSCRIBED), C.UNKNOWN, []) == Leave()


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.DEFERRED, K.ANSWERED, K.UNKNOWN])
@pytest.mark.parametrize("klass", list(C))
def test_what_is_no_bounce_does_nothing_whatever_its_class(kind: FeedbackKind, klass: BounceClass) -> None:
    assert act(told(kind), klass, days(0, 3, 6, 9, 12)) == Nothing()


def test_a_mail_that_arrived_makes_soft_bounces_forgotten() -> None:
    assert act(told(K.DELIVERED), C.UNKNOWN, days(0, 3, 6, 9, 12)) == Reset()


@pytest.mark.parametrize("klass", [C.BLOCK, C.CONTENT, C.THROTTLE])
def test_what_is_about_us_never_counts_against_a_reader(klass: BounceClass) -> None:
    assert act(BOUNCED, klass, days(0, 3, 6, 9, 12)) == Nothing()
    assert not counts_as_soft(BOUNCED, klass)


@pytest.mark.parametrize("klass", [C.SOFT, C.UNKNOWN])
def test_five_soft_bounces_over_ten_days_suppress_and_less_is_counted(klass: BounceClass) -> None:
    assert act(FULL, klass, days(0)) == Count()
    assert act(FULL, klass, days(0, 3, 6, 12)) == Count()  # four
    assert act(FULL, klass, days(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)) == Count()  # nine days and no more
    assert act(FULL, klass, days(0, 3, 6, 9, 10)) == Suppress(
        SuppressionReason.BOUNCED, "5 times within 10 days, the last one: 552 5.2.2 mailbox full"
    )


def test_a_digest_counts_once_and_so_does_a_day() -> None:
    again = [replace(each, digest_id=1) for each in days(0, 3, 6, 9, 12)]
    assert act(FULL, C.SOFT, again) == Count()
    one_day = [SoftBounce(number, START + timedelta(hours=number)) for number in range(5)]
    assert act(FULL, C.SOFT, [*one_day, SoftBounce(9, START + timedelta(days=12))]) == Count()


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 30 * 24)), max_size=20), st.randoms())
def test_no_history_suppresses_without_five_digests_on_five_days_over_ten(
    made: list[tuple[int, int]], chance: object
) -> None:
    history = [SoftBounce(digest, START + timedelta(hours=hours)) for digest, hours in made]
    found = act(FULL, C.SOFT, history)
    assert act(FULL, C.SOFT, sorted(history, key=lambda each: (each.digest_id, each.at))) == found or any(
        first.at == second.at for first in history for second in history if first is not second
    )
    if isinstance(found, Suppress):
        assert len({each.digest_id for each in history}) >= SOFT_BOUNCES
        assert len({each.at.date() for each in history}) >= SOFT_BOUNCES
        assert max(each.at for each in history) - min(each.at for each in history) >= SPREAD
    else:
        assert found == Count()


@pytest.mark.parametrize(
    ("feedback", "klass", "reason"),
    [
        (told(K.DROPPED, text="Bounced Address"), C.HARD, SuppressionReason.BOUNCED),
        (told(K.DROPPED, text="Spam Reporting Address"), C.UNKNOWN, SuppressionReason.COMPLAINED),
        (told(K.DROPPED, type="SpamComplaint"), C.HARD, SuppressionReason.COMPLAINED),
    ],
)
def test_a_providers_own_list_is_believed_by_its_reason(
    feedback: Feedback, klass: BounceClass, reason: SuppressionReason
) -> None:
    found = act(feedback, klass, [])
    assert isinstance(found, Suppress)
    assert found.reason is reason


@pytest.mark.parametrize("klass", [each for each in C if each is not C.HARD])
def test_a_providers_own_list_for_another_reason_does_nothing(klass: BounceClass) -> None:
    assert act(told(K.DROPPED, text="Unsubscribed Address"), klass, days(0, 3, 6, 9, 12)) == Nothing()


def test_a_detail_is_short_and_says_nothing_twice() -> None:
    found = act(replace(BOUNCED, text="no such user " * 100), C.HARD, [])
    assert isinstance(found, Suppress)
    assert found.detail.startswith("550 5.1.1 no such user no")
    assert len(found.detail) <= 300
    assert act(replace(BOUNCED, code=None, status="", text="", type="HardBounce"), C.HARD, []) == Suppress(
        SuppressionReason.BOUNCED, "HardBounce"
    )


@pytest.mark.parametrize("kind", sorted(noting.KINDS))
def test_what_is_noted_together_does_nothing_for_its_reader(kind: FeedbackKind) -> None:
    assert isinstance(act(told(kind), C.UNKNOWN, days(0, 3, 6, 9, 12)), Reset | Nothing)
