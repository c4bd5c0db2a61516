"""Addresses that must not be mailed, whoever subscribes them. Only a person, with a word why, lifts one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, insert, or_, select, update

from publisher.errors import SubscriberError
from subscribers.hashing import is_keyed, keyed
from subscribers.model import Suppression, SuppressionReason
from subscribers.portable import among
from subscribers.tables import suppressions

_COLUMNS = tuple(suppressions.c[field.name] for field in fields(Suppression))


def suppress(
    connection: Connection,
    email_key: str,
    *,
    newsletter: str | None,
    reason: SuppressionReason,
    detail: str,
    now: datetime,
) -> bool:
    """Forbid mailing an address, by newsletter or (None) at all; False when exactly that is forbidden already.

    `email_key` is that of `addresses.normalise`, or its form of `hashing.keyed`.
    """
    same = select(suppressions.c.id).where(
        suppressions.c.email_key == email_key, _same_scope(newsletter), suppressions.c.lifted_at.is_(None)
    )
    if connection.execute(same.limit(1)).first() is not None:
        return False
    row = {"email_key": email_key, "newsletter": newsletter, "reason": reason, "detail": detail, "created_at": now}
    connection.execute(insert(suppressions).values(keyed=is_keyed(email_key), **row))
    return True


def unsuppress(connection: Connection, email_key: str, *, newsletter: str | None, by: str, now: datetime) -> int:
    """Lift what forbids mailing an address: for one newsletter, or (None) for all. Gives how many were lifted.

    The rows stay as a record.

    Raises:
        SubscriberError: `by`, who lifts it and why, is empty.
    """
    if not by.strip():
        raise SubscriberError("a suppression is lifted by somebody, for a reason", remedy="Say who and why")
    statement = update(suppressions).where(
        suppressions.c.email_key == email_key, _same_scope(newsletter), suppressions.c.lifted_at.is_(None)
    )
    return connection.execute(statement.values(lifted_at=now, lifted_by=by)).rowcount


def suppression_page(
    connection: Connection, *, lifted: bool = False, after_id: int = 0, limit: int = 1000
) -> list[Suppression]:
    """Suppressions by id, those after `after_id`; without the lifted ones unless asked for."""
    query = select(*_COLUMNS).where(suppressions.c.id > after_id).order_by(suppressions.c.id).limit(limit)
    if not lifted:
        query = query.where(suppressions.c.lifted_at.is_(None))
    found = (row._asdict() for row in connection.execute(query))
    return [Suppression(**row | {"reason": SuppressionReason(row["reason"])}) for row in found]


def suppressions_of(connection: Connection, keys: Sequence[str]) -> list[Suppression]:
    """What forbids, or forbade, mailing these keys or forms of `hashing.keyed`, the oldest first."""
    query = select(*_COLUMNS).where(among(connection, suppressions.c.email_key, keys)).order_by(suppressions.c.id)
    found = (row._asdict() for row in connection.execute(query))
    return [Suppression(**row | {"reason": SuppressionReason(row["reason"])}) for row in found]


def standing(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of these keys, or forms of `hashing.keyed`, that something forbids mailing, whichever newsletter."""
    query = select(suppressions.c.email_key).where(
        among(connection, suppressions.c.email_key, keys), suppressions.c.lifted_at.is_(None)
    )
    return set(connection.scalars(query))


def suppressed_keys(connection: Connection, keys: Sequence[str], newsletter: str, secret: bytes) -> set[str]:
    """Those of these keys that this newsletter must not mail, those of erased people too.

    Args:
        connection: to the database.
        keys: of `addresses.normalise`.
        newsletter: its slug.
        secret: the instance's, for the addresses that are kept as `hashing.keyed` only.
    """
    plain = {key: key for key in keys}
    if connection.scalar(select(exists().where(suppressions.c.keyed))):
        plain |= {keyed(secret, key): key for key in keys}
    query = select(suppressions.c.email_key).where(
        among(connection, suppressions.c.email_key, list(plain)),
        suppressions.c.lifted_at.is_(None),
        or_(suppressions.c.newsletter.is_(None), suppressions.c.newsletter == newsletter),
    )
    return {plain[found] for found in connection.scalars(query)}


def _same_scope(newsletter: str | None) -> ColumnElement[bool]:
    column = suppressions.c.newsletter
    return column.is_(None) if newsletter is None else column == newsletter
