"""What storage tells of withdrawn and of corrected digests, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import update

from publisher.digests.model import DigestState
from publisher.editions import Note, Withdrawn
from publisher.storage.database import Database
from publisher.storage.tables import digests
from tests.contract.test_stores import HOUR, Shop, digest


def withdraw(shop: Shop, digest_id: int, at: datetime, notice: str) -> None:
    values = {"state": DigestState.WITHDRAWN, "withdrawn_at": at, "withdrawn_because": notice}
    shop.connection.execute(update(digests).where(digests.c.id == digest_id).values(values))


def test_a_withdrawn_digest_stays_in_lists_and_feeds_with_its_notice(database: Database, now: datetime) -> None:
    with database.write() as connection:
        shop = Shop(connection, now)
        shop.published(digest("stays"), now)
        gone, _ = shop.published(digest("gone", title="Gone", date=date(2024, 11, 22)), now + HOUR)
        withdraw(shop, gone, now + 2 * HOUR, "It was not ours.")
        first, second = shop.editions.entries("daily", 10)
        assert (first.slug, first.withdrawn) == ("gone", Note(now + 2 * HOUR, "It was not ours."))
        assert (second.slug, second.withdrawn) == ("stays", None)
        assert [(each.slug, each.withdrawn_at, each.summary) for each in shop.headlines("daily")] == [
            ("gone", now + 2 * HOUR, ""),
            ("stays", None, "Good morning, all"),
        ]
        notice = Note(now + 2 * HOUR, "It was not ours.")
        assert shop.editions.withdrawn(gone) == Withdrawn("Gone", date(2024, 11, 22), "en", notice)


def test_a_withdrawn_digest_is_no_example_for_later_ones(database: Database, now: datetime) -> None:
    """Preflight compares with what readers have; the choice of sections offers what is to come."""
    with database.write() as connection:
        shop = Shop(connection, now)
        gone, _ = shop.published(digest("gone"), now)
        withdraw(shop, gone, now, "")
        assert list(shop.editions.earlier("daily", 10)) == []
        assert shop.editions.sections("daily", 10) == []


def test_only_what_was_published_can_be_withdrawn_for_readers(database: Database, now: datetime) -> None:
    with database.write() as connection:
        shop = Shop(connection, now)
        there, _ = shop.published(digest("there"), now)
        never = shop.add(digest("never"))
        withdraw(shop, never, now, "It was never out.")
        assert shop.editions.withdrawn(there) is None
        assert shop.editions.withdrawn(never) is None
        assert shop.editions.withdrawn(never + 1) is None
        assert [each.slug for each in shop.headlines("daily")] == ["there"]


def test_the_history_names_every_edition_and_a_withdrawal_names_the_newest(
    database: Database, now: datetime
) -> None:
    with database.write() as connection:
        shop = Shop(connection, now)
        digest_id, first = shop.published(digest("twice"), now)
        second = shop.freeze(digest_id, 2, digest("twice", title="A better title"), subject="Corrected: it")
        history = shop.editions.history(digest_id)
        assert [(each.id, each.number, each.subject, each.note) for each in history] == [
            (first, 1, "The morning", ""),
            (second, 2, "Corrected: it", "a name"),
        ]
        assert history[1].updated_at - history[0].updated_at == timedelta(hours=1)
        withdraw(shop, digest_id, now, "")
        withdrawn = shop.editions.withdrawn(digest_id)
        assert withdrawn is not None
        assert withdrawn.title == "A better title"
