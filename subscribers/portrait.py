"""Everything that the tables about people hold of one of them, as they may have it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from subscribers.model import Subscriber
from subscribers.tables import consents, subscribers, subscriptions, suppressions


def of(connection: Connection, who: Subscriber) -> dict[str, Any]:
    """Plain data that JSON can hold: the person, subscriptions, consents, and why they may not be mailed."""
    row = connection.execute(select(subscribers).where(subscribers.c.id == who.id)).mappings().first()
    hidden = ("id", "email_key", "link_version")  # ours, not theirs
    return {
        "person": {name: value for name, value in _plain(row or {}).items() if name not in hidden},
        "subscriptions": _rows(connection, subscriptions, who.id),
        "consents": _rows(connection, consents, who.id),
        "suppressions": [
            {name: value for name, value in _plain(row).items() if name not in hidden}
            for row in connection.execute(
                select(suppressions).where(suppressions.c.email_key == who.email_key).order_by(suppressions.c.id)
            ).mappings()
        ],
    }


def _rows(connection: Connection, table: Table, subscriber_id: int) -> list[dict[str, Any]]:
    query = select(table).where(table.c.subscriber_id == subscriber_id).order_by(*table.primary_key)
    return [
        {name: value for name, value in _plain(row).items() if name not in ("id", "subscriber_id")}
        for row in connection.execute(query).mappings()
    ]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
