"""What became of each edition at each endpoint and hub, as rows."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, literal, or_, select, update

from publisher.digests.model import DigestState
from publisher.editions import Publication, PublicationState
from publisher.storage.editions import is_newest
from publisher.storage.tables import digests, editions, publications
from subscribers.portable import insert_missing
from subscribers.tables import UTCDateTime

_COLUMNS = tuple(publications.c[field.name] for field in fields(Publication))


class Publications:
    """Reads and writes publications on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(self, target: str, now: datetime) -> int:
        """Give the newest edition of every published digest a publication at `target`; how many had none."""
        there = exists().where(publications.c.edition_id == editions.c.id, publications.c.target == target)
        missing = (
            select(
                editions.c.id,
                literal(target),
                literal(PublicationState.PENDING.value),
                literal(0),
                literal(""),
                literal(now, UTCDateTime),
            )
            .join_from(editions, digests, digests.c.id == editions.c.digest_id)
            .where(digests.c.state == DigestState.PUBLISHED, is_newest(), ~there)
            .order_by(editions.c.id)
        )
        names = ("edition_id", "target", "state", "attempts", "error", "changed_at")
        statement = insert_missing(self._connection, publications).from_select(
            names, missing, include_defaults=False
        )
        return len(self._connection.execute(statement.returning(publications.c.id)).all())

    def renew(self, digest_id: int, now: datetime) -> int:
        """Have a digest's newest edition put everywhere again; gives how many places that is."""
        newest = select(editions.c.id).where(editions.c.digest_id == digest_id, is_newest())
        statement = update(publications).where(publications.c.edition_id.in_(newest))
        values = {"state": PublicationState.PENDING, "pages_at": None, "attempts": 0, "due_at": None, "error": ""}
        return self._connection.execute(statement.values(values | {"changed_at": now})).rowcount

    def due(self, now: datetime) -> list[Publication]:
        """The publications with work to do, by edition: new ones, and failed ones whose time has come."""
        open_ = publications.c.state.in_((PublicationState.PENDING, PublicationState.BEHIND))
        return self._many(open_, or_(publications.c.due_at.is_(None), publications.c.due_at <= now))

    def rests(self, target: str, now: datetime) -> bool:
        """Whether something failed at a target, and its time has not come yet."""
        behind = (publications.c.target == target, publications.c.state == PublicationState.BEHIND)
        query = select(publications.c.id).where(*behind, publications.c.due_at > now).limit(1)
        return self._connection.scalar(query) is not None

    def of_edition(self, edition_id: int) -> list[Publication]:
        """What became of one edition everywhere."""
        return self._many(publications.c.edition_id == edition_id)

    def mark_pages(self, publication_id: int, now: datetime) -> None:
        """Record that pages and pictures are stored and were read back; the first moment stays."""
        self._update(publication_id, publications.c.pages_at.is_(None), pages_at=now, changed_at=now)

    def mark_done(self, publication_id: int, now: datetime) -> None:
        """Record that everything is there."""
        self._update(publication_id, state=PublicationState.DONE, due_at=None, error="", changed_at=now)

    def mark_behind(self, publication_id: int, error: str, due_at: datetime, now: datetime) -> None:
        """Record a failed attempt and when the next one is due."""
        attempts = publications.c.attempts + 1
        behind = PublicationState.BEHIND
        self._update(publication_id, state=behind, attempts=attempts, error=error, due_at=due_at, changed_at=now)

    def _update(self, publication_id: int, *wanted: Any, **values: Any) -> None:
        statement = update(publications).where(publications.c.id == publication_id, *wanted)
        self._connection.execute(statement.values(values))

    def _many(self, *wanted: Any) -> list[Publication]:
        query = select(*_COLUMNS).where(*wanted).order_by(publications.c.edition_id, publications.c.id)
        found = (row._asdict() for row in self._connection.execute(query))
        return [Publication(**row | {"state": PublicationState(row["state"])}) for row in found]
