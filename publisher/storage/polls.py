"""Who polls feeds how: counters by day, family of programs and feed. No address is among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, case, delete, func, literal, select

from publisher.served import Habit, Poll
from publisher.storage.serving import upsert
from publisher.storage.tables import feed_polls

_row = feed_polls.c
_SUMMED = ("requests", "conditional", "not_modified", "refused")


class Polls:
    """Counts, and tells. The caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, polls: Iterable[Poll]) -> None:
        """Add counters to those of their day; of subscribers the newest number counts, when one is said."""
        for poll in polls:
            values = {column.name: getattr(poll, column.name) for column in feed_polls.columns}
            more = {name: _row[name] + values[name] for name in _SUMMED}
            said = literal(poll.subscribers)
            more["subscribers"] = case((said > 0, said), else_=_row.subscribers)
            self._connection.execute(upsert(self._connection, feed_polls, values, more))

    def habits(self, since: date) -> Sequence[Habit]:
        """How each family has polled since a day, the most frequent first.

        The subscribers of a feed are those that the family announced on the last day it announced any.
        """
        sums = [func.sum(_row[name]).label(name) for name in _SUMMED]
        query = select(_row.family, *sums).where(_row.day >= since).group_by(_row.family)
        announced = self._announced(since)
        found = [
            Habit(
                row.family,
                requests=int(row.requests),
                conditional=int(row.conditional),
                not_modified=int(row.not_modified),
                refused=int(row.refused),
                subscribers=announced.get(row.family, 0),
            )
            for row in self._connection.execute(query)
        ]
        return sorted(found, key=lambda habit: (-habit.requests, habit.family))

    def _announced(self, since: date) -> dict[str, int]:
        query = select(_row.family, _row.document, _row.subscribers).where(_row.day >= since, _row.subscribers > 0)
        newest = {
            (family, document): int(number)
            for family, document, number in self._connection.execute(query.order_by(_row.day))
        }
        sums: dict[str, int] = {}
        for (family, _), number in newest.items():
            sums[family] = sums.get(family, 0) + number
        return sums

    def forget(self, before: date) -> int:
        """Forget the counters of days before this one; gives how many there were."""
        return self._connection.execute(delete(feed_polls).where(_row.day < before)).rowcount
