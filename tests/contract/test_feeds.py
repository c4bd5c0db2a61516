"""What the feeds of sections and of corrections ask for, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from publisher.digests.model import Digest, Section
from publisher.editions import Note
from publisher.storage.corrections import Corrections
from publisher.storage.database import Database
from publisher.storage.feeds import Feeds
from publisher.storage.tables import digest_sections
from tests.contract.test_stores import HOUR, Shop, digest
from tests.contract.test_withdrawn import withdraw


@pytest.fixture
def shop(database: Database, now: datetime) -> Iterator[Shop]:
    with database.write() as connection:
        yield Shop(connection, now)


@pytest.fixture
def feeds(shop: Shop) -> Feeds:
    return Feeds(shop.connection)


def with_sections(slug: str, *names: str, newsletter: str = "daily") -> Digest:
    made = digest(slug, newsletter, date=date(2024, 11, 21), title=slug.title())
    return replace(made, sections=tuple(Section(name.lower(), name, ()) for name in names))


def test_sections_are_those_of_the_newest_digests_as_they_were_last_called(shop: Shop, feeds: Feeds) -> None:
    shop.published(with_sections("one", "Courts", "Sport"), shop.now)
    shop.published(with_sections("two", "ARTS", "COURTS"), shop.now + HOUR)
    shop.published(with_sections("other", "Money", newsletter="weekly"), shop.now)
    assert feeds.sections("daily", 9) == [("arts", "ARTS"), ("courts", "COURTS"), ("sport", "Sport")]
    assert feeds.sections("daily", 1) == [("arts", "ARTS"), ("courts", "COURTS")]
    assert feeds.all_sections("daily") == ["arts", "courts", "sport"]
    assert feeds.section_name("daily", "courts") == "COURTS"
    assert feeds.section_name("daily", "money") == ""


def test_a_section_holds_the_newest_editions_that_have_it_and_what_was_withdrawn(shop: Shop) -> None:
    one, _ = shop.published(with_sections("one", "Courts"), shop.now)
    two, _ = shop.published(with_sections("two", "Courts"), shop.now + HOUR)
    three, _ = shop.published(with_sections("three", "Courts"), shop.now + 2 * HOUR)
    shop.published(with_sections("four", "Arts"), shop.now + 3 * HOUR)
    shop.freeze(two, 2, with_sections("two", "Arts"))
    withdraw(shop, one, shop.now + 9 * HOUR, "")
    found = shop.editions.entries("daily", 9, "courts")
    assert [(each.digest_id, each.withdrawn is not None) for each in found] == [(three, False), (one, True)]
    assert [each.digest_id for each in shop.editions.entries("daily", 1, "courts")] == [three]
    assert [each.slug for each in shop.editions.entries("daily", 9, "arts")] == ["four", "two"]
    assert shop.connection.scalar(select(func.count()).select_from(digest_sections)) == 4


def test_entries_of_days_are_all_of_the_days_asked_for(shop: Shop) -> None:
    for day in (1, 2, 3):
        shop.published(digest(f"day-{day}", date=date(2024, 11, day)), shop.now)
    found = shop.editions.entries_of_days("daily", date(2024, 11, 2), date(2024, 11, 3))
    assert sorted(each.slug for each in found) == ["day-2", "day-3"]


def amend(shop: Shop, digest_id: int, number: int, made: Digest, *, minor: bool = False) -> None:
    at = shop.now + number * HOUR
    shop.editions.add(
        digest_id=digest_id,
        number=number,
        digest=made,
        rendered=shop.editions.newest(digest_id).rendered,  # type: ignore[union-attr]
        source_hash="x",
        note=f"note {number}",
        created_at=at,
        updated_at=shop.now if minor else at,
    )


def test_amendments_are_material_corrections_and_withdrawals_the_newest_first(shop: Shop, feeds: Feeds) -> None:
    one, _ = shop.published(with_sections("one"), shop.now)
    shop.published(with_sections("two"), shop.now)
    gone, _ = shop.published(with_sections("gone"), shop.now)
    other, _ = shop.published(with_sections("other", newsletter="weekly"), shop.now)
    amend(shop, one, 2, replace(with_sections("one"), title="Once"))
    amend(shop, one, 3, with_sections("one"), minor=True)
    amend(shop, one, 4, replace(with_sections("one"), title="Thrice"))
    amend(shop, gone, 2, with_sections("gone"))
    amend(shop, other, 2, with_sections("other", newsletter="weekly"))
    withdraw(shop, gone, shop.now + 3 * HOUR, "Not ours.")
    found = feeds.amendments("daily", 9)
    assert [(each.slug, each.title, each.number, each.note.text) for each in found] == [
        ("one", "Thrice", 4, "note 4"),
        ("gone", "Gone", 0, "Not ours."),
        ("one", "Once", 2, "note 2"),
    ]
    assert found[1].note == Note(shop.now + 3 * HOUR, "Not ours.")
    assert feeds.amendments("daily", 1) == found[:1]


def test_the_notes_of_a_digest_know_what_each_changed(shop: Shop) -> None:
    one, _ = shop.published(with_sections("one"), shop.now)
    second, third = (replace(with_sections("one"), title=title) for title in ("Second", "Third"))
    amend(shop, one, 2, second)
    amend(shop, one, 3, third, minor=True)
    revised = [note.revised for note in Corrections(shop.connection).notes(one)]
    assert [(before.title, after.title) for before, after in filter(None, revised)] == [
        ("One", "Second"),
        ("Second", "Third"),
    ]
