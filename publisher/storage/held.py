"""Suppressions that wait for an editor: what came back with the same words, as rows. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, select, update

from publisher.feedback import BounceClass, FeedbackKind
from publisher.storage.tables import feedback
from subscribers.tables import subscribers

row = feedback.c


class Held(NamedTuple):
    """A suppression that waits for an editor's word, and the event it is for."""

    id: int
    subscriber_id: int
    email: str
    email_key: str
    at: datetime
    source: str
    code: int | None
    status: str
    text: str


class HeldRows:
    """Reads and decides on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_alike(self, mailing_id: int, alike: str) -> int:
        """How many mails of a mailing came back for good with the same words."""
        same = (row.mailing_id == mailing_id, row.bounce == BounceClass.HARD, row.alike == alike)
        return self._connection.scalar(select(func.count(row.delivery_id.distinct())).where(*same)) or 0

    def verdicts(self, mailing_id: int, alike: str) -> set[str]:
        """What was done about those."""
        same = (row.mailing_id == mailing_id, row.bounce == BounceClass.HARD, row.alike == alike)
        return set(self._connection.scalars(select(row.verdict).where(*same).distinct()))

    def hold(self, mailing_id: int, alike: str, verdict: str, held: str, most: int) -> list[str]:
        """Hold at most so many of those about which `verdict` was said; gives the keys of their addresses.

        Who has complained besides is left as it is: that was no fault of a server's.
        """
        other = feedback.alias("other")
        complained = exists().where(
            other.c.subscriber_id == row.subscriber_id, other.c.kind == FeedbackKind.COMPLAINED
        )
        query = (
            select(row.id, subscribers.c.email_key)
            .join_from(feedback, subscribers, subscribers.c.id == row.subscriber_id)
            .where(row.mailing_id == mailing_id, row.bounce == BounceClass.HARD, row.alike == alike)
            .where(row.verdict == verdict, ~complained)
            .order_by(row.id)
            .limit(most)
        )
        found = self._connection.execute(query).all()
        ids = [each.id for each in found]
        self._connection.execute(update(feedback).where(row.id.in_(ids)).values(held=True, verdict=held))
        return [each.email_key for each in found]

    def count_held(self, mailing_id: int) -> int:
        """How many suppressions because of a mailing wait for an editor's word."""
        waiting = (row.mailing_id == mailing_id, row.held)
        return self._connection.scalar(select(func.count()).select_from(feedback).where(*waiting)) or 0

    def held(self, mailing_id: int) -> list[Held]:
        """They themselves, the oldest first; of people who were erased meanwhile there are none."""
        columns = (row.at, row.source, row.code, row.status, row.text)
        query = (
            select(row.id, subscribers.c.id, subscribers.c.email, subscribers.c.email_key, *columns)
            .join_from(feedback, subscribers, subscribers.c.id == row.subscriber_id)
            .where(row.mailing_id == mailing_id, row.held)
            .order_by(row.id)
        )
        return [Held(*found) for found in self._connection.execute(query)]

    def decide(self, ids: Sequence[int], verdict: str) -> int:
        """Hold these no longer; gives how many were held until now."""
        decided = update(feedback).where(row.id.in_(ids), row.held).values(held=False, verdict=verdict)
        return self._connection.execute(decided).rowcount
