"""The statements of a window, as `prepared` runs them: a sender does so for every few mails of a million.

What differs from window to window comes as parameters, whose names begin with `w_`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate, Update

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


def take(why_not: WhyNotAt) -> ReturningUpdate[tuple[int, str]]:
    """Make the next deliveries of a batch `sending`, or `skipped` with the reason; gives their ids and states.

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
        .returning(deliveries.c.id, deliveries.c.state)
    )


def found() -> Select[Any]:
    """The deliveries of a window as a sender needs them; takes w_first, w_last and w_sender."""
    return (
        select(
            deliveries.c.id,
            deliveries.c.subscriber_id,
            subscribers.c.email,
            subscribers.c.name,
            subscribers.c.link_version,
            deliveries.c.sections,
            deliveries.c.attempts,
            deliveries.c.replies_to,
        )
        .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            deliveries.c.id.between(_number("w_first"), _number("w_last")),
            deliveries.c.sender_id == _SENDER,
            is_state(deliveries, _S.SENDING),
        )
        .order_by(deliveries.c.id)
    )


def settled(state: DeliveryState) -> Update:
    """Give a delivery of a sender its outcome; takes w_id, w_sender, w_now and the outcome's values.

    One that may not go to this state from where it stands stays as it is.
    """
    sources = sorted(sources_of(state) & _A_SENDERS_WORD)
    return (
        update(deliveries)
        .where(
            deliveries.c.id == _number("w_id"),
            deliveries.c.sender_id == _SENDER,
            or_(*(is_state(deliveries, source) for source in sources)),
        )
        .values(
            state=str(state),
            code=bindparam("w_code"),
            reason=bindparam("w_reason"),
            provider_id=bindparam("w_provider_id"),
            due_at=bindparam("w_due_at"),
            changed_at=_NOW,
        )
    )
