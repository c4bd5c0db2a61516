"""Who takes a slot, who waits, who is held: the rules of docs/design/slots.md as tables and as properties."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.due import PASS_GAP, Hold, Intent, Publish, decide, next_event, ready_at, waiting_reason

SIX_HOURS = timedelta(hours=6)


def at(text: str, zone: str = "UTC") -> datetime:
    """The moment a clock in `zone` shows `text`; day and time alone are of November 2024."""
    full = f"2024-11-{text}" if text[2] == " " else text
    return datetime.fromisoformat(full).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def digest(
    name: str,
    dated: str,
    finalized: str,
    *,
    publish_at: str | None = None,
    zone: str = "UTC",
    state: DigestState = DigestState.FINALIZED,
) -> DigestRecord:
    """A digest of November 2024 (or of a full date); moments are local to `zone`. Its id is its name's number."""
    known = at(finalized, zone)
    return DigestRecord(
        id=sum(ord(letter) << (8 * place) for place, letter in enumerate(name)),
        newsletter="daily",
        slug=name,
        title=name.title(),
        date=date.fromisoformat(dated if len(dated) > 2 else f"2024-11-{dated}"),
        state=state,
        source=f"{name}.txt",
        source_hash=name,
        seen_at=known,
        publish_at=at(publish_at, zone) if publish_at else None,
        finalized_at=known,
    )


def told(
    records: Sequence[DigestRecord],
    now: str,
    *,
    schedule: str = "daily 07:00",
    zone: str = "UTC",
    taken: Collection[str] = (),
    stale_after: timedelta = SIX_HOURS,
) -> list[str]:
    """What is decided, as text: `name -> slot` in local time, `name backlog`, `name held`."""
    names = {record.id: record.slug for record in records}
    intents = decide(
        records,
        schedule=schedule,
        timezone=zone,
        stale_after=stale_after,
        taken={at(slot, zone) for slot in taken},
        now=at(now, zone),
    )
    return [_tell(intent, names[intent.digest_id], zone) for intent in intents]


def _tell(intent: Intent, name: str, zone: str) -> str:
    if isinstance(intent, Hold):
        return f"{name} held"
    if intent.slot is None:
        assert intent.mail is MailChoice.BACKLOG
        return f"{name} backlog"
    assert intent.mail is MailChoice.MAILED
    return f"{name} -> {intent.slot.astimezone(ZoneInfo(zone)):%d %H:%M}"


# --- one digest ------------------------------------------------------------------------------------------------

ONE = [  # finalized, now, taken slots, expected; the digest is dated the 21st, slots are daily at 07:00
    ("20 22:00", "21 06:59", ["20 07:00"], []),
    ("20 22:00", "21 07:00", ["20 07:00"], ["a -> 21 07:00"]),
    ("21 06:00", "21 06:30", ["20 07:00"], []),
    ("21 06:00", "21 07:00", ["20 07:00"], ["a -> 21 07:00"]),
    ("21 06:00", "21 06:30", [], ["a -> 20 07:00"]),  # a fresh instance: its newest slot is open
    ("21 15:00", "21 15:01", ["20 07:00"], ["a -> 21 07:00"]),  # nobody took this morning's
    ("21 15:00", "21 15:01", ["21 07:00"], []),
    ("21 15:00", "22 07:00", ["21 07:00"], ["a -> 22 07:00"]),
    ("21 15:00", "21 14:59", [], []),  # a clock set back: not ready yet
]


@pytest.mark.parametrize(("finalized", "now", "taken", "expected"), ONE)
def test_a_digest_takes_the_newest_slot_if_it_is_open_else_the_next(
    finalized: str, now: str, taken: list[str], expected: list[str]
) -> None:
    assert told([digest("a", "21", finalized)], now, taken=taken) == expected


def test_older_untaken_slots_are_gone() -> None:
    assert told([digest("a", "18", "21 09:00")], "21 09:00", taken=["21 07:00"]) == []


@pytest.mark.parametrize("state", [state for state in DigestState if state is not DigestState.FINALIZED])
def test_only_finalized_digests_are_looked_at(state: DigestState) -> None:
    assert told([digest("a", "21", "21 06:00", state=state)], "21 07:00") == []


# --- lateness --------------------------------------------------------------------------------------------------

LATE = [  # finalized, publish_at, now, expected; slots are daily at 07:00
    ("20 22:00", None, "21 13:00", ["a -> 21 07:00"]),  # six hours are not above six hours
    ("20 22:00", None, "21 13:00:01", ["a held"]),
    ("21 09:00", None, "21 15:00", ["a -> 21 07:00"]),
    ("21 09:00", None, "21 15:00:01", ["a held"]),
    ("20 22:00", "21 12:00", "21 11:59", []),
    ("20 22:00", "21 12:00", "21 18:00", ["a -> 21 07:00"]),
    ("20 22:00", "21 12:00", "21 18:00:01", ["a held"]),
    ("21 13:00", "21 01:00", "21 19:00", ["a -> 21 07:00"]),
    ("01 22:00", None, "21 07:00", ["a -> 21 07:00"]),  # waited long, but this slot is now
]


@pytest.mark.parametrize(("finalized", "publish_at", "now", "expected"), LATE)
def test_lateness_counts_from_the_slot_or_from_readiness_whichever_is_later(
    finalized: str, publish_at: str | None, now: str, expected: list[str]
) -> None:
    record = digest("a", "21", finalized, publish_at=publish_at)
    assert told([record], now, taken=["20 07:00"]) == expected


def test_its_own_date_never_makes_a_digest_stale() -> None:
    assert told([digest("a", "2014-01-01", "21 08:00")], "21 08:01") == ["a -> 21 07:00"]


DOWNTIME = [  # finalized as the database recorded it, when the publisher is back, expected
    ("20 22:00", "21 09:00", ["a -> 21 07:00"]),  # recorded before, back after two hours
    ("20 22:00", "21 20:00", ["a held"]),  # recorded before, back after thirteen
    ("20 22:00", "23 08:00", ["a -> 23 07:00"]),  # down over three slots: the newest is an hour old
    ("23 08:00", "23 08:00", ["a -> 23 07:00"]),  # dropped while it was down, recorded when it is back
    ("23 20:00", "23 20:00", ["a -> 23 07:00"]),
]


@pytest.mark.parametrize(("finalized", "now", "expected"), DOWNTIME)
def test_downtime_over_slots(finalized: str, now: str, expected: list[str]) -> None:
    assert told([digest("a", "21", finalized)], now, taken=["20 07:00"]) == expected


def test_a_hold_says_in_one_line_how_late_and_for_what() -> None:
    for now, expected in (
        ("21 14:05", "7 h 5 min late: its slot was 07:00 on 2024-11-21"),
        ("23 06:00", "1 d 23 h late: its slot was 07:00 on 2024-11-21"),
    ):
        (hold,) = decide(
            [digest("a", "20", "20 22:00")],
            schedule="0 7 21 * *",
            timezone="UTC",
            stale_after=SIX_HOURS,
            taken=(),
            now=at(now),
        )
        assert hold == Hold(ord("a"), expected)


def test_a_hold_in_another_zone_names_the_local_time() -> None:
    zone = "America/New_York"
    (hold,) = decide(
        [digest("a", "21", "21 09:10", zone=zone)],
        schedule="daily 07:00",
        timezone=ZoneInfo(zone),
        stale_after=timedelta(minutes=20),
        taken=(),
        now=at("21 09:40", zone),
    )
    assert hold == Hold(ord("a"), "30 min late: it was ready at 09:10 on 2024-11-21")


# --- a digest of tomorrow --------------------------------------------------------------------------------------

TOMORROW = [  # now, taken, expected; the digest is dated the 22nd and was finalized on the 21st at 20:00
    ("21 20:00", [], []),
    ("21 23:59:59", [], []),
    ("22 00:00", ["21 07:00"], []),
    ("22 00:00", [], []),  # not at midnight, for a slot of yesterday
    ("22 06:59", [], []),
    ("22 07:00", [], ["a -> 22 07:00"]),
    ("22 13:00", [], ["a -> 22 07:00"]),
    ("22 13:01", [], ["a held"]),
]


@pytest.mark.parametrize(("now", "taken", "expected"), TOMORROW)
def test_a_digest_of_tomorrow_waits_for_a_slot_of_its_date(
    now: str, taken: list[str], expected: list[str]
) -> None:
    assert told([digest("a", "22", "21 20:00")], now, taken=taken) == expected


def test_a_digest_that_waited_for_its_date_is_not_late_when_the_day_begins() -> None:
    record = digest("a", "22", "01 20:00")
    assert ready_at(record, "UTC") == at("22 00:00")
    assert told([record], "22 03:00", schedule="0 0,1 * * *") == ["a -> 22 01:00"]


def test_tomorrow_begins_in_the_newsletters_zone() -> None:
    record = digest("a", "22", "21 09:00")
    assert ready_at(record, "Asia/Tokyo") == at("21 15:00")
    assert ready_at(record, "America/New_York") == at("22 05:00")


def test_an_evening_schedule_lets_tomorrows_digest_wait_though_tonights_slot_is_open() -> None:
    records = [digest("a", "22", "21 12:00")]
    assert told(records, "21 19:00", schedule="daily 18:00") == []
    assert told(records, "22 18:00", schedule="daily 18:00") == ["a -> 22 18:00"]


def test_on_finalize_a_digest_of_tomorrow_leaves_when_the_day_begins() -> None:
    record = digest("a", "22", "21 20:00")
    assert told([record], "21 23:59", schedule="on finalize") == []
    assert told([record], "22 00:00", schedule="on finalize") == ["a -> 22 00:00"]


# --- several digests -------------------------------------------------------------------------------------------


def test_of_several_the_newest_dated_is_mailed_and_older_ones_are_backlog_from_the_oldest() -> None:
    records = [digest("c", "21", "20 10:00"), digest("a", "19", "20 09:00"), digest("b", "20", "20 08:00")]
    assert told(records, "21 07:00", taken=["20 07:00"]) == ["a backlog", "b backlog", "c -> 21 07:00"]


def test_two_of_one_date_take_two_slots_the_one_ready_first_before_the_other() -> None:
    records = [digest("a", "21", "21 06:30"), digest("b", "21", "21 06:00")]
    assert told(records, "21 07:00", taken=["20 07:00"]) == ["b -> 21 07:00"]
    assert told(records[:1], "21 07:00", taken=["21 07:00"]) == []
    assert told(records[:1], "22 07:00", taken=["21 07:00"]) == ["a -> 22 07:00"]


def test_ready_at_the_same_moment_the_slug_decides() -> None:
    records = [digest("b", "21", "21 06:00"), digest("a", "21", "21 06:00")]
    assert told(records, "21 07:00") == ["a -> 21 07:00"]


def test_one_of_the_same_date_that_waits_is_backlog_beside_a_newer_one() -> None:
    records = [digest("a", "21", "21 06:30"), digest("b", "22", "22 06:00")]
    assert told(records, "22 07:00", taken=["21 07:00"]) == ["a backlog", "b -> 22 07:00"]


def test_on_finalize_one_of_the_same_date_goes_with_the_next_pass() -> None:
    records = [digest("a", "21", "21 06:30"), digest("b", "21", "21 06:00")]
    assert told(records, "21 06:31", schedule="on finalize") == ["b -> 21 06:31"]
    assert told(records[:1], "21 06:31", schedule="on finalize", taken=["21 06:31"]) == []
    assert told(records[:1], "21 06:31:01", schedule="on finalize", taken=["21 06:31"]) == ["a -> 21 06:31"]


def test_on_finalize_nothing_is_ever_late() -> None:
    assert told([digest("a", "21", "01 06:30")], "23 23:00", schedule="on finalize") == ["a -> 23 23:00"]


def test_a_late_digest_leaves_the_slot_to_one_of_the_same_date_that_is_not() -> None:
    records = [digest("a", "21", "21 05:00"), digest("b", "21", "21 14:00"), digest("c", "20", "21 05:00")]
    assert told(records, "21 15:00") == ["a held", "c backlog", "b -> 21 07:00"]


def test_only_what_would_be_mailed_can_be_late() -> None:
    """After a long outage one digest waits for the editor's word, not a backlog of hundreds."""
    records = [digest("a", "19", "20 09:00"), digest("b", "20", "20 09:00")]
    assert told(records, "21 20:00", taken=["20 07:00"]) == ["b held", "a backlog"]


def test_a_taken_slot_keeps_backlog_waiting_too() -> None:
    records = [digest("a", "19", "21 09:00"), digest("b", "20", "21 09:00")]
    assert told(records, "21 10:00", taken=["21 07:00"]) == []
    assert told(records, "22 07:00", taken=["21 07:00"]) == ["a backlog", "b -> 22 07:00"]


def test_a_backlog_of_300_on_a_fresh_instance_is_one_mail() -> None:
    first = date(2024, 1, 26)
    records = [
        replace(digest(f"d{number:03}", "01", "21 15:00"), id=number, date=first + timedelta(days=number))
        for number in range(300)
    ]
    intents = decide(
        records[::-1], schedule="daily 07:00", timezone="UTC", stale_after=SIX_HOURS, taken=(), now=at("21 15:00")
    )
    assert [intent.digest_id for intent in intents] == list(range(300))
    assert intents[-1] == Publish(299, at("21 07:00"), MailChoice.MAILED)
    assert set(intents[:-1]) == {Publish(number, None, MailChoice.BACKLOG) for number in range(299)}


def test_a_pass_killed_in_a_backlog_ends_as_if_it_had_not_been() -> None:
    records = [digest(name, f"{day}", "21 06:00") for name, day in zip("abcd", (17, 18, 19, 20), strict=True)]
    assert told(records, "21 07:00") == ["a backlog", "b backlog", "c backlog", "d -> 21 07:00"]
    assert told(records[2:], "21 07:10") == ["c backlog", "d -> 21 07:00"]
    assert told(records[2:], "22 07:00") == ["c backlog", "d -> 22 07:00"]


# --- zones -----------------------------------------------------------------------------------------------------

CLOCKS = [  # zone, schedule, dated, finalized, taken, now (all local), expected
    ("Europe/Berlin", "daily 02:30", "2024-03-31", "2024-03-30 20:00", "2024-03-31 01:59", []),
    ("Europe/Berlin", "daily 02:30", "2024-03-31", "2024-03-30 20:00", "2024-03-31 03:29", []),
    ("Europe/Berlin", "daily 02:30", "2024-03-31", "2024-03-30 20:00", "2024-03-31 03:30", ["a -> 31 03:30"]),
    ("Europe/Berlin", "daily 02:30", "2024-10-27", "2024-10-26 20:00", "2024-10-27 02:30", ["a -> 27 02:30"]),
    ("Europe/Berlin", "daily 02:30", "2024-10-27", "2024-10-26 20:00", "2024-10-27 07:30", ["a -> 27 02:30"]),
    ("Europe/Berlin", "daily 02:30", "2024-10-27", "2024-10-26 20:00", "2024-10-27 07:31", ["a held"]),
    ("America/New_York", "daily 02:30", "2024-03-10", "2024-03-09 20:00", "2024-03-10 03:29", []),
    ("America/New_York", "daily 02:30", "2024-03-10", "2024-03-09 20:00", "2024-03-10 03:30", ["a -> 10 03:30"]),
    ("America/New_York", "daily 07:00", "2024-11-03", "2024-11-02 20:00", "2024-11-03 06:59", []),
    ("America/New_York", "daily 07:00", "2024-11-03", "2024-11-02 20:00", "2024-11-03 07:00", ["a -> 03 07:00"]),
    ("Australia/Lord_Howe", "daily 02:15", "2024-10-06", "2024-10-05 20:00", "2024-10-06 02:44", []),
    (
        "Australia/Lord_Howe",
        "daily 02:15",
        "2024-10-06",
        "2024-10-05 20:00",
        "2024-10-06 02:45",
        ["a -> 06 02:45"],
    ),
    (
        "Australia/Lord_Howe",
        "daily 01:45",
        "2024-04-07",
        "2024-04-06 20:00",
        "2024-04-07 01:45",
        ["a -> 07 01:45"],
    ),
    ("Pacific/Apia", "daily 07:00", "2011-12-30", "2011-12-29 20:00", "2011-12-31 07:00", ["a -> 31 07:00"]),
]


@pytest.mark.parametrize(("zone", "schedule", "dated", "finalized", "now", "expected"), CLOCKS)
def test_slots_follow_the_wall_clock_when_it_jumps(
    zone: str, schedule: str, dated: str, finalized: str, now: str, expected: list[str]
) -> None:
    assert told([digest("a", dated, finalized, zone=zone)], now, schedule=schedule, zone=zone) == expected


def test_in_the_hour_that_comes_twice_the_second_half_past_is_no_slot() -> None:
    records = [digest("a", "2024-10-27", "2024-10-27 01:00", zone="Europe/Berlin")]
    second = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)  # 02:30 for the second time
    intents = decide(
        records,
        schedule="daily 02:30",
        timezone="Europe/Berlin",
        stale_after=SIX_HOURS,
        taken={second - timedelta(hours=1)},
        now=second,
    )
    assert intents == ()


CRON = [  # now, expected; the digest is of Friday the 22nd, slots are Monday to Friday at 07:00
    ("22 06:59", []),
    ("22 07:00", ["a -> 22 07:00"]),
    ("23 09:00", ["a held"]),  # a Saturday: Friday's slot is a day old
    ("25 07:00", ["a -> 25 07:00"]),
]


@pytest.mark.parametrize("schedule", ["weekdays 07:00", "0 7 * * 1-5", "0 7 * * mon-fri"])
@pytest.mark.parametrize(("now", "expected"), CRON)
def test_weekday_schedules_rest_at_the_weekend(schedule: str, now: str, expected: list[str]) -> None:
    assert told([digest("a", "22", "21 20:00")], now, schedule=schedule) == expected


# --- waking, and what people read ------------------------------------------------------------------------------

EVENTS = [  # record, taken, schedule, expected; now is Thursday the 21st, 12:00
    (digest("a", "21", "21 11:00"), ["21 07:00"], "daily 07:00", at("22 07:00")),
    (digest("a", "22", "21 11:00"), ["21 07:00"], "daily 07:00", at("22 00:00")),
    (digest("a", "21", "21 11:00", publish_at="21 15:00"), [], "daily 07:00", at("21 15:00")),
    (digest("a", "21", "21 11:00"), ["21 12:00"], "on finalize", at("21 12:00") + PASS_GAP),
    (digest("a", "21", "21 11:00"), [], "daily 07:00", at("21 12:00") + PASS_GAP),
    (digest("a", "21", "21 11:00", state=DigestState.HELD), [], "daily 07:00", None),
    (digest("a", "21", "21 11:00", state=DigestState.DRAFT), [], "on finalize", None),
]


@pytest.mark.parametrize(("record", "taken", "schedule", "expected"), EVENTS)
def test_the_scheduler_wakes_when_something_may_be_due(
    record: DigestRecord, taken: list[str], schedule: str, expected: datetime | None
) -> None:
    found = next_event(
        [record], schedule=schedule, timezone="UTC", taken={at(slot) for slot in taken}, now=at("21 12:00")
    )
    assert found == expected


REASONS = [  # record, taken, schedule, expected; now is Thursday the 21st, 12:00 in Berlin
    (digest("a", "21", "21 11:00"), ["21 07:00"], "daily 07:00", "waits for 07:00 tomorrow"),
    (digest("a", "21", "21 11:00"), ["21 07:00"], "daily 18:00", "leaves with the next pass"),
    (digest("a", "21", "21 11:00"), ["20 18:00"], "daily 18:00", "waits for 18:00 today"),
    (digest("a", "21", "21 11:00"), ["18 07:00"], "0 7 * * mon", "waits for 07:00 on Monday"),
    (digest("a", "21", "21 11:00"), ["2024-01-01 07:00"], "0 7 1 1 *", "waits for 07:00 on 2025-01-01"),
    (digest("a", "22", "21 11:00"), [], "daily 07:00", "dated tomorrow"),
    (digest("a", "23", "21 11:00"), [], "on finalize", "dated Saturday"),
    (digest("a", "2024-12-24", "21 11:00"), [], "on finalize", "dated 2024-12-24"),
    (digest("a", "21", "21 11:00", publish_at="21 14:30"), [], "on finalize", "not before 15:30 today"),
    (digest("a", "21", "21 11:00", publish_at="22 14:30"), [], "on finalize", "not before 15:30 tomorrow"),
    (digest("a", "21", "21 11:00"), [], "on finalize", "leaves with the next pass"),
    (digest("a", "21", "21 11:00"), ["21 12:00"], "on finalize", "leaves with the next pass"),
    (digest("a", "21", "21 11:00", state=DigestState.DRAFT), [], "on finalize", "a draft: finalize it"),
    (replace(digest("a", "21", "21 11:00", state=DigestState.HELD), held_because="late"), [], "", "held: late"),
    (digest("a", "21", "21 11:00", state=DigestState.HELD), [], "", "held: no reason was given"),
    (digest("a", "21", "21 11:00", state=DigestState.PUBLISHED), [], "on finalize", ""),
    (digest("a", "21", "21 11:00", state=DigestState.WITHDRAWN), [], "on finalize", ""),
    (
        replace(digest("a", "21", "21 11:00", state=DigestState.PUBLISHED), mail=MailChoice.BACKLOG),
        [],
        "on finalize",
        "not mailed: backlog",
    ),
]


@pytest.mark.parametrize(("record", "taken", "schedule", "expected"), REASONS)
def test_people_read_in_one_line_what_a_digest_waits_for(
    record: DigestRecord, taken: list[str], schedule: str, expected: str
) -> None:
    zone = "Europe/Berlin"
    reason = waiting_reason(
        record,
        schedule=schedule,
        timezone=zone,
        taken={at(slot, zone) for slot in taken},
        now=at("21 12:00", zone),
    )
    assert reason == expected


# --- properties ------------------------------------------------------------------------------------------------

START = at("2024-03-20 00:00")
MINUTES = st.integers(0, 20 * 1440).map(lambda minutes: START + timedelta(minutes=minutes))
SCHEDULES = st.sampled_from(["daily 07:00", "daily 02:30", "weekdays 18:00", "0 */6 * * *", "on finalize"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia"])


@st.composite
def _records(draw: st.DrawFn) -> list[DigestRecord]:
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(-3, 22), MINUTES, st.none() | MINUTES, st.sampled_from([*DigestState, "finalized"])
            ),
            max_size=8,
        )
    )
    return [
        replace(
            digest(f"d{number}", "01", "01 00:00", state=DigestState(state)),
            id=number,
            date=START.date() + timedelta(days=day),
            finalized_at=finalized,
            publish_at=publish_at,
        )
        for number, (day, finalized, publish_at, state) in enumerate(drawn)
    ]


def _carry_out(
    records: Sequence[DigestRecord], intents: Sequence[Intent], now: datetime
) -> tuple[list[DigestRecord], set[datetime]]:
    """The records as the database has them after the pass, and the slots it took."""
    changed = {record.id: record for record in records}
    for intent in intents:
        record = changed[intent.digest_id]
        if isinstance(intent, Hold):
            changed[record.id] = replace(record, state=DigestState.HELD, held_because=intent.reason)
        else:
            changed[record.id] = replace(
                record, state=DigestState.PUBLISHED, published_at=now, slot=intent.slot, mail=intent.mail
            )
    taken = {intent.slot for intent in intents if isinstance(intent, Publish) and intent.slot}
    return list(changed.values()), taken


def _decided(
    records: Sequence[DigestRecord], schedule: str, zone: str, taken: Collection[datetime], now: datetime
) -> tuple[Intent, ...]:
    return decide(records, schedule=schedule, timezone=zone, stale_after=SIX_HOURS, taken=taken, now=now)


@given(_records(), SCHEDULES, ZONES, st.lists(MINUTES, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_slot_is_taken_twice_or_early_and_a_pass_done_again_does_nothing(
    records: list[DigestRecord], schedule: str, zone: str, passes: list[datetime]
) -> None:
    taken: set[datetime] = set()
    for now in sorted(passes):
        intents = _decided(records, schedule, zone, taken, now)
        mailed = [intent for intent in intents if isinstance(intent, Publish) and intent.mail is MailChoice.MAILED]
        assert len(mailed) <= 1
        assert all(intent.slot and intent.slot <= now and intent.slot not in taken for intent in mailed)
        finalized = {record.id for record in records if record.state is DigestState.FINALIZED}
        assert {intent.digest_id for intent in intents} <= finalized
        assert len({intent.digest_id for intent in intents}) == len(intents)
        records, newly = _carry_out(records, intents, now)
        taken |= newly
        assert _decided(records, schedule, zone, taken, now) == ()


@given(_records(), SCHEDULES, ZONES, MINUTES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_nothing_becomes_due_before_the_next_event(
    records: list[DigestRecord], schedule: str, zone: str, now: datetime
) -> None:
    records, taken = _carry_out(records, _decided(records, schedule, zone, set(), now), now)
    event = next_event(records, schedule=schedule, timezone=zone, taken=taken, now=now)
    assert (event is None) == all(record.state is not DigestState.FINALIZED for record in records)
    if event is not None:
        assert event > now
        passes = [now + (event - now) * share / 5 for share in range(5 if event > now + PASS_GAP else 1)]
        assert all(_decided(records, schedule, zone, taken, moment) == () for moment in passes)


@given(_records(), SCHEDULES, ZONES, MINUTES)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_a_digest_waits_for_is_always_one_short_line(
    records: list[DigestRecord], schedule: str, zone: str, now: datetime
) -> None:
    for record in records:
        reason = waiting_reason(record, schedule=schedule, timezone=zone, taken=(), now=now)
        assert "\n" not in reason
        assert len(reason) < 80
        assert (reason == "") == (record.state in {DigestState.PUBLISHED, DigestState.WITHDRAWN})
