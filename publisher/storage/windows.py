"""The statements of a window, as `prepared` runs them: a sender does so for every few mails of a million.

What differs from window to window comes as parameters, whose names begin with `w_`. A window comes and goes as one
piece of JSON: SQLite's driver lets go of Python's lock at every row, and the thread that sends takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import Update
from sqlalchemy.types import TypeEngine

from publisher.ledger import DeliveryState, MailingState, sources_of
from publisher.storage.leases import is_state
from publisher.storage.tables import deliveries, mailings
from subscribers.tables import Id, UTCDateTime, subscribers

WhyNotAt = Callable[[ColumnElement[int], ColumnElement[str], ColumnElement[datetime]], ColumnElement[Any]]
"""Why the subscriber in a column must not be mailed a newsletter at a moment; SQL NULL when there is no reason."""

_S = DeliveryState
_A_SENDERS_WORD = frozenset({_S.SENDING, _S.UNCERTAIN})
"""What a sender's outcome may change: its window, and what was marked uncertain in its name meanwhile."""


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=Id)


_NOW: BindParameter[datetime] = bindparam("w_now", type_=UTCDateTime())
_SENDER: BindParameter[str] = bindparam("w_sender", type_=String())


def take(why_not: WhyNotAt) -> Update:
    """Make the next deliveries of a batch `sending`, or `skipped` with the reason; not those that are not due yet.

    Takes w_mailing, w_newsletter, w_after, w_last, w_most, w_sender and w_now.
    """
    pending = deliveries.alias("pending")
    newsletter: BindParameter[str] = bindparam("w_newsletter", type_=String())
    taken = (
        select(pending.c.id, why_not(pending.c.subscriber_id, newsletter, _NOW).label("why_not"))
        .where(
            pending.c.mailing_id == _number("w_mailing"),
            is_state(pending, _S.PENDING),
            pending.c.id > _number("w_after"),
            pending.c.id <= _number("w_last"),
            or_(pending.c.due_at.is_(None), pending.c.due_at <= _NOW),
        )
        .order_by(pending.c.id)
        .limit(_number("w_most"))
        .subquery("taken")
    )
    sends = taken.c.why_not.is_(None)
    running = exists().where(mailings.c.id == _number("w_mailing"), mailings.c.state == str(MailingState.RUNNING))
    return (
        update(deliveries)
        .where(deliveries.c.id == taken.c.id, is_state(deliveries, _S.PENDING), running)
        .values(
            state=case((sends, str(_S.SENDING)), else_=str(_S.SKIPPED)),
            reason=func.coalesce(taken.c.why_not, ""),
            code=None,
            attempts=deliveries.c.attempts + case((sends, 1), else_=0),
            due_at=None,
            sender_id=_SENDER,
            changed_at=_NOW,
        )
    )


def found(dialect: str) -> Select[Any]:
    """What was just taken as `sending`, as a sender needs it: one JSON list; w_after, w_last, w_sender.

    The address is null for a subscriber who was erased this very moment.
    """
    fields = (
        deliveries.c.id,
        deliveries.c.subscriber_id,
        subscribers.c.email,
        subscribers.c.name,
        subscribers.c.link_version,
        func.json(deliveries.c.sections) if dialect == "sqlite" else deliveries.c.sections,
        deliveries.c.attempts,
        deliveries.c.replies_to,
    )
    rows = (
        func.json_group_array(func.json_array(*fields))
        if dialect == "sqlite"
        else func.json_agg(func.json_build_array(*fields))
    )
    return (
        select(rows)
        .select_from(deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id))
        .where(
            deliveries.c.id > _number("w_after"),
            deliveries.c.id <= _number("w_last"),
            deliveries.c.sender_id == _SENDER,
            is_state(deliveries, _S.SENDING),
        )
    )


def put_off(dialect: str) -> Update:
    """Make deliveries of a sender pending again that it never began, until their moment; w_sender, w_now, w_rows.

    `w_rows` is JSON: a list of `[id, due_at]`.
    """
    part = _parts(dialect)
    return (
        update(deliveries)
        .where(deliveries.c.id == part(0, Id), deliveries.c.sender_id == _SENDER, is_state(deliveries, _S.SENDING))
        .values(
            state=str(_S.PENDING),
            due_at=part(1, UTCDateTime()),
            sender_id=None,
            attempts=deliveries.c.attempts - 1,
            changed_at=_NOW,
        )
    )


def settled(state: DeliveryState, dialect: str) -> Update:
    """Give deliveries of a sender their outcomes; takes w_sender, w_now, and w_rows.

    `w_rows` is JSON: a list of `[id, code, reason, provider_id, due_at]`. A delivery that may not go to this state
    from where it stands stays as it is.
    """
    part = _parts(dialect)
    sources = sorted(sources_of(state) & _A_SENDERS_WORD)
    return (
        update(deliveries)
        .where(
            deliveries.c.id == part(0, Id),
            deliveries.c.sender_id == _SENDER,
            or_(*(is_state(deliveries, source) for source in sources)),
        )
        .values(
            state=str(state),
            code=part(1, Integer()),
            reason=part(2, Text()),
            provider_id=part(3, Text()),
            due_at=part(4, UTCDateTime()),
            changed_at=_NOW,
        )
    )


def _parts(dialect: str) -> Callable[[int, TypeEngine[Any]], ColumnElement[Any]]:
    """Takes a place and a type; gives what stands there in each row of the JSON that is bound to w_rows."""
    said: BindParameter[str] = bindparam("w_rows", type_=Text())
    each = func.json_each(said) if dialect == "sqlite" else func.json_array_elements(cast(said, JSON()))
    rows = each.table_valued("value")

    def part(place: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
        if dialect == "sqlite":
            return func.json_extract(rows.c.value, f"$[{place}]")
        return cast(rows.c.value.op("->>")(literal_column(str(place))), kind)

    return part
