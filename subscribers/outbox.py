"""Mails to one person that are no digest, as rows until they have left; what becomes of them is decided elsewhere.

A request only puts a row here. Whether anybody of that address is known is looked up when the mail is written, by
another thread: nothing about the answer to a request, its time included, depends on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from subscribers.tables import notices

ERROR_LENGTH = 500


class NoticeKind(StrEnum):
    """What is to be mailed."""

    SIGNUP = "signup"  # somebody asked for the newsletter at this address: what is written depends on who it is
    FRESH = "fresh"  # a fresh link to one's own data
    MOVE = "move"  # to a new address: is it yours?
    MOVED = "moved"  # to the old address: mail goes elsewhere from now on


@dataclass(frozen=True, slots=True)
class Notice:
    """One of them. `facts` are what its kind needs; `attempts` those that were begun."""

    id: int
    kind: NoticeKind
    newsletter: str
    email: str
    email_key: str
    subscriber_id: int | None
    facts: Mapping[str, Any]
    created_at: datetime
    attempts: int


_COLUMNS = tuple(notices.c[field.name] for field in fields(Notice))


def put(
    connection: Connection,
    kind: NoticeKind,
    newsletter: str,
    address: tuple[str, str],
    *,
    subscriber_id: int | None = None,
    facts: Mapping[str, str] | None = None,
    now: datetime,
) -> None:
    """Have something mailed; `address` is that of `addresses.normalise`."""
    email, email_key = address
    values = {
        "kind": kind.value,
        "newsletter": newsletter,
        "email": email,
        "email_key": email_key,
        "subscriber_id": subscriber_id,
        "facts": dict(facts or {}),
        "created_at": now,
        "due_at": now,
    }
    connection.execute(insert(notices).values(values))


def waiting(connection: Connection, now: datetime) -> bool:
    """Whether anything is due."""
    return bool(connection.scalar(select(exists().where(notices.c.due_at <= now))))


def due(connection: Connection, now: datetime, limit: int) -> list[Notice]:
    """What is due, the longest waiting first."""
    query = select(*_COLUMNS).where(notices.c.due_at <= now).order_by(notices.c.due_at, notices.c.id).limit(limit)
    found = (row._asdict() for row in connection.execute(query))
    return [Notice(**row | {"kind": NoticeKind(row["kind"])}) for row in found]


def begin(connection: Connection, notice_id: int) -> bool:
    """Count an attempt; False when it is gone, erased with its person perhaps."""
    statement = update(notices).where(notices.c.id == notice_id).values(attempts=notices.c.attempts + 1)
    return bool(connection.execute(statement).rowcount)


def postpone(connection: Connection, notice_id: int, error: str, due_at: datetime) -> None:
    """Have it tried again, later."""
    values = {"error": error[:ERROR_LENGTH], "due_at": due_at}
    connection.execute(update(notices).where(notices.c.id == notice_id).values(values))


def remove(connection: Connection, ids: Collection[int]) -> None:
    """Forget those that have left, or never will."""
    connection.execute(delete(notices).where(notices.c.id.in_(ids)))


def forget(connection: Connection, subscriber_id: int | None, email_key: str) -> None:
    """Forget what is about a person, or goes to their address."""
    theirs = or_(notices.c.subscriber_id == (subscriber_id or 0), notices.c.email_key == email_key)
    connection.execute(delete(notices).where(theirs))
