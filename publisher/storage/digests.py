"""The digests and their pictures, as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.digests import serialise
from publisher.digests.model import Asset, Digest, DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.errors import StorageError
from publisher.storage import tables
from publisher.storage.tables import assets as assets_table
from publisher.storage.tables import digest_assets, digests, editions
from subscribers.portable import insert_missing

_COLUMNS = tuple(digests.c[field.name] for field in fields(DigestRecord))
_ENDED = (DigestState.PUBLISHED, DigestState.WITHDRAWN)


class Digests:
    """Reads and writes digests on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, digest_id: int) -> DigestRecord:
        """The digest with this id.

        Raises:
            StorageError: there is none.
        """
        found = self._one(digests.c.id == digest_id)
        if found is None:
            raise _unknown(digest_id)
        return found

    def by_source(self, newsletter: str, source: str) -> DigestRecord | None:
        """The digest that this file of the inbox became; the youngest when it became several."""
        return self._one(digests.c.newsletter == newsletter, digests.c.source == source)

    def find(self, text: str) -> list[DigestRecord]:
        """The digests a person may mean by `slug` or `newsletter/slug`."""
        newsletter, slash, slug = text.rpartition("/")
        wanted = [digests.c.slug == slug, *([digests.c.newsletter == newsletter] if slash else [])]
        return self._many(select(*_COLUMNS).where(*wanted).order_by(digests.c.newsletter))

    def all(self, newsletter: str | None = None) -> list[DigestRecord]:
        """Every digest, of one newsletter when given; the newest-dated first."""
        query = select(*_COLUMNS).order_by(digests.c.date.desc(), digests.c.id.desc())
        return self._many(query if newsletter is None else query.where(digests.c.newsletter == newsletter))

    def content(self, digest_id: int) -> Digest:
        """What the digest says, in its newest revision of the inbox.

        Raises:
            StorageError: there is no such digest.
        """
        found = self._connection.scalar(select(digests.c.content).where(digests.c.id == digest_id))
        if found is None:
            raise _unknown(digest_id)
        return serialise.from_json(found)

    def add(
        self,
        digest: Digest,
        *,
        state: DigestState,
        source: str,
        source_hash: str,
        assets: Iterable[Asset],
        now: datetime,
    ) -> int:
        """Take in a digest; gives its id.

        Raises:
            StorageError: its newsletter has a digest of this slug already.
        """
        row = {
            "seen_at": now,
            "finalized_at": now if state is DigestState.FINALIZED else None,
            **_revision(digest, state, source, source_hash),
        }
        try:
            with self._connection.begin_nested():
                digest_id: int = self._connection.execute(
                    insert(digests).values(row).returning(digests.c.id)
                ).scalar_one()
        except IntegrityError as error:
            raise _taken(digest) from error
        self._set_assets(digest_id, assets)
        return digest_id

    def replace(
        self,
        digest_id: int,
        digest: Digest,
        *,
        state: DigestState,
        source: str,
        source_hash: str,
        assets: Iterable[Asset],
        now: datetime,
    ) -> None:
        """Put a newer revision in place of an unpublished one, which takes its newsletter and slug as well.

        Raises:
            StorageError: there is no such digest, it was published meanwhile, or the new name is taken.
        """
        values = _revision(digest, state, source, source_hash) | self._first_finalized(state, now)
        statement = update(digests).where(digests.c.id == digest_id, digests.c.state.not_in(_ENDED)).values(values)
        try:
            with self._connection.begin_nested():
                replaced = self._connection.execute(statement).rowcount == 1
        except IntegrityError as error:
            raise _taken(digest) from error
        if not replaced:
            raise StorageError(
                f"the digest {self.get(digest_id).key} is published: its file no longer replaces it",
                remedy="Use `publisher digest correct`",
                digest=digest.key,
            )
        self._set_assets(digest_id, assets)

    def set_state(
        self,
        digest_id: int,
        state: DigestState,
        *,
        held_because: str = "",
        from_states: Collection[DigestState],
        now: datetime,
    ) -> bool:
        """Move a digest to `state`; False, and no change, when it is in none of `from_states`."""
        values = {"state": state, "held_because": held_because, **self._first_finalized(state, now)}
        return self._update(digest_id, from_states, values)

    def publish(
        self,
        digest_id: int,
        *,
        slot: datetime | None,
        mail: MailChoice,
        entry_id: str,
        now: datetime,
        from_states: Collection[DigestState],
    ) -> bool:
        """Record the publication; False, and no change, when the digest or the slot was taken by another.

        The moment and the entry's id stay what they were when it had been published before.
        """
        values = {
            "state": DigestState.PUBLISHED,
            "held_because": "",
            "slot": slot,
            "mail": mail,
            "published_at": func.coalesce(digests.c.published_at, now),
            "entry_id": func.coalesce(digests.c.entry_id, entry_id),
        }
        try:
            with self._connection.begin_nested():
                return self._update(digest_id, from_states, values)
        except IntegrityError:  # unique (newsletter, slot)
            return False

    def correct(self, digest_id: int, digest: Digest, *, source: str, source_hash: str) -> bool:
        """Put a correction in place of what a published digest says; False, and no change, of any other.

        Name, entry and moment of publication stay what they are, and so do the pictures it had.
        """
        told = {"title": digest.title, "date": digest.date, "content": serialise.to_json(digest)}
        return self._update(
            digest_id, {DigestState.PUBLISHED}, told | {"source": source, "source_hash": source_hash}
        )

    def know_file(self, digest_id: int, *, source: str, source_hash: str) -> None:
        """Remember that a file with these bytes says what the digest says."""
        self._update(digest_id, {DigestState.PUBLISHED}, {"source": source, "source_hash": source_hash})

    def earlier_files(self) -> list[tuple[int, str]]:
        """(digest id, hash) of the files that corrected digests were before."""
        later = editions.alias("later")  # by its index: the rows of editions are large
        corrected = select(later.c.digest_id).where(later.c.number > 1)
        query = (
            select(editions.c.digest_id, editions.c.source_hash)
            .join(digests, digests.c.id == editions.c.digest_id)
            .where(editions.c.digest_id.in_(corrected), editions.c.source_hash != digests.c.source_hash)
        )
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def withdraw(self, digest_id: int, *, because: str, now: datetime) -> bool:
        """Withdraw a digest, whatever its state; False, and no change, when it was withdrawn before.

        `because` is what its page says in place of it.
        """
        values = {
            "state": DigestState.WITHDRAWN,
            "held_because": "",
            "withdrawn_at": now,
            "withdrawn_because": because,
        }
        return self._update(digest_id, frozenset(DigestState) - {DigestState.WITHDRAWN}, values)

    def set_mail(self, digest_id: int, mail: MailChoice) -> None:
        """Record whether the digest is mailed."""
        self._connection.execute(update(digests).where(digests.c.id == digest_id).values(mail=mail))

    def title_published_before(
        self, newsletter: str, title: str, exclude_id: int, *, moment: datetime | None = None
    ) -> bool:
        """Whether another digest of this newsletter was published under this title, before a moment when given."""
        wanted = [
            digests.c.newsletter == newsletter,
            digests.c.title == title,
            digests.c.id != exclude_id,
            digests.c.published_at.is_not(None),
        ]
        if moment is not None:
            wanted.append(digests.c.published_at < moment)
        return bool(self._connection.scalar(select(exists().where(*wanted))))

    def assets_of(self, digest_id: int) -> tuple[Asset, ...]:
        """The digest's pictures, with their bytes, by name."""
        query = (
            select(assets_table.c.name, assets_table.c.media_type, assets_table.c.data)
            .join(digest_assets, digest_assets.c.asset == assets_table.c.name)
            .where(digest_assets.c.digest_id == digest_id)
            .order_by(assets_table.c.name)
        )
        return tuple(Asset(row.name, row.media_type, bytes(row.data)) for row in self._connection.execute(query))

    def asset_sizes(self, digest_id: int) -> dict[str, int]:
        """Octets of each of the digest's pictures, by name; their bytes stay where they are."""
        query = (
            select(assets_table.c.name, func.length(assets_table.c.data).label("size"))
            .join(digest_assets, digest_assets.c.asset == assets_table.c.name)
            .where(digest_assets.c.digest_id == digest_id)
        )
        return {row.name: row.size for row in self._connection.execute(query)}

    def add_assets(self, digest_id: int, assets: Iterable[Asset]) -> None:
        """Keep further pictures with a digest; those it has already stay as they are."""
        for asset in assets:
            row = {"name": asset.name, "media_type": asset.media_type, "data": asset.data}
            self._connection.execute(insert_missing(self._connection, assets_table), row)
            link = {"digest_id": digest_id, "asset": asset.name}
            self._connection.execute(insert_missing(self._connection, digest_assets), link)

    def _set_assets(self, digest_id: int, wanted: Iterable[Asset]) -> None:
        """Link exactly these pictures, and forget those that no digest is left to show."""
        mine = digest_assets.c.digest_id == digest_id
        before = set(self._connection.scalars(select(digest_assets.c.asset).where(mine)))
        by_name = {asset.name: asset for asset in wanted}
        self.add_assets(digest_id, by_name.values())
        for name in before - by_name.keys():
            self._connection.execute(delete(digest_assets).where(mine, digest_assets.c.asset == name))
            linked = exists().where(digest_assets.c.asset == assets_table.c.name)
            self._connection.execute(delete(assets_table).where(assets_table.c.name == name, ~linked))

    @staticmethod
    def _first_finalized(state: DigestState, now: datetime) -> dict[str, Any]:
        if state is not DigestState.FINALIZED:
            return {}
        return {"finalized_at": func.coalesce(digests.c.finalized_at, now)}

    def _update(self, digest_id: int, from_states: Collection[DigestState], values: dict[str, Any]) -> bool:
        wanted = (digests.c.id == digest_id, digests.c.state.in_(sorted(from_states)))
        return self._connection.execute(update(digests).where(*wanted).values(values)).rowcount == 1

    def _one(self, *wanted: Any) -> DigestRecord | None:
        found = self._many(select(*_COLUMNS).where(*wanted).order_by(digests.c.id.desc()).limit(1))
        return found[0] if found else None

    def _many(self, query: Any) -> list[DigestRecord]:
        return [_record(row) for row in self._connection.execute(query)]


def newest_first() -> tuple[Any, ...]:
    """The order of archives and feeds: by publication; of those published together, by the digests' own dates."""
    columns = tables.digests.c
    return columns.published_at.desc(), columns.date.desc(), columns.id.desc()


def _revision(digest: Digest, state: DigestState, source: str, source_hash: str) -> dict[str, Any]:
    return {
        "newsletter": digest.newsletter,
        "slug": digest.slug,
        "title": digest.title,
        "date": digest.date,
        "state": state,
        "content": serialise.to_json(digest),
        "source": source,
        "source_hash": source_hash,
        "publish_at": digest.publish_at,
        "held_because": "",
    }


def _record(row: Row[Any]) -> DigestRecord:
    found = row._asdict()
    return DigestRecord(**found | {"state": DigestState(found["state"]), "mail": MailChoice(found["mail"])})


def _taken(digest: Digest) -> StorageError:
    return StorageError(f"there is a digest {digest.key} already", digest=digest.key)


def _unknown(digest_id: int) -> StorageError:
    return StorageError(f"there is no digest with the id {digest_id}", digest=digest_id)
