"""What senders keep about the pace of mail, and how mailings pause themselves: rows in their transactions.

SQL only; what it means is in `publisher.mailings`: `admission`, `brakes` and `canary`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select, update

from publisher.ledger import UNFINISHED, DeliveryState, MailingState
from publisher.storage.closings import Closings
from publisher.storage.events import Events
from publisher.storage.mailings import Mailings
from publisher.storage.tables import deliveries, mailings, paces
from publisher.storage.tallies import troubled
from subscribers.portable import insert_missing
from subscribers.tables import UTCDateTime


class CanaryRow(NamedTuple):
    """Those of a mailing who are mailed first: their answers as (state, code, reason), and how many have none."""

    mailing_id: int
    answers: Sequence[tuple[DeliveryState, int | None, str]]
    open: int
    newest: datetime


class Pacing(Closings):
    """Reads and writes on one connection; the caller owns the transaction."""

    def lock_paces(self, scopes: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """What is stored of these scopes, {} where there is nothing; nobody else reads it so before our end."""
        rows = [{"scope": scope, "spent": {}} for scope in sorted(scopes)]
        self._connection.execute(insert_missing(self._connection, paces), rows)
        query = select(paces).where(paces.c.scope.in_(scopes)).order_by(paces.c.scope).with_for_update()
        return {row.scope: row.spent for row in self._connection.execute(query)}

    def paces(self, prefix: str) -> dict[str, Mapping[str, Any]]:
        """What is stored of the scopes that begin so."""
        query = select(paces).where(paces.c.scope.startswith(prefix, autoescape=True))
        return {row.scope: row.spent for row in self._connection.execute(query)}

    def store_paces(self, rows: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Store it; None removes a row."""
        gone = [scope for scope, spent in rows.items() if spent is None]
        if gone:
            self._connection.execute(paces.delete().where(paces.c.scope.in_(gone)))
        for scope, spent in sorted(rows.items()):
            if spent is None:
                continue
            changed = update(paces).where(paces.c.scope == scope).values(spent=dict(spent))
            if not self._changed(changed):
                row = {"scope": scope, "spent": dict(spent)}
                self._connection.execute(insert_missing(self._connection, paces).values(row))

    def pause(self, mailing_id: int, reason: str, now: datetime, *, actor: str) -> bool:
        """Pause a running mailing because of what became of it; False when it does not run any more.

        Whoever lets it go on has seen how its canary was taken.
        """
        running = (mailings.c.id == mailing_id, mailings.c.state == MailingState.RUNNING)
        paused = update(mailings).where(*running).values(state=str(MailingState.PAUSED), canary_id=None)
        digest_id = self._connection.scalar(paused.returning(mailings.c.digest_id))
        if digest_id is None:
            return False
        Events(self._connection).append(
            "mailing.paused",
            at=now,
            actor=actor,
            digest_id=digest_id,
            mailing_id=mailing_id,
            data={"reason": reason, "brakes": True},
        )
        return True

    def canaries(self) -> list[CanaryRow]:
        """The canaries of running mailings that are not judged yet."""
        waiting = (mailings.c.state == MailingState.RUNNING, mailings.c.canary_id.is_not(None))
        query = select(mailings.c.id, mailings.c.canary_id).where(*waiting).order_by(mailings.c.id)
        return [self._canary(mailing_id, last) for mailing_id, last in self._connection.execute(query)]

    def end_canary(self, mailing_id: int, now: datetime) -> None:
        """Let the rest of a mailing follow."""
        ended = update(mailings).where(mailings.c.id == mailing_id).values(canary_id=None)
        digest_id = self._connection.scalar(ended.returning(mailings.c.digest_id))
        Events(self._connection).append(
            "mailing.judged", at=now, actor="schedule", digest_id=digest_id, mailing_id=mailing_id
        )

    def complaints(self) -> list[tuple[int, Mapping[DeliveryState, int]]]:
        """The running mailings that somebody complained about, with the sums of their deliveries."""
        about = exists().where(
            deliveries.c.mailing_id == mailings.c.id,
            troubled(),
            deliveries.c.state == str(DeliveryState.COMPLAINED),
        )
        query = select(mailings.c.id).where(mailings.c.state == MailingState.RUNNING, about)
        ids = list(self._connection.scalars(query))
        return [(mailing_id, Mailings(self._connection).counts(mailing_id)) for mailing_id in ids]

    def _canary(self, mailing_id: int, last: int) -> CanaryRow:
        mine = (deliveries.c.mailing_id == mailing_id, deliveries.c.id <= last)
        newest = func.max(deliveries.c.changed_at, type_=UTCDateTime)
        query = (
            select(deliveries.c.state, deliveries.c.code, deliveries.c.reason, func.count(), newest)
            .where(*mine)
            .group_by(deliveries.c.state, deliveries.c.code, deliveries.c.reason)
        )
        rows = self._connection.execute(query).all()
        answers = [
            (DeliveryState(state), code, reason)
            for state, code, reason, number, _ in rows
            for _ in range(number)
            if state not in _NO_ANSWER
        ]
        still = sum(number for state, _, _, number, _ in rows if state in _OPEN)
        return CanaryRow(mailing_id, answers, still, max(row[4] for row in rows))


_OPEN = UNFINISHED - {DeliveryState.DEFERRED}
_NO_ANSWER = _OPEN | {DeliveryState.SKIPPED}
