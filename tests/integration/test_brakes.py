"""A mailing that is refused pauses itself, is repaired, goes on and reaches nobody twice; a canary goes first."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from publisher.ledger import MailingState, Message, Report
from publisher.publishing.controlling import Controls
from publisher.storage.database import Database
from publisher.storage.tables import deliveries, events, mailings
from tests.fakes.driven import Clock, Newsroom
from tests.fakes.mailing import add_people, count_states, mailing_state

SLOW_ON_POSTGRES = True
SHORT = 4_000
"""Enough to be in the middle of it; the 20 000 of a real morning are in `make check`."""


class Refusing:
    """A provider that refuses everybody from one mail on, until it is repaired."""

    def __init__(self, after: int, how: str) -> None:
        self.after, self.how = after, how
        self.tried: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.repaired = False

    def __call__(self, message: Message, report: Report) -> bool:
        self.tried[message.recipient] += 1
        if self.repaired or self.tried.total() <= self.after:
            return False
        self.refused.add(message.recipient)
        if self.how == "failed":
            report.failed(message.delivery_id, 554, "5.7.1 your address is listed")
        elif self.how == "unknown":
            report.failed(message.delivery_id, 550, "5.1.1 no such user")
        elif self.how == "deferred":
            report.deferred(message.delivery_id, 451, "4.3.0 come back later")
        else:
            report.begun(message.delivery_id)
            report.uncertain(message.delivery_id, "no reply to the complete message")
        return True


def paused_because(database: Database) -> list[str]:
    query = select(events.c.data).where(events.c.kind == "mailing.paused").order_by(events.c.id)
    with database.read() as connection:
        data: list[Any] = list(connection.scalars(query))
    return [each["reason"] for each in data]


def repair(room: Newsroom, mailing_id: int) -> None:
    controls = Controls(room.store, room.rescuer.leave)
    controls.resume(mailing_id, room.clock(), actor="an operator", reason="the listing was lifted")


@pytest.mark.parametrize("how", ["failed", "unknown", "deferred", "uncertain"])
@pytest.mark.parametrize("people", [SHORT, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_provider_that_begins_to_refuse_is_tried_with_few_more_and_resumed(
    database: Database, tmp_path: Path, now: datetime, how: str, people: int
) -> None:
    refusing = Refusing(500, how)
    room = Newsroom(database, tmp_path, Clock(now), verdict=refusing)
    add_people(database, people, now)
    mailing_id = room.publish()
    room.send()
    assert mailing_state(database, mailing_id) is MailingState.PAUSED
    assert refusing.tried.total() - 500 < 200, "less than one in a hundred of 20 000"
    assert count_states(database)["pending"] == people - 500 - len(refusing.refused)
    (because,) = paused_because(database)
    assert "of the last 100 answers were " in because
    room.send()  # whatever looks meanwhile, nothing leaves
    tried = refusing.tried.total()
    refusing.repaired = True
    repair(room, mailing_id)
    room.run_until(now + timedelta(hours=1), timedelta(minutes=5))
    assert refusing.tried.total() > tried
    assert max(Counter(mail.email for mail in room.received).values()) == 1
    got = {mail.email for mail in room.received}
    lost = refusing.refused if how in ("failed", "unknown", "uncertain") else set()
    assert not got & lost
    assert len(got | lost) == people
    assert mailing_state(database, mailing_id) is MailingState.DONE
    assert len(paused_because(database)) == 1


def test_few_dead_addresses_pause_nothing(database: Database, tmp_path: Path, now: datetime) -> None:
    def some(message: Message, report: Report) -> bool:
        if message.delivery_id % 10:
            return False
        report.failed(message.delivery_id, 550, "5.1.1 no such user")
        return True

    room = Newsroom(database, tmp_path, Clock(now), verdict=some)
    add_people(database, 1_000, now)
    mailing_id = room.publish()
    room.send()
    assert mailing_state(database, mailing_id) is MailingState.DONE
    assert count_states(database) == {"accepted": 900, "failed": 100}


def test_complaints_pause_what_is_left(database: Database, tmp_path: Path, now: datetime) -> None:
    room = Newsroom(database, tmp_path, Clock(now))
    add_people(database, 1_000, now)
    mailing_id = room.publish(batch_size=100)
    room.send(lambda: len(room.received) >= 500)
    with database.write() as connection:
        some = select(deliveries.c.id).where(deliveries.c.state == "accepted").limit(4)
        connection.execute(update(deliveries).where(deliveries.c.id.in_(some)).values(state="complained"))
    room.send()
    assert mailing_state(database, mailing_id) is MailingState.PAUSED
    assert len(room.received) < 600
    assert paused_because(database)[0].startswith("4 of 5")
    assert "complained that it is spam" in paused_because(database)[0]


def test_a_canary_leaves_first_and_the_rest_when_it_was_taken_well(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    room = Newsroom(database, tmp_path, Clock(now), canary=0.1, canary_wait=timedelta(minutes=10))
    add_people(database, 305, now)
    mailing_id = room.publish(batch_size=25)
    room.send()
    assert len(room.received) == 31
    room.run_until(now + timedelta(minutes=10), timedelta(minutes=2))
    assert len(room.received) == 31, "before the wait is over nobody follows"
    room.send()
    assert len(room.received) == len({mail.email for mail in room.received}) == 305
    assert mailing_state(database, mailing_id) is MailingState.DONE
    assert paused_because(database) == []


def test_a_canary_that_is_refused_pauses_the_mailing_and_an_editors_word_lets_it_go_on(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    refusing = Refusing(0, "failed")
    room = Newsroom(database, tmp_path, Clock(now), canary=20, canary_wait=timedelta(minutes=10), verdict=refusing)
    add_people(database, 300, now)
    mailing_id = room.publish()
    room.send()
    assert refusing.tried.total() <= 20
    assert mailing_state(database, mailing_id) is MailingState.PAUSED
    refusing.repaired = True
    repair(room, mailing_id)
    room.send()
    assert mailing_state(database, mailing_id) is MailingState.DONE
    assert len(room.received) == 300 - len(refusing.refused)


@pytest.mark.parametrize(("canary", "first"), [(0, 5), (5, 5), (7, 5), (3, 3), (0.5, 3), (0.2, 1), (0.01, 1)])
def test_a_canary_is_a_number_or_a_share_and_never_everybody(
    sqlite_database: Database, tmp_path: Path, now: datetime, canary: float, first: int
) -> None:
    room = Newsroom(sqlite_database, tmp_path, Clock(now), canary=canary, canary_wait=timedelta(minutes=10))
    add_people(sqlite_database, 5, now)
    room.publish()
    room.send()
    assert len(room.received) == first
    with sqlite_database.read() as connection:
        assert (connection.scalar(select(mailings.c.canary_id)) is None) == (first == 5)
