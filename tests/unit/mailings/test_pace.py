"""The arithmetic of pace: pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.mailings import pace
from publisher.mailings.pace import Limits, Spent

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)

WAITS = st.lists(st.tuples(st.integers(1, 200), st.floats(0, 4_000)), min_size=1, max_size=60)
LIMITS = st.builds(
    Limits,
    per_second=st.sampled_from([0, 0.05, 0.5, 1, 7, 100]),
    per_hour=st.sampled_from([0, 1, 50, 1_000]),
    per_day=st.sampled_from([0, 1, 60, 5_000]),
)


def played(limits: Limits, waits: list[tuple[int, float]]) -> list[tuple[datetime, int]]:
    """What leaves when somebody always takes as much as wanted and allowed, with restarts in between."""
    spent, now, left = Spent(), NOW, []
    for wanted, seconds in waits:
        room = pace.room(limits, spent, now)
        mails = wanted if room is None else min(wanted, room)
        spent = Spent.read(json.loads(json.dumps(pace.charge(limits, spent, mails, now).stored())))
        left.append((now, mails))
        now += timedelta(seconds=seconds)
    return left


@given(LIMITS, WAITS)
def test_no_hour_and_no_day_sees_more_than_its_limit(limits: Limits, waits: list[tuple[int, float]]) -> None:
    left = played(limits, waits)
    for period, most in limits.counted:
        for end, _ in left:
            since = end - timedelta(seconds=period.seconds)
            assert sum(mails for at, mails in left if since < at <= end) <= most


@given(st.sampled_from([0.05, 0.5, 1, 7, 100]), st.lists(st.floats(0, 3), min_size=1, max_size=200))
@settings(max_examples=60)
def test_no_minute_sees_more_than_a_twentieth_above_its_limit(rate: float, waits: list[float]) -> None:
    limits, spent, now = Limits(per_second=rate), Spent(), NOW
    left = []
    for seconds in waits:
        mails = pace.room(limits, spent, now) or 0
        spent = pace.charge(limits, spent, mails, now)
        left.append((now, mails))
        now += timedelta(seconds=seconds)
    for begin, _ in left:
        minute = sum(mails for at, mails in left if begin <= at < begin + timedelta(seconds=60))
        assert minute <= max(60 * rate * 1.05, 1)


@given(LIMITS.filter(bool), WAITS)
def test_when_it_opens_something_may_leave_and_not_before(limits: Limits, waits: list[tuple[int, float]]) -> None:
    spent, now = Spent(), NOW
    for wanted, seconds in waits:
        opens = pace.opens(limits, spent, now)
        room = pace.room(limits, spent, now)
        assert room is not None
        assert (opens == now) == (room > 0)
        assert (pace.room(limits, spent, opens) or 0) > 0
        spent = pace.charge(limits, spent, min(wanted, room), now)
        now += timedelta(seconds=seconds)


def test_a_day_may_be_used_up_in_one_go_and_every_day() -> None:
    limits, spent = Limits(per_day=50_000), Spent()
    for day in range(4):
        at = NOW + timedelta(days=day, minutes=15 * day)
        assert pace.room(limits, spent, at) == 50_000
        spent = pace.charge(limits, spent, 50_000, at)
        assert pace.room(limits, spent, at + timedelta(hours=23)) == 0
        assert pace.opens(limits, spent, at) == at.replace(minute=at.minute // 15 * 15) + timedelta(
            hours=24, minutes=15
        )


def test_a_clock_that_is_put_back_frees_nothing() -> None:
    limits = Limits(per_second=10, per_hour=100)
    spent = pace.charge(limits, Spent(), 100, NOW)
    for back in (timedelta(seconds=1), timedelta(minutes=30)):
        assert pace.room(limits, spent, NOW - back) == 0
        assert pace.room(limits, pace.charge(limits, spent, 5, NOW - back), NOW) == 0


def test_without_limits_anything_may_leave() -> None:
    assert not Limits()
    assert pace.room(Limits(), Spent(), NOW) is None
    assert pace.opens(Limits(), Spent(), NOW) == NOW


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(per_second=20), 0.05),
        (Limits(per_hour=3_600), 1),
        (Limits(per_second=20, per_hour=3_600), 1),
        (Limits(per_day=86_400, per_hour=7_200), 1),
    ],
)
def test_the_pace_that_can_be_kept_up_is_that_of_the_narrowest_limit(limits: Limits, seconds: float) -> None:
    assert limits.spacing == seconds
