"""Schedules: what they say, and the moments they name in zones that jump."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import slots
from publisher.config import parse as parse_config
from publisher.errors import ConfigError


def utc(text: str) -> datetime:
    """An aware moment from `2024-11-21 07:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(schedule: str, zone: str, after: str, until: str) -> list[str]:
    """The slots between two moments, as short text in UTC."""
    return [f"{slot:%m-%d %H:%M}" for slot in slots.slots(schedule, zone, utc(after), utc(until))]


# --- what a schedule may say -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("daily 07:00", ["11-21 07:00", "11-22 07:00", "11-23 07:00", "11-24 07:00", "11-25 07:00"]),
        ("Daily  7:00 ", ["11-21 07:00", "11-22 07:00", "11-23 07:00", "11-24 07:00", "11-25 07:00"]),
        ("weekdays 18:30", ["11-21 18:30", "11-22 18:30", "11-25 18:30"]),
        ("0 7 * * *", ["11-21 07:00", "11-22 07:00", "11-23 07:00", "11-24 07:00", "11-25 07:00"]),
        ("0 7,19 22 11 *", ["11-22 07:00", "11-22 19:00"]),
        ("*/30 7 21 * *", ["11-21 07:00", "11-21 07:30"]),
        ("10-50/20 7 21 * *", ["11-21 07:10", "11-21 07:30", "11-21 07:50"]),
        ("0 7 * dec *", []),
        ("0 7 * Oct-Nov sun", ["11-24 07:00"]),
    ],
)
def test_schedules_name_the_moments_they_say(schedule: str, expected: list[str]) -> None:
    assert between(schedule, "UTC", "2024-11-21 00:00", "2024-11-26 00:00") == expected


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [
        ("0", ["Sun"]),
        ("7", ["Sun"]),
        ("sun", ["Sun"]),
        ("1", ["Mon"]),
        ("mon", ["Mon"]),
        ("6", ["Sat"]),
        ("1-5", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("mon-fri", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("fri-sun", ["Fri", "Sat", "Sun"]),
        ("5-7", ["Fri", "Sat", "Sun"]),
        ("sun-tue", ["Mon", "Tue", "Sun"]),
        ("MON,wed,5", ["Mon", "Wed", "Fri"]),
        ("*/2", ["Tue", "Thu", "Sat", "Sun"]),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(weekday: str, expected: list[str]) -> None:
    monday, next_monday = utc("2024-11-18 00:00"), utc("2024-11-25 00:00")
    found = slots.slots(f"0 7 * * {weekday}", "UTC", monday, next_monday)
    assert [f"{slot:%a}" for slot in found] == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("13 * fri", ["06", "13", "20", "27"]),  # either: the 13th, and every Friday
        ("15 * fri", ["06", "13", "15", "20", "27"]),
        ("15 * *", ["15"]),
        ("* * fri", ["06", "13", "20", "27"]),
        ("*/2 * fri", ["13", "27"]),  # begins with a star: both must fit
        ("1-7 * */5", ["01", "06"]),
    ],
)
def test_day_of_month_and_weekday_are_alternatives_when_both_are_restricted(
    days: str, expected: list[str]
) -> None:
    found = slots.slots(f"0 7 {days}", "UTC", utc("2024-09-01 00:00"), utc("2024-10-01 00:00"))
    assert [f"{slot:%d}" for slot in found] == expected


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "hourly",
        "daily",
        "daily 24:00",
        "daily 07:60",
        "daily 7",
        "daily 07:00 Europe/Berlin",
        "weekdays at 7",
        "on finalise",
        "60 7 * * *",
        "0 24 * * *",
        "0 7 0 * *",
        "0 7 32 * *",
        "0 7 * 13 *",
        "0 7 * * 8",
        "0 7 * * monday",
        "0 7 * * mon-",
        "0 7 * mon *",
        "0 7 * * fri-mon",
        "5/2 * * * *",
        "*/0 * * * *",
        "1,,2 * * * *",
        "-1 * * * *",
        "٣ 7 * * *",
        "0 7 30 2 *",
        "0 7 31 apr,jun */7",
        "0 7 * *",
        "0 0 7 * * *",
        "@daily",
    ],
)
def test_a_wrong_schedule_is_one_line_that_says_what_is_allowed(schedule: str) -> None:
    with pytest.raises(ConfigError) as caught:
        slots.parse(schedule)
    line = str(caught.value)
    assert f'"{schedule}"' in line
    assert "on finalize" in line
    assert "daily 07:00" in line
    assert "\n" not in line


@given(st.text(max_size=30) | st.text("0123456789*/-,monfri ", max_size=30))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_text_is_a_schedule_or_a_configuration_error(text: str) -> None:
    line = ""
    try:
        slots.parse(text)
    except ConfigError as error:
        line = str(error)
    assert "\n" not in line


def test_a_wrong_schedule_of_a_configuration_is_named_by_its_dotted_path() -> None:
    letter = {"slug": "daily", "title": "Daily", "from": "news@example.org"}
    raw = {
        "site": {"title": "News", "url": "https://example.org"},
        "newsletter": [letter, letter | {"slug": "weekly", "schedule": "weekly"}],
    }
    with pytest.raises(ConfigError, match=r'^config\.toml: newsletter\[2\]\.schedule: "weekly" is no schedule'):
        slots.check(parse_config(raw, root=Path()))


# --- clocks that jump ------------------------------------------------------------------------------------------

# zone, schedule, first date (from its start in UTC, three days), slots in UTC
SPRING = [  # a wall-clock time that does not exist moves on by the jump
    ("Europe/Berlin", "daily 02:30", "2024-03-30", "30 01:30, 31 01:30, 01 00:30"),
    ("Europe/Berlin", "30 2,3 * * *", "2024-03-31", "31 01:30, 01 00:30, 01 01:30, 02 00:30, 02 01:30"),
    ("America/New_York", "daily 02:30", "2024-03-09", "09 07:30, 10 07:30, 11 06:30"),
    ("America/New_York", "daily 07:00", "2024-03-09", "09 12:00, 10 11:00, 11 11:00"),
    ("Australia/Lord_Howe", "daily 02:15", "2024-10-04", "04 15:45, 05 15:45, 06 15:15"),
    ("Australia/Lord_Howe", "15,45 2 6 * *", "2024-10-04", "05 15:45"),
    ("Africa/Cairo", "daily 00:00", "2024-04-24", "24 22:00, 25 22:00, 26 21:00"),
    ("Pacific/Apia", "daily 07:00", "2011-12-29", "29 17:00, 30 17:00, 31 17:00"),
    ("Pacific/Apia", "0 1,23 * * *", "2011-12-29", "29 09:00, 29 11:00, 30 09:00, 30 11:00, 31 09:00, 31 11:00"),
]
AUTUMN = [  # the hour that comes twice counts once, the first time
    ("Europe/Berlin", "daily 02:30", "2024-10-26", "26 00:30, 27 00:30, 28 01:30"),
    ("Europe/Berlin", "0,30 2,3 27 * *", "2024-10-26", "27 00:00, 27 00:30, 27 02:00, 27 02:30"),
    ("America/New_York", "daily 01:30", "2024-11-02", "02 05:30, 03 05:30, 04 06:30"),
    ("America/New_York", "*/30 1,2 3 * *", "2024-11-02", "03 05:00, 03 05:30, 03 07:00, 03 07:30"),
    ("Australia/Lord_Howe", "daily 01:45", "2024-04-05", "05 14:45, 06 14:45, 07 15:15"),
    ("America/St_Johns", "daily 00:00", "2006-10-28", "28 02:30, 29 02:30, 30 03:30"),
]


@pytest.mark.parametrize(("zone", "schedule", "first", "expected"), [*SPRING, *AUTUMN])
def test_one_slot_a_local_date_and_time_when_clocks_jump(
    zone: str, schedule: str, first: str, expected: str
) -> None:
    start = utc(f"{first} 00:00")
    found = slots.slots(schedule, zone, start, start + timedelta(days=3))
    assert ", ".join(f"{slot:%d %H:%M}" for slot in found) == expected


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
]
SCHEDULES = ["daily 02:30", "daily 00:00", "weekdays 23:59", "*/20 1-3 * * *", "0 2 1 * sun", "15 2 28-31 * *"]
MOMENTS = st.integers(0, 20 * 365 * 1440).map(lambda minutes: utc("2005-01-01 00:00") + timedelta(minutes=minutes))


@given(st.sampled_from(SCHEDULES), st.sampled_from(ZONES), MOMENTS, st.lists(st.integers(0, 100_000), max_size=4))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_slots_do_not_depend_on_where_the_question_is_cut(
    schedule: str, zone: str, start: datetime, minutes: list[int]
) -> None:
    cuts = [start, *(start + timedelta(minutes=minute) for minute in sorted(minutes)), start + timedelta(days=70)]
    whole = list(slots.slots(schedule, zone, cuts[0], cuts[-1]))
    parts = [slot for a, b in pairwise(cuts) for slot in slots.slots(schedule, zone, a, b)]
    assert parts == whole == sorted(set(whole))
    assert all(cuts[0] < slot <= cuts[-1] and slot.utcoffset() == timedelta(0) for slot in whole)


@given(st.sampled_from(ZONES), MOMENTS, st.times())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_daily_schedule_has_one_slot_for_each_local_date(zone: str, start: datetime, clock: time) -> None:
    """The oracle takes dates one by one; the slot is the first moment that shows the time or, in a gap, later."""
    place = ZoneInfo(zone)
    days = [start.date() + timedelta(days=number) for number in range(60)]
    expected = [_moment(day, clock.replace(second=0, microsecond=0), place) for day in days]
    found = slots.slots(f"daily {clock:%H:%M}", zone, expected[0] - timedelta(minutes=1), expected[-1])
    assert list(found) == expected


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    wanted = datetime.combine(day, clock)
    for minute in range(-15 * 60, 15 * 60, 15):
        moment = wanted.replace(tzinfo=UTC) + timedelta(minutes=minute)
        if moment.astimezone(zone).replace(tzinfo=None) == wanted:
            return moment
    before = wanted.replace(tzinfo=UTC) - timedelta(days=1)
    return wanted.replace(tzinfo=UTC) - (before.astimezone(zone).utcoffset() or timedelta())


# --- newest and next -------------------------------------------------------------------------------------------

NOW = "2024-11-21 12:00"


@pytest.mark.parametrize(
    ("schedule", "zone", "newest", "upcoming"),
    [
        ("daily 07:00", "UTC", "2024-11-21 07:00", "2024-11-22 07:00"),
        ("daily 12:00", "UTC", "2024-11-21 12:00", "2024-11-22 12:00"),
        ("daily 12:01", "UTC", "2024-11-20 12:01", "2024-11-21 12:01"),
        ("daily 07:00", "America/New_York", "2024-11-21 12:00", "2024-11-22 12:00"),
        ("* * * * *", "Asia/Kathmandu", "2024-11-21 12:00", "2024-11-21 12:01"),
        ("0 7 1 1 *", "UTC", "2024-01-01 07:00", "2025-01-01 07:00"),
        ("0 0 29 2 *", "UTC", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 29 2 */7", "UTC", "2004-02-29 00:00", "2032-02-29 00:00"),  # a Sunday
    ],
)
def test_newest_and_next_are_found_however_rare(schedule: str, zone: str, newest: str, upcoming: str) -> None:
    assert slots.newest_slot(schedule, zone, utc(NOW)) == utc(newest)
    assert slots.next_slot(schedule, zone, utc(NOW)) == utc(upcoming)


@pytest.mark.parametrize(
    ("zone", "schedule", "now", "newest"),
    [
        # 30 December 2011 did not come: its slot is on the 31st, whose date it does not have
        ("Pacific/Apia", "0 7 30 12 *", "2011-12-30 17:30", "2011-12-30 17:00"),
        # one minute after midnight the clock was set back an hour: the 29th has begun, and it is the 28th again
        ("America/St_Johns", "0 0 29 10 *", "2006-10-29 02:45", "2006-10-29 02:30"),
        # the clock jumped from 23:30 to 00:30
        ("America/Toronto", "40,50 0,23 * * *", "1919-03-31 04:45", "1919-03-31 04:40"),
    ],
)
def test_slots_are_found_where_a_jump_puts_them_on_another_date(
    zone: str, schedule: str, now: str, newest: str
) -> None:
    assert slots.newest_slot(schedule, zone, utc(now)) == utc(newest)
    assert slots.next_slot(schedule, zone, utc(newest) - timedelta(minutes=1)) == utc(newest)


def test_a_leap_day_on_one_weekday_is_found_over_a_century_without_one() -> None:
    """2100 is no leap year: a Sunday 29 February comes in 2088 and then not before 2128."""
    assert slots.next_slot("0 0 29 2 */7", "UTC", utc("2088-03-01 00:00")) == utc("2128-02-29 00:00")


def test_on_finalize_makes_each_pass_a_slot() -> None:
    now = utc(NOW)
    assert list(slots.slots("on finalize", "UTC", now - timedelta(1), now)) == [now]
    assert list(slots.slots("on finalize", "UTC", now, now)) == []
    assert slots.newest_slot("on finalize", "UTC", now) == now
    assert slots.next_slot("on finalize", "UTC", now) is None


def test_parsed_schedules_and_zones_do_as_well_as_text() -> None:
    read, zone = slots.parse("daily 07:00"), ZoneInfo("Europe/Berlin")
    assert slots.newest_slot(read, zone, utc(NOW)) == slots.newest_slot("daily 07:00", "Europe/Berlin", utc(NOW))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        slots.slots("daily 07:00", "UTC", utc(NOW).replace(tzinfo=None), utc(NOW))


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_a_configuration_error(zone: str) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        slots.slots("daily 07:00", zone, utc(NOW), utc(NOW))
