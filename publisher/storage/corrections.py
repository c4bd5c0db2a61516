"""What corrections, withdrawals and cancellations ask of mailings, as rows.

A mailing is ended here, and only its own row changes; what becomes of its deliveries is in
`publisher.storage.closings`.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, func, or_, select, update

from publisher.digests import serialise
from publisher.editions import Note
from publisher.ledger import OPEN, DeliveryState, MailingState
from publisher.storage.leases import is_state
from publisher.storage.tables import deliveries, editions, mailings

_REACHED = (
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.COMPLAINED,
    DeliveryState.UNCERTAIN,
)


class Corrections:
    """Reads and writes on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def end(self, mailing_id: int) -> bool:
        """Cancel a mailing; False, and no change, when it has ended already.

        It is not over yet (`finished_at`): a sweep moves on what it has unsent, now or later.
        """
        wanted = (mailings.c.id == mailing_id, mailings.c.state.in_(sorted(OPEN)))
        statement = update(mailings).where(*wanted).values(state=str(MailingState.CANCELLED))
        return self._connection.execute(statement).rowcount == 1

    def hand_over(self, mailing_id: int, heir_id: int) -> None:
        """Let another mailing bring what a cancelled one has unsent, at the same hour of its readers' day."""
        mine = (mailings.c.id == mailing_id, mailings.c.state == MailingState.CANCELLED)
        self._connection.execute(update(mailings).where(*mine).values(superseded_by=heir_id))
        before = mailings.alias("before")
        clock = select(before.c.local_time).where(before.c.id == mailing_id).scalar_subquery()
        self._connection.execute(update(mailings).where(mailings.c.id == heir_id).values(local_time=clock))

    def retarget(self, mailing_id: int, edition_id: int, state: MailingState) -> bool:
        """Give an open mailing that never ran another edition; False, and no change, when it has run."""
        fresh = (
            mailings.c.id == mailing_id,
            mailings.c.state.in_(sorted(OPEN)),
            mailings.c.started_at.is_(None),
        )
        statement = update(mailings).where(*fresh).values(edition_id=edition_id, state=str(state))
        return self._connection.execute(statement).rowcount == 1

    def await_page(self, mailing_id: int) -> None:
        """Let a mailing wait for its page whose people were planned this moment; `begin` lets it go."""
        planned = (mailings.c.id == mailing_id, mailings.c.state == MailingState.RUNNING)
        values = {"state": str(MailingState.WAITING), "started_at": None}
        self._connection.execute(update(mailings).where(*planned).values(values))

    def begin(self, mailing_id: int, now: datetime) -> bool:
        """Let a waiting mailing run that has its deliveries; False when it does not wait."""
        waiting = (mailings.c.id == mailing_id, mailings.c.state == MailingState.WAITING)
        values = {"state": str(MailingState.RUNNING), "started_at": now}
        return self._connection.execute(update(mailings).where(*waiting).values(values)).rowcount == 1

    def has_unfinished(self, mailing_id: int) -> bool:
        """Whether anything of a mailing is unsent or in somebody's hands."""
        mine = deliveries.c.mailing_id == mailing_id
        states = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.DEFERRED)
        # One question each: every state has its partial index.
        return any(
            self._connection.scalar(select(deliveries.c.id).where(mine, is_state(deliveries, state)).limit(1))
            for state in states
        )

    def notes(self, digest_id: int) -> tuple[Note, ...]:
        """What the corrections of a digest said, and what each changed, the oldest first.

        A minor one is known by its moment: it kept that of the edition before it.
        """
        minor = editions.c.updated_at < editions.c.created_at
        query = (
            select(editions.c.created_at, editions.c.note, minor, editions.c.content)
            .where(editions.c.digest_id == digest_id)
            .order_by(editions.c.number)
        )
        rows = [(*row[:3], serialise.from_json(row[3])) for row in self._connection.execute(query)]
        return tuple(
            Note(at, note, bool(is_minor), (before[3], digest))
            for before, (at, note, is_minor, digest) in pairwise(rows)
            if note
        )

    def reached_by_others(self, digest_id: int, edition_id: int) -> dict[DeliveryState, int]:
        """How many deliveries brought another edition of the digest to somebody, or may have, by state."""
        states = or_(*(is_state(deliveries, state) for state in _REACHED))
        query = (
            select(deliveries.c.state, func.count(deliveries.c.subscriber_id.distinct()))
            .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
            .where(deliveries.c.digest_id == digest_id, mailings.c.edition_id != edition_id, states)
            .group_by(deliveries.c.state)
        )
        return {DeliveryState(state): number for state, number in self._connection.execute(query)}
