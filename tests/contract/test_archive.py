"""What lists show of published digests, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest

from publisher.editions import Change, Month, Touched
from publisher.storage.database import Database
from tests.contract.test_stores import HOUR, Shop, digest
from tests.contract.test_withdrawn import withdraw

SECTIONS = frozenset({"arts", "courts"})
"""Those of the digests of `test_stores`."""


@pytest.fixture
def shop(database: Database, now: datetime) -> Iterator[Shop]:
    with database.write() as connection:
        yield Shop(connection, now)


def published(shop: Shop, slug: str, day: date, newsletter: str = "daily", hours: int = 0) -> int:
    return shop.published(digest(slug, newsletter, date=day, title=slug.title()), shop.now + hours * HOUR)[0]


def test_months_are_counted_by_the_digests_own_dates(shop: Shop) -> None:
    for slug, day in (("a", date(2024, 11, 1)), ("b", date(2024, 11, 30)), ("c", date(2023, 12, 31))):
        published(shop, slug, day)
    gone = published(shop, "gone", date(2024, 11, 2))
    withdraw(shop, gone, shop.now, "")
    withdraw(shop, shop.add(digest("never", date=date(2024, 11, 3))), shop.now, "")
    shop.add(digest("waiting", date=date(2024, 11, 4)))
    published(shop, "other", date(2024, 11, 5), "weekly")
    assert shop.archive.months("daily") == [Month(date(2024, 11, 1), 3, 1), Month(date(2023, 12, 1), 1)]
    assert shop.archive.months("none") == []


def test_headlines_and_changes_are_those_of_the_days_asked_for(shop: Shop) -> None:
    for day in (1, 2, 3):
        published(shop, f"day-{day}", date(2024, 11, day))
    old = published(shop, "old", date(2023, 1, 1))
    shop.freeze(old, 2, digest("old", date=date(2023, 1, 1)))
    gone = published(shop, "gone", date(2023, 2, 1))
    withdraw(shop, gone, shop.now + 9 * HOUR, "")
    found = shop.archive.headlines("daily", date(2024, 11, 2), date(2024, 11, 3))
    assert [each.slug for each in found] == ["day-3", "day-2"]
    (first, second) = shop.archive.changes("daily", 2023)
    assert first == Change("gone", date(2023, 2, 1), shop.now + 9 * HOUR, withdrawn=True)
    assert (second.slug, second.withdrawn) == ("old", False)
    assert second.at == shop.editions.history(old)[-1].created_at


def test_neighbours_follow_the_archives_order_and_leave_out_what_is_no_longer_there(shop: Shop) -> None:
    day = date(2024, 11, 2)
    first = published(shop, "first", date(2024, 11, 1))
    late = published(shop, "late", day, hours=2)
    early_b = published(shop, "early-b", day, hours=1)
    early_a = published(shop, "early-a", day, hours=1)
    last = published(shop, "last", date(2024, 12, 1))
    published(shop, "other", day, "weekly")
    shop.add(digest("waiting", date=day))

    def beside(digest_id: int, at: date | None = None) -> list[str]:
        return [each.slug if each else "" for each in shop.archive.beside(digest_id, at)]

    assert beside(first) == ["", "early-a"]
    assert beside(early_a) == ["first", "early-b"]
    assert beside(early_b) == ["early-a", "late"]
    assert beside(late) == ["early-b", "last"]
    assert beside(last) == ["late", ""]
    assert beside(last, date(2024, 11, 1)) == ["first", "early-a"]
    withdraw(shop, early_b, shop.now, "")
    assert beside(late) == ["early-a", "last"]
    assert beside(early_b) == ["early-a", "late"]
    corrected = shop.freeze(late, 2, digest("late", date=day))
    (_, newer) = shop.archive.beside(early_a)
    assert newer is not None
    assert newer.edition_id == corrected


def test_a_correction_touches_the_days_before_and_after_it(shop: Shop) -> None:
    moved = published(shop, "moved", date(2024, 10, 31))
    shop.digests.correct(moved, digest("moved", date=date(2024, 11, 1)), source="x", source_hash="y")
    edition = shop.freeze(moved, 2, digest("moved", date=date(2024, 11, 1)))
    other, its_edition = shop.published(digest("other", "weekly"), shop.now)
    days = frozenset({date(2024, 10, 31), date(2024, 11, 1)})
    assert shop.archive.touched([edition, its_edition]) == [
        Touched(moved, "daily", days, SECTIONS),
        Touched(other, "weekly", frozenset({date(2024, 11, 21)}), SECTIONS),
    ]
    assert shop.archive.touched([]) == []
    assert shop.archive.newest_editions() == [edition, its_edition]
