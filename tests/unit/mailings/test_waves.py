"""When each zone's readers get a mailing: pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.config import Newsletter
from publisher.errors import ConfigError
from publisher.mailings.waves import LocalTime, local_time, moment

SEVEN = time(7)
BERLIN = LocalTime(SEVEN, "Europe/Berlin")
ZONES = sorted(available_timezones())


def newsletter(**more: object) -> Newsletter:
    return Newsletter.model_validate(
        {"slug": "daily", "title": "Daily", "from": "daily@example.org", "timezone": "Europe/Berlin"} | more
    )


def test_readers_of_each_zone_get_it_at_the_same_hour_of_their_own_day() -> None:
    slot = datetime(2026, 11, 27, 6, tzinfo=UTC)  # 07:00 in Berlin
    assert BERLIN.moments(slot, ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo"]) == {
        "": slot,
        "Europe/Berlin": slot,
        "Europe/London": datetime(2026, 11, 27, 7, tzinfo=UTC),
        "America/New_York": datetime(2026, 11, 27, 12, tzinfo=UTC),
        "Asia/Tokyo": datetime(2026, 11, 27, 22, tzinfo=UTC),  # it had been published there in the afternoon
    }


@given(
    st.integers(946_684_800, 2_524_608_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
)
def test_nobody_gets_it_before_it_is_published_or_more_than_a_day_later(
    slot: datetime, clock: time, zone: str
) -> None:
    due_at = moment(slot, clock, zone)
    assert slot <= due_at <= slot + timedelta(hours=49)  # a day may be left out: Apia's 30 December 2011
    local = due_at.astimezone(ZoneInfo(zone))
    told = (local.hour, local.minute)
    jumped = local.utcoffset() != (due_at - timedelta(hours=3)).astimezone(ZoneInfo(zone)).utcoffset()
    assert told == (clock.hour, clock.minute) or jumped


@pytest.mark.parametrize(
    ("slot", "clock", "due_at"),
    [
        ("2026-03-28T12:00", "02:30", "2026-03-29T01:30"),  # 02:30 does not come: an hour later, 03:30
        ("2026-10-24T12:00", "02:30", "2026-10-25T00:30"),  # 02:30 comes twice: the first
        ("2026-10-25T00:31", "02:30", "2026-10-26T01:30"),  # between the two: the day after
        ("2026-03-29T00:00", "07:00", "2026-03-29T05:00"),
        ("2026-10-25T00:00", "07:00", "2026-10-25T06:00"),
    ],
)
def test_a_clock_change_takes_and_gives_nobody_a_mail(slot: str, clock: str, due_at: str) -> None:
    asked = datetime.fromisoformat(slot).replace(tzinfo=UTC)
    found = moment(asked, time.fromisoformat(clock), "Europe/Berlin")
    assert found == datetime.fromisoformat(due_at).replace(tzinfo=UTC)


def test_a_zone_that_is_gone_counts_as_none() -> None:
    slot = datetime(2026, 11, 27, 6, tzinfo=UTC)
    assert BERLIN.moments(slot, ["Mars/Base", "../etc/passwd", ""])["Mars/Base"] == slot


@pytest.mark.parametrize(
    ("said", "schedule", "clock"),
    [
        (False, "daily 07:00", None),
        (True, "daily 06:15", time(6, 15)),
        (True, "weekdays 06:15", time(6, 15)),
        (True, "30 5 * * 1-5", time(5, 30)),
        ("08:45", "daily 06:15", time(8, 45)),
        ("08:45", "on finalize", time(8, 45)),
    ],
)
def test_the_hour_is_the_schedules_or_its_own(said: bool | str, schedule: str, clock: time | None) -> None:
    found = local_time(newsletter(local_time=said, schedule=schedule))
    assert (found and found.clock) == clock


@pytest.mark.parametrize("schedule", ["on finalize", "0 7,19 * * *"])
def test_a_schedule_without_one_hour_is_refused_with_what_to_write(schedule: str) -> None:
    with pytest.raises(ConfigError, match="not one time") as caught:
        local_time(newsletter(local_time=True, schedule=schedule))
    assert 'local_time = "07:00"' in caught.value.remedy


@pytest.mark.parametrize("said", ["7:00", "24:00", "seven", 7, "07:00:00"])
def test_a_local_time_that_is_none_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match="time of the day"):
        newsletter(local_time=said)
