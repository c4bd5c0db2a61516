"""Feeds of others, as rows: when each was asked, what it brought, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from publisher.storage.tables import (
    upstream_addresses,
    upstream_digests,
    upstream_items,
    upstream_marks,
    upstream_turns,
)
from publisher.upstream.model import Item, Poll, Waiting
from subscribers.portable import among, insert_missing

_POLL = tuple(upstream_addresses.c[field.name] for field in fields(Poll))


class Upstream:
    """Reads and writes what is known of upstream feeds on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def poll(self, key: str) -> Poll:
        """What is known of an address; of a new one, nothing."""
        row = self._connection.execute(select(*_POLL).where(upstream_addresses.c.key == key)).first()
        return Poll(**row._asdict()) if row else Poll()

    def keep_poll(self, key: str, poll: Poll) -> None:
        """Remember what is known of an address now."""
        self._put(upstream_addresses, {"key": key}, asdict(poll))

    def known(self, newsletter: str, marks: Sequence[str]) -> dict[str, str]:
        """Of these marks, those that are known, and the key of the address that brought each first."""
        query = select(upstream_marks.c.mark, upstream_marks.c.key).where(
            upstream_marks.c.newsletter == newsletter, among(self._connection, upstream_marks.c.mark, marks)
        )
        return {row.mark: row.key for row in self._connection.execute(query)}

    def remember(self, newsletter: str, marks: Iterable[str], key: str) -> None:
        """Remember marks for ever; those that are known stay as they are."""
        rows = [{"newsletter": newsletter, "mark": mark, "key": key} for mark in dict.fromkeys(marks)]
        if rows:
            self._connection.execute(insert_missing(self._connection, upstream_marks), rows)

    def add_items(self, key: str, items: Iterable[Item], now: datetime) -> None:
        """Keep items until they are in a digest."""
        rows = [{"key": key, "content": _written(item), "seen_at": now} for item in items]
        if rows:
            self._connection.execute(insert(upstream_items), rows)

    def waiting(self, sources: Mapping[str, str]) -> list[Waiting]:
        """What waits for a digest, in the order in which it came.

        Args:
            sources: what readers know each feed as, by the key of its address.
        """
        query = (
            select(upstream_items)
            .where(among(self._connection, upstream_items.c.key, list(sources)))
            .order_by(upstream_items.c.id)
        )
        return [
            Waiting(row.id, _read(row.content), sources[row.key], row.seen_at)
            for row in self._connection.execute(query)
        ]

    def take_items(self, item_ids: Sequence[int]) -> int:
        """Let items go, as they are in a digest or never will be; how many of them were still there."""
        wanted = among(self._connection, upstream_items.c.id, item_ids)
        return self._connection.execute(delete(upstream_items).where(wanted)).rowcount

    def slugs(self, newsletter: str, beginning: str) -> set[str]:
        """The slugs of digests made of feeds that begin so."""
        query = select(upstream_digests.c.slug).where(
            upstream_digests.c.newsletter == newsletter, upstream_digests.c.slug.startswith(beginning)
        )
        return set(self._connection.scalars(query))

    def add_digest(self, newsletter: str, slug: str, *, feed: str, content: bytes, now: datetime) -> None:
        """Keep a digest whose file is to be written."""
        row = {"newsletter": newsletter, "slug": slug, "feed": feed, "content": content, "made_at": now}
        self._connection.execute(insert(upstream_digests), row)

    def unwritten(self) -> list[tuple[str, str, str, bytes]]:
        """Newsletter, slug, name of the feed, and bytes of each digest whose file is not known to be there."""
        query = (
            select(upstream_digests)
            .where(upstream_digests.c.content.is_not(None))
            .order_by(upstream_digests.c.made_at, upstream_digests.c.slug)
        )
        rows = self._connection.execute(query)
        return [(row.newsletter, row.slug, row.feed, bytes(row.content)) for row in rows]

    def mark_written(self, newsletter: str, slug: str) -> None:
        """The file lies in the inbox: its bytes are not needed here any more."""
        wanted = (upstream_digests.c.newsletter == newsletter, upstream_digests.c.slug == slug)
        self._connection.execute(update(upstream_digests).where(*wanted).values(content=None))

    def origins(self) -> dict[tuple[str, str], str]:
        """Of each digest that was made of feeds, by newsletter and slug, the name in [[inbox.feed]]."""
        query = select(upstream_digests.c.newsletter, upstream_digests.c.slug, upstream_digests.c.feed)
        return {(row.newsletter, row.slug): row.feed for row in self._connection.execute(query)}

    def looked_at(self, newsletter: str, feed: str) -> datetime | None:
        """When it was last decided whether to make a digest of a feed; None before the first time."""
        wanted = (upstream_turns.c.newsletter == newsletter, upstream_turns.c.feed == feed)
        return self._connection.scalar(select(upstream_turns.c.looked_at).where(*wanted))

    def set_looked_at(self, newsletter: str, feed: str, now: datetime) -> None:
        """Remember that it was decided now."""
        self._put(upstream_turns, {"newsletter": newsletter, "feed": feed}, {"looked_at": now})

    def number_waiting(self, key: str) -> int:
        """How many items of an address wait for a digest."""
        query = select(func.count()).where(upstream_items.c.key == key)
        return self._connection.scalar(query) or 0

    def _put(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        wanted = [table.c[name] == value for name, value in key.items()]
        if not self._connection.execute(update(table).where(*wanted).values(values)).rowcount:
            self._connection.execute(insert_missing(self._connection, table), {**key, **values})


def _written(item: Item) -> dict[str, Any]:
    published = item.published.isoformat() if item.published else None
    return {name: value for name, value in asdict(item).items() if value} | {"published": published}


def _read(content: Mapping[str, Any]) -> Item:
    item = Item(**{"id": "", "link": "", "title": "", **content, "published": None})
    moment = content.get("published")
    return replace(item, published=datetime.fromisoformat(moment)) if moment else item
