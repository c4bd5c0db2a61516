"""Retention: what is too old goes, in short transactions, and nothing that anything is counted or decided by."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from publisher.config import Retention
from publisher.keeping import retaining
from publisher.keeping.retaining import CutOffs, Forgotten, Retaining, cut_offs
from publisher.storage.database import Database
from publisher.storage.events import Events
from publisher.storage.mailings import Mailings
from publisher.storage.retention import BATCHES_AT_ONCE, OldDetails
from publisher.storage.tables import deliveries, events, mailings
from subscribers import preferences, signup
from subscribers.tables import subscribers, subscriptions
from tests.fakes.mailing import planned
from tests.unit.subscribers.people import add, everything, line, person_id

PERIODS = Retention()
DAY = timedelta(days=1)


def forget(database: Database, now: datetime) -> Forgotten:
    return Retaining(database.write, OldDetails(database), PERIODS).forget(now)


def addresses(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(subscribers.c.email)))


def test_the_moments_follow_from_the_periods(now: datetime) -> None:
    assert cut_offs(PERIODS, now) == CutOffs(now - 30 * DAY, now - 180 * DAY, now - 90 * DAY, now - 400 * DAY)


def test_only_sign_ups_that_nobody_confirmed_in_time_go(database: Database, now: datetime) -> None:
    add(database, "old@example.org", now, confirmed=False)
    add(database, "confirmed@example.org", now)
    add(database, "later@example.org", now + DAY, confirmed=False)
    add(database, "again@example.org", now, "weekly")
    add(database, "again@example.org", now, confirmed=False)
    assert forget(database, now + 30 * DAY) == Forgotten()
    assert forget(database, now + 30 * DAY + timedelta(seconds=1)) == Forgotten(unconfirmed=2)
    assert addresses(database) == {"confirmed@example.org", "later@example.org", "again@example.org"}
    with database.read() as connection:
        kept = connection.execute(select(subscriptions.c.newsletter, subscriptions.c.state)).all()
    assert sorted(map(tuple, kept)) == [("daily", "active"), ("daily", "unconfirmed"), ("weekly", "active")]
    assert len(everything(database)["consents"]) == 3
    assert add(database, "old@example.org", now + 40 * DAY, confirmed=False).value == "added"


def test_whoever_had_left_has_left_again(database: Database, now: datetime) -> None:
    add(database, "anna@example.org", now)
    person = person_id(database, "anna@example.org")
    with database.write() as connection:
        preferences.unsubscribe(connection, person, "daily", how="one-click", now=now + DAY)
    add(database, "anna@example.org", now + 50 * DAY, confirmed=False, resubscribe=True)
    assert not forget(database, now + 60 * DAY)
    assert forget(database, now + 81 * DAY) == Forgotten(unconfirmed=1)
    found = line(database, "anna@example.org")
    assert (found.state.value, found.left_at) == ("left", now + DAY)
    assert not forget(database, now + 81 * DAY)
    with database.write() as connection:
        assert not signup.confirm(connection, person, "daily", how="an old link", now=now)


def test_a_list_does_not_confirm_who_had_left(database: Database, now: datetime) -> None:
    add(database, "anna@example.org", now)
    with database.write() as connection:
        preferences.unsubscribe(connection, person_id(database, "anna@example.org"), "daily", how="link", now=now)
    add(database, "anna@example.org", now, confirmed=False, resubscribe=True)  # by somebody, who knows
    assert add(database, "anna@example.org", now, confirmed=True).value == "left"
    assert line(database, "anna@example.org").state.value == "unconfirmed"


def test_details_of_old_mailings_go_and_sums_stay(database: Database, now: datetime) -> None:
    mailing_id = planned(database, 10, now, batch_size=1)
    stood = ["accepted", "failed", "skipped", "bounced", "uncertain", "delivered", "complained", "deferred"]
    with database.write() as connection:
        for number, state in enumerate([*stood, "accepted", "pending"], 1):
            row = {
                "state": state,
                "reason": "550 no Anna",
                "code": 550,
                "provider_id": "p",
                "sections": ["courts"],
            }
            connection.execute(update(deliveries).where(deliveries.c.id == number).values(row))
        connection.execute(update(mailings).values(finished_at=now))
        before = Mailings(connection).counts(mailing_id)
    assert not forget(database, now + 180 * DAY)
    assert forget(database, now + 181 * DAY) == Forgotten(details=8)
    with database.read() as connection:
        assert Mailings(connection).counts(mailing_id) == before
        rows = connection.execute(select(deliveries).order_by(deliveries.c.id)).all()
        assert {row.code for row in rows} == {550}
        told = {row.state for row in rows if row.provider_id or row.sections}
        assert told == {"deferred", "pending"}
        assert {row.state for row in rows if row.reason} == {"deferred", "pending", "skipped"}
        assert connection.scalar(select(mailings.c.details_removed_at)) == now + 181 * DAY
    assert not forget(database, now + 300 * DAY)


def test_a_running_mailing_is_left_alone(database: Database, now: datetime) -> None:
    planned(database, 3, now)
    with database.write() as connection:
        connection.execute(update(deliveries).values(state="failed", reason="550 no"))
    assert not forget(database, now + 1000 * DAY)


def test_raw_events_go_and_acts_stay(database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "AT_ONCE", 2)
    with database.write() as connection:
        log = Events(connection)
        for number in range(5):
            log.append("delivery.bounced", at=now, delivery_id=number, data={"raw": "..."})
        log.append("delivery.bounced", at=now + DAY, delivery_id=9)
        log.append("digest.published", at=now, digest_id=1)
    assert forget(database, now + 90 * DAY + timedelta(hours=1)) == Forgotten(raw_events=5)
    with database.read() as connection:
        kept = connection.scalars(select(events.c.kind).order_by(events.c.id)).all()
    assert kept == ["delivery.bounced", "digest.published"]


def test_no_transaction_is_longer_than_a_few_batches(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "AT_ONCE", 4)
    planned(database, 20, now, batch_size=2)
    for number in range(10):
        add(database, f"x{number}@example.org", now, confirmed=False)
    with database.write() as connection:
        connection.execute(update(deliveries).values(state="failed", reason="550 no"))
        connection.execute(update(mailings).values(finished_at=now))
    changed: list[int] = []

    def count(_connection: object, cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("UPDATE deliveries", "DELETE FROM subscribers")):
            changed.append(cursor.rowcount)  # type: ignore[attr-defined]

    event.listen(database.engine, "after_cursor_execute", count)
    assert forget(database, now + 999 * DAY) == Forgotten(unconfirmed=10, details=20)
    assert changed == [4, 4, 2, 6, 6, 6, 2]
    assert BATCHES_AT_ONCE * 2 == 6


def test_it_can_be_stopped_between_two_transactions(database: Database, now: datetime) -> None:
    for number in range(3):
        add(database, f"x{number}@example.org", now, confirmed=False)
    told = iter((False, True, True, True, True))
    work = Retaining(database.write, OldDetails(database), PERIODS)
    assert work.forget(now + 99 * DAY, lambda: next(told)) == Forgotten(unconfirmed=3)
    assert str(Forgotten(1, 2, 1)) == "1 sign-up that nobody confirmed, 2 mails' details, 1 raw event"
