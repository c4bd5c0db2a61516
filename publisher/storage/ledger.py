"""The ledger's rows as senders move them: who sends, which batch, which window, what came of it.

SQL only; who moves what and when is in `publisher.mailings`. Every change of a state names the states it may come
from. States stand in the queries as constants, not as parameters: only so does SQLite use the partial indexes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    exists,
    literal_column,
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
)
from publisher.storage import windows
from publisher.storage.database import Database
from publisher.storage.leases import is_state, pending_inside
from publisher.storage.pacing import Pacing
from publisher.storage.tables import batches, deliveries, mailings

RELEASED_AT_ONCE = 5_000
"""Due deliveries that one transaction brings back: it stays below half a second."""

_S = DeliveryState
_SENDING = str(_S.SENDING)


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


class Ledger(Pacing):
    """Moves senders, batches and deliveries on one connection; the caller owns the transaction."""

    # --- windows ---------------------------------------------------------------------------------------------

    def commit_window(
        self, sender_id: str, batch: Batch, *, after_id: int, limit: int, why_not: windows.WhyNotAt, now: datetime
    ) -> Window:
        """Take the next deliveries of a batch as `sending`, or as `skipped` with the reason, in one UPDATE.

        Nothing is taken unless the mailing is running. Who left or was suppressed before this statement began is
        not in the window. What this sender has as `sending` already must not be behind `after_id`.
        """
        values = {
            "w_mailing": batch.mailing_id,
            "w_newsletter": batch.newsletter,
            "w_after": after_id,
            "w_last": batch.last_id,
            "w_most": limit,
            "w_sender": sender_id,
            "w_now": now,
        }
        taken = self._prepared(windows.take, why_not).change(self._connection, values)
        if not taken:
            return Window((), 0, None)
        found, erased = self._found(sender_id, batch, max(after_id, batch.first_id - 1))
        if erased:  # within this very moment: the next pass skips them with the reason
            self.give_back(sender_id, erased, now, begun=False)
        last = max((*(each.id for each in found), *erased), default=after_id)
        return Window(found, taken - len(found) - len(erased), last)

    def settle(self, sender_id: str, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Record what became of deliveries of this sender, in groups of one state.

        A delivery that may not go to its outcome's state from where it stands stays as it is: a rescuer was
        faster, and only proof may change what is uncertain.
        """
        groups: dict[DeliveryState, list[tuple[Any, ...]]] = {}
        for each in outcomes:
            groups.setdefault(each.state, []).append(
                (each.delivery_id, each.code, each.text, each.provider_id, self._written(each.due_at))
            )
        for state, rows in groups.items():
            values = {"w_rows": json.dumps(rows), "w_sender": sender_id, "w_now": now}
            self._prepared(windows.settled, state, self._dialect).change(self._connection, values)

    def give_back(self, sender_id: str, delivery_ids: Sequence[int], now: datetime, *, begun: bool) -> None:
        """Make deliveries of this sender pending again. What was never `begun` does not count as an attempt."""
        if not delivery_ids:
            return
        own = (deliveries.c.id.in_(delivery_ids), deliveries.c.sender_id == sender_id)
        statement = update(deliveries).where(*own, is_state(deliveries, _S.SENDING))
        back = {"state": str(_S.PENDING), "sender_id": None, "changed_at": now}
        attempts = {} if begun else {"attempts": deliveries.c.attempts - 1}
        self._connection.execute(statement.values(back | attempts))

    def put_off(self, sender_id: str, rows: Iterable[tuple[int, datetime]], now: datetime) -> None:
        """Make deliveries of this sender pending again that were never begun, each until its moment."""
        said = [(delivery_id, self._written(due_at)) for delivery_id, due_at in rows]
        if said:
            values = {"w_rows": json.dumps(said), "w_sender": sender_id, "w_now": now}
            self._prepared(windows.put_off, self._dialect).change(self._connection, values)

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
            .with_for_update(of=deliveries, skip_locked=True)  # another sweep at once brings others back
        )
        statement = update(deliveries).where(deliveries.c.id.in_(due), is_state(deliveries, _S.DEFERRED))
        return self._changed(statement.values(state=str(_S.PENDING), due_at=None, changed_at=now))

    def reopen_batches(self, now: datetime) -> int:
        """Open every batch of a running mailing that is finished, or waits, and has something due inside.

        Gives how many.
        """
        running = batches.c.mailing_id.in_(select(mailings.c.id).where(mailings.c.state == MailingState.RUNNING))
        opened = update(batches).where(running).values(done_at=None, sender_id=None, due_at=None)
        waits = (batches.c.done_at.is_(None), batches.c.sender_id.is_(None), batches.c.due_at > now)
        # What was never tried is due when its batch is: asked for it, a wave of a million would be read each time.
        due = exists().where(
            deliveries.c.mailing_id == batches.c.mailing_id,
            deliveries.c.id.between(batches.c.first_id, batches.c.last_id),
            is_state(deliveries, _S.PENDING),
            deliveries.c.attempts > literal_column("0"),
            or_(deliveries.c.due_at.is_(None), deliveries.c.due_at <= now),
        )
        return self._changed(opened.where(batches.c.done_at.is_not(None), pending_inside())) + self._changed(
            opened.where(*waits, due)
        )

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

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _found(self, sender_id: str, batch: Batch, after_id: int) -> tuple[tuple[Delivery, ...], list[int]]:
        """The deliveries of the window that was just taken, and the ids of those whose subscriber is gone."""
        values = {"w_after": after_id, "w_last": batch.last_id, "w_sender": sender_id}
        ((said,),) = self._prepared(windows.found, self._dialect).rows(self._connection, values)
        again = batch.mailing_id if batch.again else 0
        rows = json.loads(said) if isinstance(said, str) else said or []  # PostgreSQL's driver reads JSON itself
        rows.sort()
        there = tuple(
            Delivery(
                row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                None if row[5] is None else tuple(row[5]),
                row[6],
                row[7],
                again,
            )
            for row in rows
            if row[2] is not None
        )
        return there, [row[0] for row in rows if row[2] is None]

    def _written(self, moment: datetime | None) -> str | None:
        """A moment as the database reads it from JSON."""
        if moment is None:
            return None
        process = deliveries.c.due_at.type.dialect_impl(self._connection.dialect).bind_processor(
            self._connection.dialect
        )
        return str(process(moment) if process else moment)
