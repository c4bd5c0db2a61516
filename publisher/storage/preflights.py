"""What was found about digests before they left, as rows. One is only ever added: nothing here updates one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from publisher.storage.tables import preflights


@dataclass(frozen=True, slots=True)
class Preflight:
    """One inspection. `findings` and `despite` are what JSON can hold; see the table's columns."""

    id: int
    digest_id: int
    edition_id: int | None
    source_hash: str
    conditions: str
    at: datetime
    findings: list[dict[str, str]]
    despite: list[str]


_COLUMNS = tuple(preflights.c[field.name] for field in fields(Preflight))


class Preflights:
    """Adds and reads on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        digest_id: int,
        edition_id: int | None,
        source_hash: str,
        conditions: str,
        at: datetime,
        findings: Iterable[Mapping[str, str]],
        despite: Iterable[str],
    ) -> None:
        """Record what was found; `edition_id` is None for what was not let go."""
        row: dict[str, Any] = {
            "digest_id": digest_id,
            "edition_id": edition_id,
            "source_hash": source_hash,
            "conditions": conditions,
            "at": at,
            "findings": [dict(finding) for finding in findings],
            "despite": list(despite),
        }
        self._connection.execute(insert(preflights).values(row))

    def newest(self, digest_id: int) -> Preflight | None:
        """What was found about a digest last; None when it was never looked at."""
        query = select(*_COLUMNS).where(preflights.c.digest_id == digest_id)
        found = self._connection.execute(query.order_by(preflights.c.id.desc()).limit(1)).first()
        return None if found is None else Preflight(**found._asdict())
