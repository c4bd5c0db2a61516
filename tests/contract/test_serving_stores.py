"""What serving leaves in the database, and finds there again: on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect

from publisher.app.serving import LOOK_ANYWAY, WRITE, Telling, Upkeep
from publisher.editions import Document
from publisher.errors import StorageError
from publisher.served import Habit, Poll, Version
from publisher.storage.database import Database
from publisher.storage.store import Store

RSS = "daily/rss.xml"


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def test_a_change_moves_the_number_by_one(store: Store) -> None:
    with store.read() as unit:
        assert unit.generations.number() == 0
    for expected in (1, 2, 3):
        with store.write() as unit:
            assert unit.generations.advance() == expected
    with store.read() as unit:
        assert unit.generations.number() == 3


def test_a_version_is_replaced_by_a_newer_one_alone(store: Store, now: datetime) -> None:
    """Two servers may see changes in another order: what was said of an age never goes back."""
    first, newer = Version("a" * 64, now), Version("b" * 64, now + timedelta(seconds=1))
    for version, kept in ((first, first), (newer, newer), (first, newer), (replace(first, modified=now), newer)):
        with store.write() as unit:
            unit.site_versions.keep({RSS: version})
        with store.read() as unit:
            assert unit.site_versions.get(RSS) == kept
            assert unit.site_versions.get("daily/atom.xml") is None


def test_counters_add_up_and_subscribers_are_those_announced_last(store: Store, now: datetime) -> None:
    day = now.date()
    polls = [
        Poll(day - timedelta(days=40), "Feedly", RSS, 9, 9, 9, 0, 99),
        Poll(day - timedelta(days=1), "Feedly", RSS, 2, 2, 1, 0, 12),
        Poll(day, "Feedly", RSS, 1, 1, 1, 0, 14),
        Poll(day, "Feedly", RSS, 1, 0, 0, 0, 0),
        Poll(day, "Feedly", "daily/atom.xml", 1, 1, 1, 0, 3),
        Poll(day, "hammer", RSS, 30, 0, 0, 10, 0),
    ]
    for poll in polls:
        with store.write() as unit:
            unit.polls.add([poll])
    with store.read() as unit:
        assert unit.polls.habits(day - timedelta(days=1)) == [
            Habit("hammer", 30, 0, 0, 10, 0),
            Habit("Feedly", 5, 4, 3, 0, 17),
        ]
        assert unit.polls.habits(day + timedelta(days=1)) == []
    with store.write() as unit:
        assert unit.polls.forget(day) == 2
    with store.read() as unit:
        assert unit.polls.habits(day - timedelta(days=400))[1] == Habit("Feedly", 3, 2, 2, 0, 17)


def test_no_address_has_a_place_among_the_counters(database: Database) -> None:
    with database.read() as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("feed_polls")}
    numbers = {"requests", "conditional", "not_modified", "refused", "subscribers"}
    assert columns == {"day", "family", "document", *numbers}


class Shelf:
    """An endpoint in memory."""

    name = "site"

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    def put(self, document: Document, *, again: bool = False) -> bool:
        before = self.documents.get(document.path)
        self.documents[document.path] = document.data
        return again or before != document.data

    def get(self, path: str) -> bytes | None:
        return self.documents.get(path)


def test_a_document_that_is_put_is_seen_at_once_here_and_at_the_next_look_elsewhere(
    store: Store, now: datetime
) -> None:
    here, elsewhere = Upkeep(store, lambda: now), Upkeep(store, lambda: now)
    here.look()
    elsewhere.look()
    endpoint = Telling(Shelf(), here.changed)
    document = Document(RSS, "application/rss+xml", b"<rss/>")
    before = (here.epoch, elsewhere.epoch)
    assert endpoint.put(document)
    assert here.epoch != before[0]
    assert elsewhere.epoch == before[1]
    elsewhere.look()
    seen = elsewhere.epoch
    assert seen != before[1]
    assert endpoint.get(RSS) == b"<rss/>"

    assert not endpoint.put(document), "the same bytes"
    elsewhere.look()
    assert elsewhere.epoch == seen


def test_files_are_looked_at_now_and_then_although_nothing_was_put(store: Store, now: datetime) -> None:
    clock = Clock(now)
    upkeep = Upkeep(store, clock)
    upkeep.look()
    before = upkeep.epoch
    clock.now += LOOK_ANYWAY - timedelta(seconds=1)
    upkeep.look()
    assert upkeep.epoch == before
    clock.now += timedelta(seconds=1)
    upkeep.look()
    assert upkeep.epoch != before
    before = upkeep.epoch
    clock.now -= timedelta(days=1)  # somebody sets the clock back
    upkeep.look()
    assert upkeep.epoch != before


def test_what_was_said_of_an_age_is_known_to_the_next_process(store: Store, now: datetime) -> None:
    version = Version("a" * 64, now)
    first = Upkeep(store, lambda: now)
    first.remember(RSS, version)
    assert first.version(RSS) == version, "before it is written down, too"
    first.look()
    assert Upkeep(store, lambda: now).version(RSS) == version


def test_counters_are_written_down_each_minute_and_those_of_long_ago_forgotten(
    store: Store, now: datetime
) -> None:
    clock = Clock(now)
    upkeep = Upkeep(store, clock)
    old = Poll((now - timedelta(days=500)).date(), "old", RSS, 1)
    asked = []

    def counted(*polls: Poll) -> Callable[[], list[Poll]]:
        return lambda: asked.append(clock.now) or list(polls)  # type: ignore[func-returns-value]

    with store.write() as unit:
        unit.polls.add([old])
    upkeep.look(counted())
    assert asked == []
    clock.now += WRITE
    upkeep.look(counted(Poll(now.date(), "new", RSS, 1)))
    assert asked == [clock.now]
    with store.read() as unit:
        assert [habit.family for habit in unit.polls.habits(old.day)] == ["new"]


def test_without_a_database_files_are_looked_at_each_time_and_no_age_is_told(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Store) -> None:
        raise StorageError("the database does not answer")

    upkeep = Upkeep(store, lambda: now)
    upkeep.look()
    monkeypatch.setattr(Store, "read", broken)
    for _ in range(2):
        before = upkeep.epoch
        with pytest.raises(StorageError):
            upkeep.look()
        assert upkeep.epoch != before
    with pytest.raises(StorageError):
        upkeep.version(RSS)
