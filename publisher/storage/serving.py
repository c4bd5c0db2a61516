"""What serving documents needs to know beside their bytes: whether they changed, how old they are said to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from publisher.digests.model import DigestState
from publisher.served import Version
from publisher.storage.tables import digests, generations, site_versions

SITE = "site"


class Generations:
    """A number for the site that is one more with each change. The caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def number(self) -> int:
        """The number now; 0 before the first change."""
        row = generations.c
        found: int | None = self._connection.scalar(select(row.number).where(row.name == SITE))
        return found or 0

    def advance(self) -> int:
        """Say that something has changed; gives the new number."""
        more = {"number": generations.c.number + 1}
        statement = upsert(self._connection, generations, {"name": SITE, "number": 1}, more)
        number: int = self._connection.execute(statement.returning(generations.c.number)).scalar_one()
        return number


class SiteVersions:
    """The newest version that was served under each address. The caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, path: str) -> Version | None:
        """That of one document; None when it was never served."""
        row = site_versions.c
        found = self._connection.execute(select(row.digest, row.modified_at).where(row.path == path)).first()
        return Version(found.digest, found.modified_at) if found else None

    def keep(self, versions: Mapping[str, Version]) -> None:
        """Keep versions by path; one that is no newer than what is there changes nothing."""
        row = site_versions.c
        for path, version in versions.items():
            values = {"path": path, "digest": version.digest, "modified_at": version.modified}
            newer = {name: values[name] for name in ("digest", "modified_at")}
            statement = upsert(
                self._connection, site_versions, values, newer, where=row.modified_at < version.modified
            )
            self._connection.execute(statement)

    def withdrawn_pages(self) -> frozenset[str]:
        """The paths of the pages that are notices in place of digests."""
        row = digests.c
        query = select(row.newsletter, row.slug).where(row.state == str(DigestState.WITHDRAWN))
        return frozenset(f"{newsletter}/{slug}/index.html" for newsletter, slug in self._connection.execute(query))


def upsert(
    connection: Connection,
    table: Table,
    values: Mapping[str, object],
    change: Mapping[str, Any],
    where: ColumnElement[bool] | None = None,
) -> Any:
    """An INSERT of one row that changes the row which is there already, if `where` is true of that."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # late: only that of the database there is

        insert: Any = sqlite.insert(table)
    else:
        from sqlalchemy.dialects import postgresql

        insert = postgresql.insert(table)
    keys = list(table.primary_key.columns)
    return insert.values(**values).on_conflict_do_update(index_elements=keys, set_=change, where=where)
