"""What senders keep about the pace of mail, and how mailings pause themselves: rows in their transactions.

SQL only; what it means is in `publisher.mailings`: `admission`, `brakes` and `canary`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select, update

from publisher.ledger import UNFINISHED, Canary, DeliveryState, MailingState, Outcome
from publisher.storage.closings import Closings
from publisher.storage.events import Events
from publisher.storage.mailings import Mailings
from publisher.storage.tables import deliveries, mailings, paces
from publisher.storage.tallies import troubled
from subscribers.portable import insert_missing


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
        """Store it; None removes a row. In one order, whoever stores: two senders never wait for each other."""
        for scope, spent in sorted(rows.items()):
            mine = paces.c.scope == scope
            if spent is None:
                self._connection.execute(delete(paces).where(mine))
            elif not self._changed(update(paces).where(mine).values(spent=dict(spent))):
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

    def canaries(self) -> list[Canary]:
        """The canaries of running mailings that are not judged yet."""
        waiting = (mailings.c.state == MailingState.RUNNING, mailings.c.canary_id.is_not(None))
        query = select(mailings.c.id, mailings.c.canary_id).where(*waiting).order_by(mailings.c.id)
        return [self._canary(mailing_id, last) for mailing_id, last in self._connection.execute(query)]

    def end_canary(self, mailing_id: int, now: datetime, *, actor: str) -> None:
        """Let the rest of a mailing follow."""
        ended = update(mailings).where(mailings.c.id == mailing_id).values(canary_id=None)
        digest_id = self._connection.scalar(ended.returning(mailings.c.digest_id))
        Events(self._connection).append(
            "mailing.judged", at=now, actor=actor, digest_id=digest_id, mailing_id=mailing_id
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

    def _canary(self, mailing_id: int, last: int) -> Canary:
        row = deliveries.c
        query = select(row.id, row.state, row.code, row.reason, row.changed_at)
        rows = self._connection.execute(query.where(row.mailing_id == mailing_id, row.id <= last)).all()
        answered = [each for each in rows if each.state not in _NO_ANSWER]
        return Canary(
            mailing_id,
            tuple(Outcome(each.id, DeliveryState(each.state), each.code, each.reason) for each in answered),
            sum(each.state in _OPEN for each in rows),
            max(each.changed_at for each in rows),
        )


_OPEN = UNFINISHED - {DeliveryState.DEFERRED}
_NO_ANSWER = _OPEN | {DeliveryState.SKIPPED}
