"""The append-only log of acts: who did what to which digest, when, with what data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from publisher.storage.tables import events


@dataclass(frozen=True, slots=True)
class Event:
    """One act. `kind` is one of docs/events.md, such as `digest.published`; `data` is what JSON can hold."""

    id: int
    at: datetime
    kind: str
    actor: str
    digest_id: int | None
    mailing_id: int | None
    delivery_id: int | None
    data: Mapping[str, Any]


_COLUMNS = tuple(events.c[field.name] for field in fields(Event))


class Events:
    """Appends and reads on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(
        self,
        kind: str,
        *,
        at: datetime,
        actor: str = "",
        digest_id: int | None = None,
        mailing_id: int | None = None,
        delivery_id: int | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Record one act."""
        row = {
            "kind": kind,
            "at": at,
            "actor": actor,
            "digest_id": digest_id,
            "mailing_id": mailing_id,
            "delivery_id": delivery_id,
            "data": dict(data or {}),
        }
        self._connection.execute(insert(events).values(row))

    def of_digest(self, digest_id: int) -> list[Event]:
        """What happened to one digest, the oldest first."""
        query = select(*_COLUMNS).where(events.c.digest_id == digest_id).order_by(events.c.id)
        return [Event(**row._asdict()) for row in self._connection.execute(query)]
