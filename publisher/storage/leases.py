"""Who sends what: the rows of senders and batches. SQL only; see `publisher.storage.ledger` for the deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    Connection,
    String,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import Update

from publisher.ledger import Batch, DeliveryState, MailingState
from publisher.storage.prepared import Prepared, prepared
from publisher.storage.tables import batches, deliveries, digests, mailings, senders
from subscribers.tables import UTCDateTime


class Leases:
    """Moves senders and batches on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- senders ---------------------------------------------------------------------------------------------

    def register_sender(self, sender_id: str, host: str, now: datetime, lease_until: datetime) -> None:
        """Make a sender known before it takes anything."""
        row = {"id": sender_id, "host": host, "started_at": now, "lease_until": lease_until}
        self._connection.execute(senders.insert().values(row))

    def renew_lease(self, sender_id: str, lease_until: datetime) -> bool:
        """Say that the sender lives; False when a rescuer has ended it. Comes first in a sender's transaction.

        It locks the sender's row until the commit, so that a rescuer sees either all of a window or none of it.
        """
        values = {"w_sender": sender_id, "w_until": lease_until}
        return self._prepared(_renewed).change(self._connection, values) == 1

    def end_sender(self, sender_id: str, now: datetime, *, expired: bool = False) -> bool:
        """End a sender and open its batches; False when it had ended. `expired`: only if its lease is over."""
        wanted = [senders.c.id == sender_id, senders.c.ended_at.is_(None)]
        if expired:
            wanted.append(senders.c.lease_until < now)
        if self._changed(update(senders).where(*wanted).values(ended_at=now)) != 1:
            return False
        self._connection.execute(update(batches).where(batches.c.sender_id == sender_id).values(sender_id=None))
        return True

    def expired_senders(self, now: datetime) -> list[tuple[str, str]]:
        """Id and host of the senders whose lease is over."""
        over = (senders.c.ended_at.is_(None), senders.c.lease_until < now)
        query = select(senders.c.id, senders.c.host).where(*over).order_by(senders.c.lease_until)
        return [(row.id, row.host) for row in self._connection.execute(query)]

    # --- batches ---------------------------------------------------------------------------------------------

    def open_batches(self, now: datetime) -> int:
        """How many batches of running mailings nobody has, and may leave now."""
        query = select(func.count()).select_from(batches.join(mailings)).where(*_OPEN, _is_due(now))
        return self._connection.scalar(query) or 0

    def held_at(self, host: str) -> bool:
        """Whether a sender of this machine has a batch."""
        theirs = select(senders.c.id).where(senders.c.host == host, senders.c.ended_at.is_(None))
        query = select(exists().where(batches.c.done_at.is_(None), batches.c.sender_id.in_(theirs)))
        return bool(self._connection.scalar(query))

    def next_due(self, now: datetime) -> datetime | None:
        """When the next batch of a running mailing may leave that may not yet; None when there is none."""
        query = select(func.min(batches.c.due_at, type_=UTCDateTime)).select_from(batches.join(mailings))
        found: datetime | None = self._connection.scalar(query.where(*_OPEN, batches.c.due_at > now))
        return found

    def lease_batch(self, sender_id: str, now: datetime) -> Batch | None:
        """Take the oldest open batch of a running mailing that may leave; None when there is none.

        A batch that another sender is taking at this moment is passed over, not waited for.
        """
        oldest = (
            select(batches.c.id)
            .join_from(batches, mailings)
            .where(*_OPEN, _is_due(now))
            .order_by(batches.c.id)
            .limit(1)
            .with_for_update(of=batches, skip_locked=True)  # nothing on SQLite, where there is one writer
        )
        batch_id = self._connection.scalar(oldest)
        if batch_id is None:
            return None
        taken = {"sender_id": sender_id, "begun": True}
        self._connection.execute(update(batches).where(batches.c.id == batch_id).values(taken))
        return self._batch(batch_id)

    def release_batch(self, batch_id: int, sender_id: str, now: datetime) -> None:
        """Leave a batch to whoever takes it next, when the first that is pending inside may leave."""
        own = (batches.c.id == batch_id, batches.c.sender_id == sender_id)
        first = (
            select(func.min(func.coalesce(deliveries.c.due_at, literal(now, UTCDateTime)), type_=UTCDateTime))
            .where(*_pending_inside())
            .scalar_subquery()
        )
        self._connection.execute(update(batches).where(*own).values(sender_id=None, due_at=first))

    def finish_batch(self, batch_id: int, sender_id: str, now: datetime) -> bool:
        """Close a batch; False while something in it is pending."""
        own = (batches.c.id == batch_id, batches.c.sender_id == sender_id, ~pending_inside())
        return self._changed(update(batches).where(*own).values(done_at=now, sender_id=None)) == 1

    def _prepared(self, build: Callable[..., ClauseElement], *arguments: Any) -> Prepared:
        return prepared(self._connection.dialect, build, *arguments)

    def _changed(self, statement: Any) -> int:
        return self._connection.execute(statement).rowcount

    def _batch(self, batch_id: int) -> Batch:
        query = (
            select(
                batches.c.id,
                batches.c.mailing_id,
                mailings.c.edition_id,
                digests.c.newsletter,
                mailings.c.started_at,
                batches.c.first_id,
                batches.c.last_id,
                mailings.c.again,
            )
            .select_from(batches.join(mailings).join(digests, digests.c.id == mailings.c.digest_id))
            .where(batches.c.id == batch_id)
        )
        return Batch(*self._connection.execute(query).one())


_OPEN = (
    mailings.c.state == MailingState.RUNNING,
    batches.c.sender_id.is_(None),
    batches.c.done_at.is_(None),
    or_(mailings.c.canary_id.is_(None), batches.c.first_id <= mailings.c.canary_id),
)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(batches.c.due_at.is_(None), batches.c.due_at <= now)


def _renewed() -> Update:
    """Say that a sender lives; takes w_sender and w_until."""
    until: BindParameter[datetime] = bindparam("w_until", type_=UTCDateTime())
    alive = (senders.c.id == bindparam("w_sender", type_=String()), senders.c.ended_at.is_(None))
    return update(senders).where(*alive).values(lease_until=until)


def is_state(table: Any, state: DeliveryState) -> ColumnElement[bool]:
    """Whether a delivery stands so; a constant in the SQL, so that SQLite can use its partial indexes."""
    found: ColumnElement[bool] = table.c.state == literal_column(f"'{state}'")
    return found


def pending_inside() -> ColumnElement[bool]:
    """Whether something in the range of the batch at hand is pending."""
    return exists().where(*_pending_inside())


def _pending_inside() -> tuple[ColumnElement[bool], ...]:
    """What makes a delivery one that is pending in the range of the batch at hand."""
    return (
        deliveries.c.mailing_id == batches.c.mailing_id,
        is_state(deliveries, DeliveryState.PENDING),
        deliveries.c.id.between(batches.c.first_id, batches.c.last_id),
    )
