"""Cutting the deliveries of a mailing into batches: none of two waves, none of a canary and the rest. SQL only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, func, insert, literal, literal_column, select, update

from publisher.ledger import DeliveryState, Spread
from publisher.storage.leases import is_state
from publisher.storage.tables import batches, deliveries, mailings
from subscribers.tables import Id

SMALLEST = 1_000
LARGEST = 5_000
SHARES = 20
"""A mailing is cut into so many batches, or more: senders are to have their share of a small one."""


def size_for(mails: int) -> int:
    """Deliveries that one sender leases at a time.

    Whole thousands, because providers' largest calls are: of a smaller batch there would never be two under way.
    """
    return min(max(SMALLEST, mails // SHARES // SMALLEST * SMALLEST), LARGEST)


def cut(connection: Connection, mailing_id: int, size: int, spread: Spread, mails: int) -> None:
    """Make the batches of a mailing that was just planned, and remember what its spread demands.

    Args:
        connection: in the transaction of the plan.
        mailing_id: the mailing; all its deliveries are pending.
        size: deliveries in a batch, at most.
        spread: when which of them leave.
        mails: how many there are.
    """
    kinds: list[ColumnElement[Any]] = []
    canary = spread.first(mails)
    if canary:
        kinds.append(deliveries.c.id > _canary_ends(connection, mailing_id, canary))
    if spread.moments:
        _remember(connection, mailing_id, local_time=spread.clock)
        kinds.append(deliveries.c.due_at)
    _insert(connection, mailing_id, size, kinds)


def _canary_ends(connection: Connection, mailing_id: int, canary: int) -> int:
    """The last delivery of the canary, which the mailing remembers."""
    last = (
        select(deliveries.c.id).where(*_planned(mailing_id)).order_by(deliveries.c.id).offset(canary - 1).limit(1)
    )
    canary_id: int = connection.execute(last).scalar_one()
    _remember(connection, mailing_id, canary_id=canary_id)
    return canary_id


def _insert(connection: Connection, mailing_id: int, size: int, kinds: list[ColumnElement[Any]]) -> None:
    """Ranges of delivery ids, each of one kind. Ids ascend kind by kind: the plan is ordered so."""
    place = func.row_number().over(partition_by=kinds or None, order_by=deliveries.c.id) - 1
    numbered = (
        select(
            deliveries.c.id,
            deliveries.c.due_at,
            (place // literal_column(str(size), Integer)).label("batch"),
            *(kind.label(f"kind{number}") for number, kind in enumerate(kinds)),
        )
        .where(*_planned(mailing_id))
        .subquery("numbered")
    )
    first, number, due_at = func.min(numbered.c.id), func.count(), func.min(numbered.c.due_at)
    ranges = (
        select(literal(mailing_id, Id), first, func.max(numbered.c.id), number, due_at)
        .group_by(numbered.c.batch, *(numbered.c[f"kind{number}"] for number in range(len(kinds))))
        .order_by(first)
    )
    bounds = ("mailing_id", "first_id", "last_id", "mails", "due_at")
    connection.execute(insert(batches).from_select(bounds, ranges))


def _planned(mailing_id: int) -> tuple[ColumnElement[bool], ...]:
    return deliveries.c.mailing_id == mailing_id, is_state(deliveries, DeliveryState.PENDING)


def _remember(connection: Connection, mailing_id: int, **values: object) -> None:
    connection.execute(update(mailings).where(mailings.c.id == mailing_id).values(values))
