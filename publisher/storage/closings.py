"""What cancelled mailings leave behind: everything unsent is skipped, or goes on in the mailing that took over.

A cancelled mailing is over (`finished_at`) when nothing of it is unsent or in anybody's hands. Until then each
sweep looks at it again: what was in a window when it was cancelled may still come back. SQL only; see
docs/design/corrections.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, insert, literal, select, union_all, update

from publisher.ledger import DeliveryState, MailingState, SkipReason
from publisher.storage.batching import size_for
from publisher.storage.leases import Leases, is_state
from publisher.storage.tables import batches, deliveries, mailings
from subscribers.portable import among
from subscribers.tables import Id, UTCDateTime

LEFT_AT_ONCE = 5_000
"""Deliveries that one transaction moves on: it stays below half a second."""

_S = DeliveryState
_GIVEN_UP = "begun before its mailing was ended, and not repeated"


class Closings(Leases):
    """Moves on what cancelled mailings have left, on one connection; the caller owns the transaction."""

    def closing(self) -> list[int]:
        """The cancelled mailings that are not over."""
        return list(self._connection.scalars(select(mailings.c.id).where(*_CLOSING).order_by(mailings.c.id)))

    def leave_unsent(self, now: datetime, *, idempotent: bool) -> int:
        """Move on what cancelled mailings have unsent, at most LEFT_AT_ONCE; gives how many.

        Args:
            now: aware.
            idempotent: the provider repeats what it had begun. Such a delivery is pending, and may have arrived:
                nobody will repeat it any more, so it is uncertain.
        """
        heirs = self._lock_closing()
        rows = self._unsent() if heirs else []
        doubtful = {row.id for row in rows if idempotent and _was_begun(row)}
        self._give_up(sorted(doubtful), now)
        for mailing_id, heir_id in heirs.items():
            ids = [row.id for row in rows if row.mailing_id == mailing_id and row.id not in doubtful]
            self._skip(ids, heir_id, now)
        self._finish(now)
        return len(rows)

    def keep_open(self) -> None:
        """Let no mailing end before the one that it took over from: something may still come back there."""
        done = update(mailings).where(mailings.c.state == MailingState.DONE, _awaits())
        self._connection.execute(done.values(state=str(MailingState.RUNNING), finished_at=None))

    # --- inside ----------------------------------------------------------------------------------------------

    def _lock_closing(self) -> dict[int, int | None]:
        """Each closing mailing with its heir; of two sweeps at once on PostgreSQL the second waits here."""
        query = select(mailings.c.id, mailings.c.superseded_by).where(*_CLOSING).order_by(mailings.c.id)
        return {row[0]: row[1] for row in self._connection.execute(query.with_for_update(key_share=True))}

    def _unsent(self) -> Sequence[Any]:
        """What is pending or deferred in closing mailings, as far as one transaction takes it."""
        wanted = (
            deliveries.c.id,
            deliveries.c.mailing_id,
            deliveries.c.state,
            deliveries.c.attempts,
            deliveries.c.code,
            deliveries.c.reason,
        )
        # Two questions and not one with OR: each has its partial index. Of what is deferred, EXISTS and not IN, as
        # in `Ledger.release_due`.
        of_closing = deliveries.c.mailing_id.in_(select(mailings.c.id).where(*_CLOSING))
        its_mailing = exists().where(mailings.c.id == deliveries.c.mailing_id, *_CLOSING)
        pending = select(*wanted).where(is_state(deliveries, _S.PENDING), of_closing).limit(LEFT_AT_ONCE)
        deferred = select(*wanted).where(is_state(deliveries, _S.DEFERRED), its_mailing).limit(LEFT_AT_ONCE)
        # What a sender is at is passed over: it holds some rows and asks for others, and so would we: a deadlock.
        rows = self._connection.execute(pending.with_for_update(of=deliveries, skip_locked=True)).all()
        return rows or self._connection.execute(deferred.with_for_update(of=deliveries, skip_locked=True)).all()

    def _give_up(self, ids: Sequence[int], now: datetime) -> None:
        """Make pending deliveries uncertain, by the way that the ledger knows."""
        for source, target in ((_S.PENDING, _S.SENDING), (_S.SENDING, _S.UNCERTAIN)) if ids else ():
            mine = (among(self._connection, deliveries.c.id, ids), is_state(deliveries, source))
            values = {"state": str(target), "reason": _GIVEN_UP, "changed_at": now}
            self._connection.execute(update(deliveries).where(*mine).values(values))

    def _skip(self, ids: Sequence[int], heir_id: int | None, now: datetime) -> None:
        """Skip unsent deliveries; when their mailing has an heir, the same people are planned there."""
        if not ids:
            return
        reason = SkipReason.CANCELLED if heir_id is None else SkipReason.CORRECTED
        unsent = is_state(deliveries, _S.PENDING) | is_state(deliveries, _S.DEFERRED)
        skip = update(deliveries).where(among(self._connection, deliveries.c.id, ids), unsent)
        # Whoever waits for a time of the day goes on waiting for it; a retry has had its own.
        due_at = case((is_state(deliveries, _S.PENDING), deliveries.c.due_at), else_=None)
        values = {"state": str(_S.SKIPPED), "reason": str(reason), "due_at": due_at, "changed_at": now}
        skipped = list(self._connection.scalars(skip.values(values).returning(deliveries.c.id)))
        if heir_id is not None and skipped:
            self._plan_again(skipped, heir_id, now)

    def _plan_again(self, ids: Sequence[int], heir_id: int, now: datetime) -> None:
        """Plan the people of these deliveries in the mailing that took over, in batches of their own."""
        columns = (
            "mailing_id",
            "digest_id",
            "subscriber_id",
            "sections",
            "replies_to",
            "state",
            "changed_at",
            "due_at",
        )
        people = (
            select(
                literal(heir_id, Id),
                deliveries.c.digest_id,
                deliveries.c.subscriber_id,
                deliveries.c.sections,
                deliveries.c.replies_to,
                literal(str(_S.PENDING)),
                literal(now, UTCDateTime),
                deliveries.c.due_at,
            )
            .where(among(self._connection, deliveries.c.id, ids))
            .order_by(deliveries.c.id)
        )
        added = insert(deliveries).from_select(columns, people).returning(deliveries.c.id)
        new = sorted(self._connection.scalars(added))
        size = size_for(len(new))
        chunks = [new[first : first + size] for first in range(0, len(new), size)]
        rows = [{"mailing_id": heir_id, "first_id": c[0], "last_id": c[-1], "mails": len(c)} for c in chunks]
        self._connection.execute(insert(batches), rows)

    def _finish(self, now: datetime) -> None:
        """Let the closing mailings end that have nothing unsent or in anybody's hands, now or later."""
        # One question each, with its partial index, as in `Ledger.finish_mailings`.
        elsewhere = union_all(
            *(
                select(deliveries.c.mailing_id).where(is_state(deliveries, state))
                for state in (_S.SENDING, _S.DEFERRED)
            )
        )
        pending = exists().where(deliveries.c.mailing_id == mailings.c.id, is_state(deliveries, _S.PENDING))
        over = (*_CLOSING, ~pending, mailings.c.id.not_in(elsewhere), ~_awaits())
        self._connection.execute(update(mailings).where(*over).values(finished_at=now))


_CLOSING = (mailings.c.state == MailingState.CANCELLED, mailings.c.finished_at.is_(None))


def _awaits() -> ColumnElement[bool]:
    """Whether a mailing took over from one that is not over yet."""
    before = mailings.alias("before")
    return exists().where(
        before.c.superseded_by == mailings.c.id,
        before.c.state == MailingState.CANCELLED,
        before.c.finished_at.is_(None),
    )


def _was_begun(row: Row[Any]) -> bool:
    """Whether a pending delivery was begun and given back without a word about it."""
    return row.state == _S.PENDING and row.attempts > 0 and row.code is None and not row.reason
