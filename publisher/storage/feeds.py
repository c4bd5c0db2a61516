"""What the feeds of sections and of corrections ask for, the newest first; an index answers each question."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, select

from publisher.digests import serialise
from publisher.editions import Amendment, Note
from publisher.storage.editions import PUBLISHED, SHOWN, WITHDRAWN, is_newest
from publisher.storage.tables import digest_sections, digests, editions

_SECTIONS = digest_sections.c
_CORRECTS = editions.c.number > literal_column("1")
"""Said as the partial index says it: a database does not use one for a number that comes later."""


class Feeds:
    """Reads on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sections(self, newsletter: str, digests_looked_at: int) -> list[tuple[str, str]]:
        """(slug, name) of the sections of the digests published last; a slug once, as it was last called.

        The newest digest's come first, in its order.
        """
        youngest = (
            select(_SECTIONS.first_edition)
            .distinct()
            .where(_SECTIONS.newsletter == newsletter)
            .order_by(_SECTIONS.first_edition.desc())
            .limit(digests_looked_at)
        )
        query = (
            select(_SECTIONS.section, _SECTIONS.name)
            .join_from(digest_sections, digests, digests.c.id == _SECTIONS.digest_id)
            .where(_SECTIONS.newsletter == newsletter, _SECTIONS.first_edition.in_(youngest), PUBLISHED)
            .order_by(_SECTIONS.first_edition.desc(), _SECTIONS.position)
        )
        found: dict[str, str] = {}
        for slug, name in self._connection.execute(query):
            found.setdefault(slug, name)
        return list(found.items())

    def all_sections(self, newsletter: str) -> list[str]:
        """The slug of every section that a published digest ever had in its newest edition."""
        query = (
            select(_SECTIONS.section)
            .distinct()
            .join_from(digest_sections, digests, digests.c.id == _SECTIONS.digest_id)
            .where(_SECTIONS.newsletter == newsletter, SHOWN)
            .order_by(_SECTIONS.section)
        )
        return list(self._connection.scalars(query))

    def section_name(self, newsletter: str, section: str) -> str:
        """What a section was last called; empty when no digest has it any more."""
        query = (
            select(_SECTIONS.name)
            .join_from(digest_sections, digests, digests.c.id == _SECTIONS.digest_id)
            .where(_SECTIONS.newsletter == newsletter, _SECTIONS.section == section, SHOWN)
            .order_by(_SECTIONS.first_edition.desc())
            .limit(1)
        )
        return self._connection.scalar(query) or ""

    def amendments(self, newsletter: str, limit: int) -> list[Amendment]:
        """The last corrections of a newsletter that were no minor ones and its last withdrawals, the newest first.

        Of a withdrawn digest it is the withdrawal alone: what a correction said may be what had to go.
        """
        corrections = self._amendments(
            limit,
            (editions.c.number, editions.c.content, editions.c.updated_at, editions.c.note),
            digests.c.newsletter == newsletter,
            PUBLISHED,
            _CORRECTS,
            editions.c.note != "",
            editions.c.updated_at >= editions.c.created_at,
            newest_first=editions.c.id.desc(),
        )
        withdrawals = self._amendments(
            limit,
            (literal_column("0"), editions.c.content, digests.c.withdrawn_at, digests.c.withdrawn_because),
            digests.c.newsletter == newsletter,
            WITHDRAWN,
            is_newest(),
            newest_first=digests.c.withdrawn_at.desc(),
        )
        found = sorted((*corrections, *withdrawals), key=lambda each: (each.note.at, each.entry_id), reverse=True)
        return found[:limit]

    def _amendments(
        self, limit: int, columns: tuple[Any, ...], *wanted: Any, newest_first: ColumnElement[Any]
    ) -> list[Amendment]:
        query = (
            select(digests.c.entry_id, digests.c.slug, *columns)
            .join_from(editions, digests, digests.c.id == editions.c.digest_id)
            .where(*wanted)
            .order_by(newest_first)
            .limit(limit)
        )
        return [_amendment(*row) for row in self._connection.execute(query)]


def _amendment(entry_id: str, slug: str, number: int, content: Any, at: Any, note: str) -> Amendment:
    digest = serialise.from_json(content)
    return Amendment(entry_id, slug, digest.title, digest.date, digest.language, number, Note(at, note))
