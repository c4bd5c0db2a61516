"""How mail to some domains queues: no clock, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher.mailings import pace
from publisher.mailings.lanes import AT_LEAST, ENOUGH, USUAL_SPACING, DomainLimits, Lane
from publisher.mailings.pace import NOTHING, Limits
from publisher.mailings.slowing import Slowed

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
DOMAINS = ("example.com",)
UNTIL = NOW + timedelta(seconds=30)


def dues(lane: Lane, number: int, now: datetime, slowed: Slowed | None = None) -> list[datetime]:
    return [due_at for _, due_at in lane.put_off(range(number), NOTHING, slowed, now)]


@pytest.mark.parametrize(
    ("limits", "standing", "slowed", "room"),
    [
        (DomainLimits(DOMAINS), 50, None, 9),
        (DomainLimits(DOMAINS, at_once=4), 0, None, 4),
        (DomainLimits(DOMAINS, at_once=4), 3, None, 1),
        (DomainLimits(DOMAINS, at_once=4), 6, None, 0),
        (DomainLimits(DOMAINS, Limits(per_second=6)), 50, None, 3),
        (DomainLimits(DOMAINS, Limits(per_second=6), at_once=2), 0, None, 2),
        (DomainLimits(DOMAINS), 0, Slowed(UNTIL, UNTIL - NOW, 32), 0),
        (DomainLimits(DOMAINS), 0, Slowed(NOW, UNTIL - NOW, 2), 2),
        (DomainLimits(DOMAINS), 2, Slowed(NOW, UNTIL - NOW, 2), 0),
    ],
)
def test_as_many_leave_as_the_narrowest_allows(
    limits: DomainLimits, standing: int, slowed: Slowed | None, room: int
) -> None:
    lane = Lane(limits)
    lane.leave(standing)
    assert lane.room(9, NOTHING, slowed, NOW) == room


def test_who_waits_for_a_limit_stands_in_one_line_over_all_windows() -> None:
    lane = Lane(DomainLimits(DOMAINS, Limits(per_second=2)))
    half = timedelta(seconds=0.5)
    first = NOW + AT_LEAST
    assert dues(lane, 3, NOW) == [first, first + half, first + 2 * half]
    assert dues(lane, 2, NOW) == [first + 3 * half, first + 4 * half]
    later = NOW + timedelta(hours=1)
    assert dues(lane, 1, later) == [later + AT_LEAST]


def test_nobody_is_put_off_to_a_moment_at_which_the_limit_is_used_up() -> None:
    limits = Limits(per_hour=5)
    lane, spent = Lane(DomainLimits(DOMAINS, limits)), pace.charge(limits, NOTHING, 5, NOW)
    ((_, due_at),) = lane.put_off([1], spent, None, NOW)
    assert due_at == pace.opens(limits, spent, NOW) > NOW + timedelta(minutes=59)


def test_a_domain_that_is_only_slowed_makes_no_line() -> None:
    slowed = Slowed(UNTIL, UNTIL - NOW)
    assert set(dues(Lane(DomainLimits(DOMAINS)), 1_000, NOW, slowed)) == {UNTIL}
    assert set(dues(Lane(DomainLimits(DOMAINS)), 1_000, UNTIL, slowed)) == {UNTIL + AT_LEAST}


def test_a_lane_with_connections_alone_is_spaced_as_quickly_as_it_goes() -> None:
    lane = Lane(DomainLimits(DOMAINS, at_once=4))
    first = dues(lane, 2, NOW)
    assert first[1] - first[0] == USUAL_SPACING  # nothing is known yet
    lane.leave(ENOUGH)
    for _ in range(ENOUGH):
        lane.settled()
    soon = NOW + timedelta(seconds=0.05)
    after = dues(lane, 2, soon)
    assert after[1] - after[0] == timedelta(seconds=0.05) / ENOUGH
