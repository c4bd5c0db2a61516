"""Forgetting details of deliveries and raw events, in pieces; the sums of mailings stay as they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, delete, func, null, or_, select, update
from sqlalchemy.sql.dml import Update

from publisher.feedback import FeedbackKind
from publisher.ledger import DeliveryState
from publisher.storage.database import Database
from publisher.storage.feedback import ALL_IS_WELL
from publisher.storage.tables import batches, deliveries, events, feedback, mailings

BATCHES_AT_ONCE = 3
"""Batches of a mailing whose deliveries one transaction changes: some tenths of a second on a slow disk."""

_EVERY_KIND = tuple(FeedbackKind)
"""Named, so that the index by kind is used."""

_S = DeliveryState
_UNDER_WAY = sorted((_S.PENDING, _S.SENDING, _S.DEFERRED))


class OldDetails:
    """Removes what is old, each call one short transaction.

    Args:
        database: of the instance.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def details(self, before: datetime, now: datetime) -> int:
        """Forget servers' words, providers' ids and choices of sections of mailings that ended before a moment.

        States, reasons of those left out, reply codes and attempts stay: every sum follows from these. Gives how
        many deliveries had such details. Cut short, it goes over that mailing again the next time.
        """
        removed = 0
        while (mailing_id := self._next(before)) is not None:
            removed += self._of_mailing(mailing_id)
            with self._database.write() as connection:
                done = update(mailings).where(mailings.c.id == mailing_id)
                connection.execute(done.values(details_removed_at=now))
        return removed

    def raw_events(self, before: datetime, most: int) -> int:
        """Forget at most so many events about single deliveries; those about digests and mailings stay.

        Of what came back about a mail it stays that it did, for as long as `bounces` leaves it there.
        """
        row = feedback.c
        old = select(events.c.id).where(events.c.delivery_id.is_not(None), events.c.at < before)
        told = select(row.id).where(row.raw.is_not(None), row.received_at < before).order_by(row.received_at)
        well = select(row.id).where(row.kind.in_(ALL_IS_WELL), row.received_at < before)
        with self._database.write() as connection:
            gone = delete(events).where(events.c.id.in_(old.order_by(events.c.id).limit(most)))
            emptied = update(feedback).where(row.id.in_(told.limit(most))).values(raw=null(), text="")
            removed = delete(feedback).where(row.id.in_(well.limit(most)))
            return sum(connection.execute(each).rowcount for each in (gone, emptied, removed))

    def bounces(self, before: datetime, most: int) -> int:
        """Forget at most so many rows about what came back before a moment."""
        row = feedback.c
        old = select(row.id).where(row.kind.in_(_EVERY_KIND), row.received_at < before).limit(most)
        with self._database.write() as connection:
            return connection.execute(delete(feedback).where(row.id.in_(old))).rowcount

    def _next(self, before: datetime) -> int | None:
        row = mailings.c
        old = select(func.min(row.id)).where(row.details_removed_at.is_(None), row.finished_at < before)
        with self._database.read() as connection:
            found: int | None = connection.scalar(old)
        return found

    def _of_mailing(self, mailing_id: int) -> int:
        with self._database.read() as connection:
            query = select(batches.c.first_id, batches.c.last_id).where(batches.c.mailing_id == mailing_id)
            ranges = connection.execute(query.order_by(batches.c.first_id)).all()
        removed = 0
        for start in range(0, len(ranges), BATCHES_AT_ONCE):
            some = ranges[start : start + BATCHES_AT_ONCE]
            with self._database.write() as connection:
                statement = _without_details(mailing_id, some[0].first_id, some[-1].last_id)
                removed += connection.execute(statement).rowcount
        return removed


def _without_details(mailing_id: int, first_id: int, last_id: int) -> Update:
    row = deliveries.c
    skipped = row.state == str(_S.SKIPPED)
    has_some = or_((row.reason != "") & ~skipped, row.provider_id != "", row.sections.is_not(None))
    theirs = (row.mailing_id == mailing_id, row.id.between(first_id, last_id), row.state.not_in(_UNDER_WAY))
    return (
        update(deliveries)
        .where(*theirs, has_some)
        .values(reason=case((skipped, row.reason), else_=""), provider_id="", sections=null())
    )
