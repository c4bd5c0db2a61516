"""What the database says of itself, and of work that does not go on: for the doctor. Reads only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.exc import DBAPIError

from publisher.editions import Publication, PublicationState
from publisher.ledger import MailingState
from publisher.storage.database import Database, explained
from publisher.storage.tables import batches, digests, editions, events, mailings, publications, senders

_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the time: well under a millisecond."""


class Health:
    """Asks the database; each question is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def is_sqlite(self) -> bool:
        """Whether one file holds everything."""
        return self._database.is_sqlite

    def version(self) -> tuple[int, ...]:
        """The version of SQLite or of the PostgreSQL server."""
        with self._database.read() as connection:
            return tuple(int(part) for part in connection.dialect.server_version_info or ())

    def journal_mode(self) -> str:
        """SQLite's: `wal`, unless its file system cannot have it."""
        return str(self._one("PRAGMA journal_mode"))

    def has_checksums(self) -> bool:
        """Whether PostgreSQL checks each page that it reads."""
        return self._one("SHOW data_checksums") == "on"

    def damage(self, seconds: float) -> tuple[str, ...] | None:
        """What is wrong with SQLite's file, nothing when it is whole; None when the time was not enough."""
        ends = time.monotonic() + seconds
        with explained(), self._database.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
            try:
                found = connection.execute(text("PRAGMA quick_check(5)")).scalars().all()
            except DBAPIError as error:
                if "interrupted" in str(error.orig):
                    return None
                raise
            finally:
                raw.set_progress_handler(None, 0)
        return () if found == ["ok"] else tuple(map(str, found))

    def newest(self) -> datetime | None:
        """The newest moment that anything was recorded at."""
        columns = (events.c.at, mailings.c.created_at, digests.c.seen_at, senders.c.started_at)
        with self._database.read() as connection:
            moments = [connection.scalar(select(func.max(column))) for column in columns]
        return max((moment for moment in moments if moment), default=None)

    def senders(self) -> list[tuple[str, str, datetime]]:
        """Id, machine and end of the lease of each sender that has not ended."""
        query = select(senders.c.id, senders.c.host, senders.c.lease_until).where(senders.c.ended_at.is_(None))
        with self._database.read() as connection:
            return [(row.id, row.host, row.lease_until) for row in connection.execute(query)]

    def unsent(self, now: datetime) -> list[int]:
        """Running mailings with batches that nobody has, and that may leave, by id."""
        is_due = or_(batches.c.due_at.is_(None), batches.c.due_at <= now)
        open_ = (
            batches.c.done_at.is_(None),
            batches.c.sender_id.is_(None),
            is_due,
            mailings.c.canary_id.is_(None),
        )
        query = (
            select(mailings.c.id)
            .join_from(mailings, batches)
            .where(mailings.c.state == MailingState.RUNNING, *open_)
            .distinct()
            .order_by(mailings.c.id)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def open_publications(self) -> Sequence[tuple[str, Publication, datetime]]:
        """`newsletter/slug`, what is not at its endpoint yet, and when it was last tried or begun."""
        columns = [publications.c[field.name] for field in fields(Publication)]
        query = (
            select(digests.c.newsletter, digests.c.slug, publications.c.changed_at, *columns)
            .join_from(publications, editions, editions.c.id == publications.c.edition_id)
            .join(digests, digests.c.id == editions.c.digest_id)
            .where(publications.c.state.in_((PublicationState.PENDING, PublicationState.BEHIND)))
            .order_by(publications.c.id)
        )
        with self._database.read() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return [(f"{row.pop('newsletter')}/{row.pop('slug')}", *_publication(row)) for row in rows]

    def _one(self, statement: str) -> object:
        with self._database.read() as connection:
            return connection.scalar(text(statement))


def _publication(row: dict[str, Any]) -> tuple[Publication, datetime]:
    changed_at: datetime = row.pop("changed_at")
    return Publication(**row | {"state": PublicationState(row["state"])}), changed_at
