"""The frozen editions, as rows. An edition is only ever added: nothing here updates one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, insert, or_, select

from publisher.digests import serialise
from publisher.digests.model import Digest, DigestState
from publisher.editions import (
    BlockKind,
    Edition,
    EditionBlock,
    EditionFacts,
    Field,
    FieldName,
    Note,
    Parts,
    PublishedEdition,
    RenderedEdition,
    Withdrawn,
    published_edition,
)
from publisher.errors import StorageError
from publisher.storage.digests import newest_first
from publisher.storage.tables import digest_sections, digests, edition_blocks, editions

_ENTRY = (
    editions.c.id,
    editions.c.digest_id,
    editions.c.content,
    editions.c.summary,
    editions.c.entry,
    editions.c.updated_at,
    digests.c.entry_id,
    digests.c.published_at,
    digests.c.withdrawn_at,
    digests.c.withdrawn_because,
)
_FACTS = tuple(editions.c[field.name] for field in fields(EditionFacts))
PUBLISHED = digests.c.state == DigestState.PUBLISHED
WITHDRAWN = and_(digests.c.state == DigestState.WITHDRAWN, digests.c.withdrawn_at.is_not(None))
SHOWN = or_(PUBLISHED, WITHDRAWN)
"""What has an address that somebody knows: withdrawn digests keep theirs."""


class Editions:
    """Reads and adds editions on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        digest_id: int,
        number: int,
        digest: Digest,
        rendered: RenderedEdition,
        source_hash: str,
        note: str,
        created_at: datetime,
        updated_at: datetime,
    ) -> int:
        """Freeze an edition with all its blocks; gives its id."""
        row = {
            "digest_id": digest_id,
            "number": number,
            "content": serialise.to_json(digest),
            "source_hash": source_hash,
            "subject": rendered.subject,
            "preheader": rendered.preheader,
            "summary": rendered.summary,
            "page": rendered.page,
            "entry": rendered.entry,
            "note": note,
            "created_at": created_at,
            "updated_at": updated_at,
        }
        statement = insert(editions).values(row).returning(editions.c.id)
        edition_id: int = self._connection.execute(statement).scalar_one()
        blocks = [
            {
                "edition_id": edition_id,
                "position": position,
                "kind": block.kind,
                "section": block.section,
                "html": _parts_to_json(block.html),
                "text": _parts_to_json(block.text),
            }
            for position, block in enumerate(rendered.blocks)
        ]
        if blocks:
            self._connection.execute(insert(edition_blocks), blocks)
        self._know_sections(digest_id, digest)
        return edition_id

    def _know_sections(self, digest_id: int, digest: Digest) -> None:
        """Remember which sections the newest edition has, in place of those that the one before it had."""
        self._connection.execute(delete(digest_sections).where(digest_sections.c.digest_id == digest_id))
        first = select(func.min(editions.c.id)).where(editions.c.digest_id == digest_id)
        standing = {
            "digest_id": digest_id,
            "newsletter": digest.newsletter,
            "first_edition": self._connection.scalar(first),
        }
        names = {section.slug: section.name for section in digest.sections}
        rows = [
            {"section": slug, "name": name, "position": position} | standing
            for position, (slug, name) in enumerate(names.items())
        ]
        if rows:
            self._connection.execute(insert(digest_sections), rows)

    def get(self, edition_id: int) -> Edition:
        """The whole edition.

        Raises:
            StorageError: there is none with this id.
        """
        found = self._connection.execute(select(editions).where(editions.c.id == edition_id)).first()
        if found is None:
            raise StorageError(f"there is no edition with the id {edition_id}", edition=edition_id)
        return self._edition(found)

    def newest(self, digest_id: int) -> Edition | None:
        """The edition readers get now, or None before the first."""
        query = (
            select(editions).where(editions.c.digest_id == digest_id).order_by(editions.c.number.desc()).limit(1)
        )
        found = self._connection.execute(query).first()
        return None if found is None else self._edition(found)

    def history(self, digest_id: int) -> list[EditionFacts]:
        """Every edition of a digest, the first one first."""
        query = select(*_FACTS).where(editions.c.digest_id == digest_id).order_by(editions.c.number)
        return [EditionFacts(**row._asdict()) for row in self._connection.execute(query)]

    def withdrawn(self, digest_id: int) -> Withdrawn | None:
        """What readers still get of a digest that was published and withdrawn; None of any other."""
        query = (
            select(editions.c.content, digests.c.withdrawn_at, digests.c.withdrawn_because)
            .join_from(editions, digests, digests.c.id == editions.c.digest_id)
            .where(digests.c.id == digest_id, WITHDRAWN, is_newest())
        )
        found = self._connection.execute(query).first()
        if found is None:
            return None
        digest = serialise.from_json(found.content)
        notice = Note(found.withdrawn_at, found.withdrawn_because)
        return Withdrawn(digest.title, digest.date, digest.language, notice)

    def blocks(self, edition_id: int) -> tuple[EditionBlock, ...]:
        """The mail's blocks in reading order; empty when there is no such edition."""
        columns = edition_blocks.c
        query = select(columns.kind, columns.section, columns.html, columns.text)
        found = self._connection.execute(query.where(columns.edition_id == edition_id).order_by(columns.position))
        return tuple(
            EditionBlock(BlockKind(row.kind), _parts_from_json(row.html), _parts_from_json(row.text), row.section)
            for row in found
        )

    def entries(self, newsletter: str, limit: int, section: str = "") -> list[PublishedEdition]:
        """What feeds show: the newest edition of each published digest, the digest published last first.

        Withdrawn digests are among them: readers keep what they have until something stands in its place. With a
        `section` only those digests that have it, or had it when they were withdrawn.
        """
        youngest = (
            _with_section(newsletter, section, 2 * limit) if section else _published_last(newsletter, 2 * limit)
        )
        query = _public(SHOWN, newsletter, *_ENTRY).where(digests.c.id.in_(youngest)).limit(limit)
        return [_published_edition(row) for row in self._connection.execute(query)]

    def entries_of_days(self, newsletter: str, first: date, last: date) -> list[PublishedEdition]:
        """As `entries`, all of the digests dated from `first` to `last`."""
        query = _public(SHOWN, newsletter, *_ENTRY).where(digests.c.date.between(first, last))
        return [_published_edition(row) for row in self._connection.execute(query)]

    def earlier(self, newsletter: str, limit: int, exclude: str = "") -> list[Digest]:
        """What a newsletter said last: its published digests as readers have them, the one published last first.

        `exclude` is the slug of a digest that is not wanted among them.
        """
        query = _public(PUBLISHED, newsletter, editions.c.content).where(digests.c.slug != exclude).limit(limit)
        return [serialise.from_json(content) for content in self._connection.scalars(query)]

    def sections(self, newsletter: str, limit: int) -> list[tuple[str, str]]:
        """(slug, name) of every section that the digests published last have, `limit` of them.

        The newest digest's come first, in its order; a slug comes once, with the name it was last called by.
        """
        query = _public(PUBLISHED, newsletter, editions.c.content).limit(limit)
        found: dict[str, str] = {}
        for content in self._connection.scalars(query):
            for section in serialise.from_json(content).sections:
                found.setdefault(section.slug, section.name)
        return list(found.items())

    def _edition(self, row: Row[Any]) -> Edition:
        rendered = RenderedEdition(
            subject=row.subject,
            preheader=row.preheader,
            summary=row.summary,
            blocks=self.blocks(row.id),
            page=bytes(row.page),
            entry=row.entry,
        )
        return Edition(
            id=row.id,
            digest_id=row.digest_id,
            number=row.number,
            digest=serialise.from_json(row.content),
            rendered=rendered,
            note=row.note,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def is_newest() -> ColumnElement[bool]:
    """Whether an edition is its digest's newest."""
    later = editions.alias("later")
    newest = select(func.max(later.c.number)).where(later.c.digest_id == editions.c.digest_id).scalar_subquery()
    return editions.c.number == newest


def _public(shown: ColumnElement[bool], newsletter: str, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join_from(editions, digests, digests.c.id == editions.c.digest_id)
        .where(digests.c.newsletter == newsletter, shown, is_newest())
        .order_by(*newest_first())
    )


def _published_last(newsletter: str, count: int) -> Select[Any]:
    """The digests whose first editions are the newest: those published last, but for a clock that was set back.

    There is no index on the moment of publication, and to sort all rows by it is to read all their texts.
    """
    return (
        select(editions.c.digest_id)
        .join_from(editions, digests, digests.c.id == editions.c.digest_id)
        .where(editions.c.number == 1, digests.c.newsletter == newsletter, SHOWN)
        .order_by(editions.c.id.desc())
        .limit(count)
    )


def _with_section(newsletter: str, section: str, count: int) -> Select[Any]:
    """As `_published_last`, of the digests with a section; an index holds all that is asked for."""
    columns = digest_sections.c
    mine = (columns.newsletter == newsletter, columns.section == section)
    return select(columns.digest_id).where(*mine).order_by(columns.first_edition.desc()).limit(count)


def _published_edition(row: Row[Any]) -> PublishedEdition:
    return published_edition(
        serialise.from_json(row.content),
        edition_id=row.id,
        digest_id=row.digest_id,
        summary=row.summary,
        entry=row.entry,
        entry_id=row.entry_id,
        published_at=row.published_at,
        updated_at=row.updated_at,
        withdrawn=None if row.withdrawn_at is None else Note(row.withdrawn_at, row.withdrawn_because),
    )


def _parts_to_json(parts: Parts) -> list[str | dict[str, str]]:
    return [part if isinstance(part, str) else {"field": part.name.value} for part in parts]


def _parts_from_json(parts: list[str | Mapping[str, str]]) -> Parts:
    return tuple(part if isinstance(part, str) else Field(FieldName(part["field"])) for part in parts)
