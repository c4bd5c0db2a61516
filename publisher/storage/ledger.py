"""The ledger's rows as senders move them: who sends, which batch, which window, what came of it.

SQL only; who moves what and when is in `publisher.mailings`. Every change of a state names the states it may come
from. States stand in the queries as constants, not as parameters: only so does SQLite use the partial indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from publisher.ledger import (
    Batch,
    Delivery,
    DeliveryState,
    Held,
    MailingState,
    Outcome,
    Window,
    sources_of,
)
from publisher.storage.database import Database
from publisher.storage.leases import Leases, is_state, pending_inside
from publisher.storage.tables import batches, deliveries, mailings
from subscribers.tables import subscribers

WhyNot = Callable[[ColumnElement[int]], ColumnElement[Any]]
"""Why the subscriber in this column must not be mailed now; SQL NULL when there is no reason."""

RELEASED_AT_ONCE = 5_000
"""Due deliveries that one transaction brings back: it stays below half a second."""

_S = DeliveryState
_A_SENDERS_WORD = frozenset({_S.SENDING, _S.UNCERTAIN})
"""What a sender's outcome may change: its window, and what was marked uncertain in its name meanwhile."""


class LedgerStore:
    """Opens transactions with the ledger's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def read(self) -> Iterator[Ledger]:
        """One that only reads."""
        with self._database.read() as connection:
            yield Ledger(connection)

    @contextmanager
    def write(self) -> Iterator[Ledger]:
        """One that is committed at its end."""
        with self._database.write() as connection:
            yield Ledger(connection)


class Ledger(Leases):
    """Moves senders, batches and deliveries on one connection; the caller owns the transaction."""

    # --- windows ---------------------------------------------------------------------------------------------

    def commit_window(
        self, sender_id: str, batch: Batch, *, after_id: int, limit: int, why_not: WhyNot, now: datetime
    ) -> Window:
        """Take the next deliveries of a batch as `sending`, or as `skipped` with the reason, in one UPDATE.

        Nothing is taken unless the mailing is running. Who left or was suppressed before this statement began is
        not in the window.
        """
        pending = deliveries.alias("pending")
        taken = (
            select(pending.c.id, why_not(pending.c.subscriber_id).label("why_not"))
            .where(
                pending.c.mailing_id == batch.mailing_id,
                is_state(pending, _S.PENDING),
                pending.c.id > after_id,
                pending.c.id <= batch.last_id,
            )
            .order_by(pending.c.id)
            .limit(limit)
            .subquery("taken")
        )
        sends = taken.c.why_not.is_(None)
        running = exists().where(mailings.c.id == batch.mailing_id, mailings.c.state == MailingState.RUNNING)
        statement = (
            update(deliveries)
            .where(deliveries.c.id == taken.c.id, is_state(deliveries, _S.PENDING), running)
            .values(
                state=case((sends, str(_S.SENDING)), else_=str(_S.SKIPPED)),
                reason=func.coalesce(taken.c.why_not, ""),
                code=None,
                attempts=deliveries.c.attempts + case((sends, 1), else_=0),
                due_at=None,
                sender_id=sender_id,
                changed_at=now,
            )
            .returning(deliveries.c.id, deliveries.c.state)
        )
        rows = self._connection.execute(statement).all()
        sending = [row.id for row in rows if row.state == _S.SENDING]
        found = self._deliveries(sending)
        # A subscriber erased within this very moment: the next pass skips the delivery with its reason.
        self.give_back(sender_id, sorted(set(sending) - {row.id for row in found}), now, begun=False)
        return Window(found, len(rows) - len(sending), max((row.id for row in rows), default=None))

    def settle(self, sender_id: str, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Record what became of deliveries of this sender, in groups of one state.

        A delivery that may not go to its outcome's state from where it stands stays as it is: a rescuer was
        faster, and only proof may change what is uncertain.
        """
        groups: dict[DeliveryState, list[dict[str, Any]]] = {}
        for outcome in outcomes:
            groups.setdefault(outcome.state, []).append(
                {
                    "to_id": outcome.delivery_id,
                    "to_code": outcome.code,
                    "to_reason": outcome.text,
                    "to_provider_id": outcome.provider_id,
                    "to_due_at": outcome.due_at,
                }
            )
        for state, rows in groups.items():
            own = (deliveries.c.id == bindparam("to_id"), deliveries.c.sender_id == sender_id)
            statement = update(deliveries).where(*own, _may_become(state, _A_SENDERS_WORD))
            values: dict[str, Any] = {
                name: bindparam(f"to_{name}") for name in ("code", "reason", "provider_id", "due_at")
            }
            self._connection.execute(statement.values(values | {"state": str(state), "changed_at": now}), rows)

    def give_back(self, sender_id: str, delivery_ids: Sequence[int], now: datetime, *, begun: bool) -> None:
        """Make deliveries of this sender pending again. What was never `begun` does not count as an attempt."""
        if not delivery_ids:
            return
        own = (deliveries.c.id.in_(delivery_ids), deliveries.c.sender_id == sender_id)
        statement = update(deliveries).where(*own, is_state(deliveries, _S.SENDING))
        back = {"state": str(_S.PENDING), "sender_id": None, "changed_at": now}
        attempts = {} if begun else {"attempts": deliveries.c.attempts - 1}
        self._connection.execute(statement.values(back | attempts))

    def sending_of(self, sender_id: str) -> list[Held]:
        """What a sender has as `sending`."""
        query = (
            select(deliveries.c.id, deliveries.c.attempts, mailings.c.started_at)
            .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
            .where(deliveries.c.sender_id == sender_id, is_state(deliveries, _S.SENDING))
            .order_by(deliveries.c.id)
        )
        return [Held(row.id, row.attempts, row.started_at) for row in self._connection.execute(query)]

    # --- mailings --------------------------------------------------------------------------------------------

    def release_due(self, now: datetime) -> int:
        """Make deferred deliveries pending whose time has come, at most RELEASED_AT_ONCE; gives how many."""
        # EXISTS and not IN: for that SQLite reads every delivery of the running mailings, a million perhaps.
        running = exists().where(
            mailings.c.id == deliveries.c.mailing_id, mailings.c.state == MailingState.RUNNING
        )
        due = (
            select(deliveries.c.id)
            .where(is_state(deliveries, _S.DEFERRED), deliveries.c.due_at <= now, running)
            .order_by(deliveries.c.due_at)
            .limit(RELEASED_AT_ONCE)
        )
        statement = update(deliveries).where(deliveries.c.id.in_(due), is_state(deliveries, _S.DEFERRED))
        return self._changed(statement.values(state=str(_S.PENDING), due_at=None, changed_at=now))

    def reopen_batches(self) -> int:
        """Open every finished batch of a running mailing that has something pending inside; gives how many."""
        running = select(mailings.c.id).where(mailings.c.state == MailingState.RUNNING)
        closed = (batches.c.done_at.is_not(None), batches.c.mailing_id.in_(running), pending_inside())
        return self._changed(update(batches).where(*closed).values(done_at=None, sender_id=None))

    def finish_mailings(self, now: datetime) -> list[int]:
        """Close running mailings without unfinished deliveries; gives their ids."""
        # Two questions and not one with OR: each has its partial index.
        sending, deferred = (
            select(deliveries.c.mailing_id).where(is_state(deliveries, state))
            for state in (_S.SENDING, _S.DEFERRED)
        )
        pending = exists().where(deliveries.c.mailing_id == mailings.c.id, is_state(deliveries, _S.PENDING))
        over = (
            mailings.c.state == MailingState.RUNNING,
            ~pending,
            mailings.c.id.not_in(sending),
            mailings.c.id.not_in(deferred),
        )
        statement = update(mailings).where(*over).values(state=str(MailingState.DONE), finished_at=now)
        return list(self._connection.scalars(statement.returning(mailings.c.id)))

    # --- inside ----------------------------------------------------------------------------------------------

    def _deliveries(self, delivery_ids: Sequence[int]) -> tuple[Delivery, ...]:
        query = (
            select(
                deliveries.c.id,
                deliveries.c.subscriber_id,
                subscribers.c.email,
                subscribers.c.name,
                subscribers.c.link_version,
                deliveries.c.sections,
                deliveries.c.attempts,
            )
            .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.id.in_(delivery_ids))
            .order_by(deliveries.c.id)
        )
        rows = [row._asdict() for row in self._connection.execute(query)] if delivery_ids else []
        return tuple(
            Delivery(**row | {"sections": None if row["sections"] is None else tuple(row["sections"])})
            for row in rows
        )


def _may_become(target: DeliveryState, among: frozenset[DeliveryState]) -> ColumnElement[bool]:
    return or_(*(is_state(deliveries, state) for state in sorted(sources_of(target) & among)))
