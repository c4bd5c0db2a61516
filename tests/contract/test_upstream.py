"""What is known of upstream feeds is kept, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from publisher.storage.database import Database
from publisher.storage.store import Store
from publisher.upstream.model import Item, Poll

ITEM = Item("urn:1", "https://wire.example.org/1", "One", "<p>s</p>", "<p>c</p>", "Jo", "News")


def test_what_is_known_of_an_address_is_replaced(database: Database, now: datetime) -> None:
    store = Store(database)
    first = Poll('"a"', "then", "T", 0, "", now, now + timedelta(hours=1))
    second = Poll("", "", "T", 3, "no answer", now, now + timedelta(days=1))
    with store.write() as unit:
        assert unit.upstream.poll("k") == Poll()
        for poll in (first, second):
            unit.upstream.keep_poll("k", poll)
            assert unit.upstream.poll("k") == poll
        assert unit.upstream.poll("other") == Poll()


def test_a_mark_is_remembered_with_who_brought_it_first(database: Database) -> None:
    with Store(database).write() as unit:
        unit.upstream.remember("daily", ["m1", "m2", "m1"], "k1")
        unit.upstream.remember("daily", ["m2", "m3"], "k2")
        unit.upstream.remember("weekly", ["m4"], "k2")
        unit.upstream.remember("daily", [], "k2")
        found = unit.upstream.known("daily", ["m1", "m2", "m3", "m4", "m5"])
    assert found == {"m1": "k1", "m2": "k1", "m3": "k2"}


def test_items_wait_as_they_were_until_they_are_taken(database: Database, now: datetime) -> None:
    store = Store(database)
    dated = Item("", "", "Two", published=now - timedelta(days=1))
    with store.write() as unit:
        unit.upstream.add_items("k1", [ITEM, dated], now)
        unit.upstream.add_items("k2", [ITEM], now)
        unit.upstream.add_items("k3", [], now)
    with store.read() as unit:
        found = unit.upstream.waiting({"k1": "The Wire", "k9": "Nobody"})
        assert unit.upstream.number_waiting("k1") == 2
    assert [(each.item, each.source, each.seen_at) for each in found] == [
        (ITEM, "The Wire", now),
        (dated, "The Wire", now),
    ]
    with store.write() as unit:
        assert unit.upstream.take_items([each.id for each in found]) == 2
        assert unit.upstream.take_items([each.id for each in found]) == 0
        assert unit.upstream.number_waiting("k1") == 0
        assert unit.upstream.number_waiting("k2") == 1


def test_a_digest_is_unwritten_until_it_is_said_to_be_written_and_its_origin_stays(
    database: Database, now: datetime
) -> None:
    store = Store(database)
    with store.write() as unit:
        unit.upstream.add_digest("daily", "2024-11-21-wire", feed="wire", content=b"{}", now=now)
        assert unit.upstream.unwritten() == [("daily", "2024-11-21-wire", "wire", b"{}")]
        unit.upstream.mark_written("daily", "2024-11-21-wire")
        assert unit.upstream.unwritten() == []
        assert unit.upstream.origins() == {("daily", "2024-11-21-wire"): "wire"}
        assert unit.upstream.slugs("daily", "2024-11-21") == {"2024-11-21-wire"}
        assert unit.upstream.slugs("weekly", "2024-11-21") == set()


def test_a_slug_is_given_once(database: Database, now: datetime) -> None:
    store = Store(database)
    with store.write() as unit:
        unit.upstream.add_digest("daily", "s", feed="wire", content=b"{}", now=now)
    with pytest.raises(IntegrityError), store.write() as unit:
        unit.upstream.add_digest("daily", "s", feed="other", content=b"{}", now=now)


def test_when_it_was_last_decided_is_remembered(database: Database, now: datetime) -> None:
    with Store(database).write() as unit:
        assert unit.upstream.looked_at("daily", "wire") is None
        for moment in (now, now + timedelta(hours=1)):
            unit.upstream.set_looked_at("daily", "wire", moment)
            assert unit.upstream.looked_at("daily", "wire") == moment
        assert unit.upstream.looked_at("weekly", "wire") is None
