"""Everybody at seven in the morning where they live, once: on SQLite and PostgreSQL, with a driven clock."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from publisher.ledger import DeliveryState, MailingState, Message, Report
from publisher.mailings.spreading import Spreading
from publisher.mailings.waves import LocalTime
from publisher.publishing.controlling import Controls
from publisher.storage.database import Database
from publisher.storage.tables import batches, deliveries, mailings
from subscribers.tables import subscriptions
from tests.fakes.driven import Clock, Newsroom
from tests.fakes.mailing import NEWSLETTER, count_states, mailing_state

pytestmark = pytest.mark.slow


ZONES = (
    "Pacific/Auckland",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Africa/Nairobi",
    "Europe/Berlin",
    "Europe/London",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Los_Angeles",
)
A_MINUTE = timedelta(minutes=1)
EVERY = timedelta(minutes=30)


def newsroom(database: Database, folder: Path, begin: datetime, timezone: str = "Pacific/Auckland") -> Newsroom:
    return Newsroom(
        database, folder, Clock(begin), local_times={NEWSLETTER: LocalTime(time(7), timezone)}, window=4
    )


def seven(day: str, zone: str) -> datetime:
    return datetime.fromisoformat(f"{day}T07:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


OTHER_DAYS = ("2026-11-27", "2026-10-25", "2026-03-08", "2026-11-01")
DAYS = ["2026-03-29", *(pytest.param(day, marks=pytest.mark.slow) for day in OTHER_DAYS)]


@pytest.mark.parametrize("day", DAYS)
def test_everybody_gets_it_at_seven_of_their_own_day_once(database: Database, tmp_path: Path, day: str) -> None:
    """On an ordinary day, and on the four Sundays of 2026 on which Berlin's or New York's clock changes."""
    slot = seven(day, "Pacific/Auckland")
    room = newsroom(database, tmp_path, slot)
    for zone in ZONES:
        for number in range(3):
            room.join(f"{zone.rpartition('/')[2].lower()}{number}@example.org", zone)
    room.join("nowhere@example.org")  # has no zone: the newsletter's
    mailing_id = room.publish(slot)
    room.run_until(slot + timedelta(hours=26), EVERY)
    zones = room.zones()
    assert Counter(mail.email for mail in room.received) == dict.fromkeys(zones, 1)
    for mail in room.received:
        local = mail.at.astimezone(ZoneInfo(zones[mail.email] or "Pacific/Auckland"))
        assert f"{local:%Y-%m-%d %H:%M}" == f"{day} 07:00", mail
    assert mailing_state(database, mailing_id) is MailingState.DONE


def test_a_batch_holds_one_wave(database: Database, tmp_path: Path) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    for number, zone in enumerate(["America/New_York", "", "Europe/Paris", "America/Toronto"] * 2):
        room.join(f"reader{number}@example.org", zone)
    mailing_id = room.publish(slot)
    with database.read() as connection:
        found = [tuple(row) for row in connection.execute(select(batches.c.due_at, batches.c.mails))]
    assert found == [(slot, 4), (seven("2026-11-27", "America/New_York"), 4)]
    with room.store.read() as unit:
        assert [tuple(row) for row in unit.waves.planned(mailing_id)] == found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("America/New_York", "Europe/London", "Europe/London"),  # an earlier wave, still to come
        ("Europe/London", "America/New_York", "America/New_York"),  # a later one
        ("America/New_York", "Asia/Tokyo", "Asia/Tokyo"),  # its seven of the day is over: the next one
        ("Europe/Berlin", "America/New_York", "Europe/Berlin"),  # has it already
    ],
)
def test_who_moves_between_waves_gets_exactly_one(
    database: Database, tmp_path: Path, old: str, new: str, at: str
) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    for zone in ("Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo"):
        room.join(f"{zone.rpartition('/')[2].lower()}@example.org", zone)
    room.join("mover@example.org", old)
    room.publish(slot)
    room.run_until(slot + timedelta(minutes=30), EVERY)
    room.move("mover@example.org", new)
    room.run_until(slot + timedelta(hours=26), EVERY)
    assert Counter(mail.email for mail in room.received) == dict.fromkeys(room.zones(), 1)
    (mail,) = [mail for mail in room.received if mail.email == "mover@example.org"]
    assert f"{mail.at.astimezone(ZoneInfo(at)):%H:%M}" == "07:00"


def test_who_joins_before_their_hour_gets_it_and_who_joins_after_waits_for_tomorrow(
    database: Database, tmp_path: Path
) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("berlin@example.org", "Europe/Berlin")
    room.join("london@example.org", "Europe/London")
    room.join("york@example.org", "America/New_York")
    room.publish(slot)
    room.run_until(slot + timedelta(minutes=30), EVERY)
    room.join("late-york@example.org", "America/New_York")
    room.join("late-chicago@example.org", "America/Chicago")  # nobody else is there
    room.join("late-berlin@example.org", "Europe/Berlin")
    room.run_until(slot + timedelta(hours=20), EVERY)
    at = {mail.email: f"{mail.at.astimezone(ZoneInfo('UTC')):%H:%M}" for mail in room.received}
    assert at == {
        "berlin@example.org": "06:00",
        "london@example.org": "07:00",
        "york@example.org": "12:00",
        "late-york@example.org": "12:00",
        "late-chicago@example.org": "13:00",
    }
    assert len(room.received) == len(at)
    # The mailing is over, with sums that are right: nobody waits for a mail of yesterday.
    assert count_states(database) == {"accepted": 5}
    with room.store.read() as unit:
        assert unit.mailings.counts(1) == {DeliveryState.ACCEPTED: 5}


def test_who_leaves_before_their_hour_gets_nothing(database: Database, tmp_path: Path) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("berlin@example.org", "Europe/Berlin")
    person = room.join("york@example.org", "America/New_York")
    room.publish(slot)
    room.run_until(slot + timedelta(minutes=30), EVERY)
    with database.write() as connection:
        connection.execute(
            subscriptions.update().where(subscriptions.c.subscriber_id == person).values(state="left")
        )
    room.run_until(slot + timedelta(hours=20), EVERY)
    assert [mail.email for mail in room.received] == ["berlin@example.org"]
    assert count_states(database) == {"accepted": 1, "skipped": 1}


def test_a_wave_that_was_slept_through_leaves_at_once(database: Database, tmp_path: Path) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("york@example.org", "America/New_York")
    room.publish(slot)
    room.send()
    assert room.received == []
    room.clock.advance(9 * 3600)
    room.send()
    assert [mail.email for mail in room.received] == ["york@example.org"]


@pytest.mark.slow
def test_a_refusal_for_now_is_retried_in_minutes_and_not_with_the_next_wave(
    database: Database, tmp_path: Path
) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("berlin@example.org", "Europe/Berlin")
    room.join("york@example.org", "America/New_York")
    seen: list[str] = []

    def refuse_once(message: Message, report: Report) -> bool:
        seen.append(message.recipient)
        if seen.count(message.recipient) == 1:
            report.deferred(message.delivery_id, 450, "4.2.0 later")
            return True
        return False

    room.verdict = refuse_once
    room.publish(slot)
    room.run_until(slot + timedelta(hours=8), timedelta(minutes=5))
    at = {mail.email: mail.at for mail in room.received}
    assert slot < at["berlin@example.org"] < slot + timedelta(minutes=12)
    york = seven("2026-11-27", "America/New_York")
    assert york < at["york@example.org"] < york + timedelta(minutes=12)


def test_released_by_hand_waits_for_nobodys_hour(database: Database, tmp_path: Path) -> None:
    room = newsroom(database, tmp_path, seven("2026-11-27", "Europe/Berlin"))
    room.join("york@example.org", "America/New_York")
    room.publish(slot=None)
    room.send()
    assert [mail.email for mail in room.received] == ["york@example.org"]


def test_a_pause_holds_waves_and_resuming_lets_them_leave(database: Database, tmp_path: Path) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("berlin@example.org", "Europe/Berlin")
    room.join("york@example.org", "America/New_York")
    mailing_id = room.publish(slot)
    room.send()
    controls = Controls(room.store, room.rescuer.leave)
    controls.pause(mailing_id, room.clock(), actor="an editor", reason="look first")
    room.run_until(slot + timedelta(hours=8), EVERY)
    assert len(room.received) == 1
    controls.resume(mailing_id, room.clock(), actor="an editor", reason="it is fine")
    room.send()
    assert [mail.email for mail in room.received] == ["berlin@example.org", "york@example.org"]
    with database.read() as connection:
        assert connection.scalar(select(mailings.c.state)) == MailingState.DONE


def test_a_correction_meanwhile_reaches_the_rest_at_their_hour(database: Database, tmp_path: Path) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("berlin@example.org", "Europe/Berlin")
    room.join("york@example.org", "America/New_York")
    mailing_id = room.publish(slot)
    room.send()
    room.correct()
    room.clock.advance(EVERY.total_seconds())
    room.join("late-york@example.org", "America/New_York")
    room.run_until(slot + timedelta(hours=20), EVERY)
    at = {mail.email: mail.at for mail in room.received}
    york = seven("2026-11-27", "America/New_York")
    assert at == {"berlin@example.org": slot, "york@example.org": york, "late-york@example.org": york}
    assert mailing_state(database, mailing_id) is MailingState.CANCELLED
    assert count_states(database) == {"accepted": 3, "skipped": 1}


def test_who_moves_when_it_has_left_is_not_moved_in_the_ledger(database: Database, tmp_path: Path) -> None:
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("york@example.org", "America/New_York")
    room.publish(slot)
    with room.store.read() as unit:
        planned = unit.waves.moved(1, {"": slot})
    room.clock.advance(9 * 3600)
    room.send()
    with room.store.write() as unit:  # somebody else had looked before it left
        unit.waves.move(planned)
    with database.read() as connection:
        assert connection.execute(select(deliveries.c.state, deliveries.c.due_at)).all() == [("accepted", None)]


def test_a_batch_that_was_left_for_its_pace_is_no_wave(database: Database, tmp_path: Path) -> None:
    """Looking after a wave reads everybody who waits: not for every batch of a slow domain."""
    slot = seven("2026-11-27", "Europe/Berlin")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("york@example.org", "America/New_York")
    room.join("berlin@example.org", "Europe/Berlin")
    room.publish(slot)
    room.send()
    for minutes, is_wave in ((1, False), (4, False), (15, True)):
        due_at = slot + timedelta(minutes=minutes)
        with database.write() as connection:
            connection.execute(batches.update().where(batches.c.due_at > slot).values(due_at=due_at))
        with room.store.read() as unit:
            assert bool(unit.waves.begun(due_at)) == is_wave


def test_what_was_planned_keeps_its_hour_though_the_newsletter_gives_it_up(
    database: Database, tmp_path: Path
) -> None:
    slot = seven("2026-11-27", "Europe/Kyiv")
    room = newsroom(database, tmp_path, slot, "Europe/Berlin")
    room.join("kyiv@example.org", "Europe/Kyiv")
    room.join("nowhere@example.org")  # the newsletter's zone
    room.publish(slot)
    room.spreading = Spreading(room.store, {}, {NEWSLETTER: "Europe/Berlin"}, 0)  # local_time = false
    room.run_until(slot + timedelta(hours=3), EVERY)
    assert {mail.email: mail.at for mail in room.received} == {
        "kyiv@example.org": slot,
        "nowhere@example.org": seven("2026-11-27", "Europe/Berlin"),
    }
