"""Killed at any moment, a mailing still reaches everybody once. The short form; the long one is marked slow."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.ledger import MailingKind
from publisher.mailings import journal
from publisher.storage.database import Database
from publisher.storage.tables import deliveries
from tests.crash.harness import Crash, Place, maildir_place, smtp_place
from tests.fakes.mailing import add_edition, add_mailing, add_people, count_states, plan, planned

SLOW_ON_POSTGRES = True

PLACES = {"maildir": maildir_place, "smtp": smtp_place}
MOST_STEPS = 400


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with PLACES[request.param](tmp_path) as found:
        yield found


@pytest.fixture
def crash(database: Database, place: Place, tmp_path: Path) -> Iterator[Crash]:
    found = Crash(database, place, tmp_path)
    yield found
    found.close()


PEOPLE = 2


def _killed_at_each_step(crash: Crash, now: datetime, *, first: int, stride: int) -> int:
    """Mailings to the same people, each with a sender and a rescuer killed at a later step; gives the kills."""
    people = add_people(crash.database, PEOPLE, now)
    ids = add_edition(crash.database, now)
    kills = 0
    for step in range(first, MOST_STEPS, stride):
        got_before = Counter(crash.place.got())
        mailing_id = add_mailing(crash.database, *ids, now, kind=MailingKind.RESEND, selection=people)
        assert plan(crash.database, mailing_id, now)
        ended = crash.run("send", die_at=step)
        rescuer_ended = crash.run("rescue", die_at=1 + step % 9)
        crash.finish()
        _check_round(crash, mailing_id, Counter(crash.place.got()) - got_before)
        kills += (ended == -signal.SIGKILL) + (rescuer_ended == -signal.SIGKILL)
        if ended == 0:
            return kills
        assert ended == -signal.SIGKILL, step
    raise AssertionError("a sender that never ends")


def _check_round(crash: Crash, mailing_id: int, got: Counter[str]) -> None:
    """The promise, for one of many mailings to the same people."""
    query = select(deliveries.c.state).where(deliveries.c.mailing_id == mailing_id)
    with crash.database.read() as connection:
        found = Counter(connection.scalars(query))
    assert set(got.values()) <= {1}
    assert set(found) <= {"accepted", "uncertain"}
    assert found["accepted"] + found["uncertain"] == PEOPLE
    assert found["uncertain"] <= (0 if crash.place.is_maildir else 1)
    assert found["accepted"] <= len(got) <= PEOPLE
    assert list(crash.journals.iterdir()) == []


def test_a_sender_killed_at_many_of_its_steps_loses_and_doubles_nothing(crash: Crash, now: datetime) -> None:
    stride = 7 if crash.database.is_sqlite else 11
    assert _killed_at_each_step(crash, now, first=2, stride=stride) > 3


@pytest.mark.slow
def test_a_sender_killed_at_each_of_its_steps_loses_and_doubles_nothing(crash: Crash, now: datetime) -> None:
    assert _killed_at_each_step(crash, now, first=1, stride=1) > 40


def _killed_at_random(crash: Crash, people: int, kills: int, senders_at_once: int, now: datetime) -> None:
    moments = random.Random(f"{crash.place.is_maildir} {people}")
    planned(crash.database, people, now, batch_size=max(people // 8, 1))
    killed = 0
    for _ in range(kills):
        pids = [crash.start("send", window=32) for _ in range(senders_at_once)]
        for pid in pids:
            if moments.random() < 0.7:
                crash.kill_in_flight(pid, moments.uniform(0.0, 0.02))
            else:
                crash.kill_after(pid, moments.uniform(0.0, 0.15))
            killed += 1
        if moments.random() < 0.3:
            crash.kill_after(crash.start("rescue"), moments.uniform(0.0, 0.05))
        else:
            crash.run("rescue")
    crash.finish()
    crash.check(killed)


@pytest.mark.slow
def test_senders_killed_at_random_moments_lose_and_double_nothing(crash: Crash, now: datetime) -> None:
    _killed_at_random(crash, people=200, kills=4, senders_at_once=1, now=now)


@pytest.mark.slow
def test_two_senders_at_once_killed_at_random_moments(crash: Crash, now: datetime) -> None:
    _killed_at_random(crash, people=2_000, kills=25, senders_at_once=2, now=now)


def test_senders_stop_when_their_parent_is_killed(
    sqlite_database: Database, place: Place, tmp_path: Path, now: datetime
) -> None:
    crash = Crash(sqlite_database, place, tmp_path)
    planned(sqlite_database, 400, now)
    crash.start("send", window=4)
    deadline = time.monotonic() + 60
    while not count_states(sqlite_database).get("accepted") and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(crash.driver.pid, signal.SIGKILL)
    crash.driver.wait()
    while any(journal.alive(path) for path in crash.journals.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(crash.journals.iterdir()) == []  # it settled everything and said goodbye
    assert set(count_states(sqlite_database)) <= {"accepted", "pending", "uncertain"}
    crash.finish()
    crash.check(0)
    crash.close()
