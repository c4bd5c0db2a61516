"""Mail at the reader's hour, as rows: which zones there are, and what a beginning wave has to look after.

SQL only; when a zone's readers are mailed is in `publisher.mailings.waves`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Join,
    Select,
    String,
    Subquery,
    Text,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from publisher.ledger import DeliveryState, MailingState
from publisher.storage.leases import is_state
from publisher.storage.tables import batches, deliveries, digests, mailings
from subscribers.portable import listed
from subscribers.segments.frozen import Frozen, from_data
from subscribers.tables import Id, UTCDateTime, subscribers, subscriptions

_S = DeliveryState

GRAIN = timedelta(minutes=5)
"""Time zones are a quarter of an hour apart, at least: no two waves are so near."""


class Begun(NamedTuple):
    """A wave that has begun: its mailing's newsletter, slot, time of the day and segment, and its moment."""

    mailing_id: int
    newsletter: str
    slot: datetime
    clock: str
    segment: Frozen | None
    wave: datetime


class Waves:
    """Reads and moves deliveries that wait for their hour, on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def zones(self, newsletter: str) -> list[str]:
        """The time zones that subscribers of a newsletter have; "" among them for those who chose none."""
        query = (
            select(subscribers.c.timezone)
            .join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .where(subscriptions.c.newsletter == newsletter)
            .distinct()
        )
        return sorted(self._connection.scalars(query))

    def begun(self, now: datetime) -> list[Begun]:
        """The newest wave of each running mailing that has begun and was not looked after yet.

        What begins within GRAIN of one that was looked after is part of it: a batch that was left because of its
        pace becomes due at any moment, and looking after a wave reads everybody who still waits.
        """
        newest = func.max(batches.c.due_at, type_=UTCDateTime).label("newest")
        query = (
            select(mailings.c.id, newest)
            .select_from(batches.join(mailings))
            .where(
                mailings.c.state == MailingState.RUNNING,
                mailings.c.local_time != "",
                batches.c.due_at <= now,
            )
            .group_by(mailings.c.id)
        )
        begun = {row.id: row.newest for row in self._connection.execute(query)}
        return [
            self._wave(mailing_id, wave)
            for mailing_id, wave in sorted(begun.items())
            if self._is_new(mailing_id, wave)
        ]

    def _is_new(self, mailing_id: int, wave: datetime) -> bool:
        last = self._connection.scalar(select(mailings.c.wave_at).where(mailings.c.id == mailing_id))
        return last is None or wave >= last + GRAIN

    def _wave(self, mailing_id: int, wave: datetime) -> Begun:
        query = (
            select(digests.c.newsletter, digests.c.slot, mailings.c.local_time, mailings.c.segment)
            .join_from(mailings, digests, digests.c.id == mailings.c.digest_id)
            .where(mailings.c.id == mailing_id)
        )
        newsletter, slot, clock, segment = self._connection.execute(query).one()
        return Begun(mailing_id, newsletter, slot, clock, from_data(segment), wave)

    def moved(self, mailing_id: int, moments: Mapping[str, datetime]) -> list[tuple[int, datetime]]:
        """The untried deliveries whose reader has another zone by now, with the moment that they are due then."""
        due = DueAt(self._connection, moments)
        query = (
            select(deliveries.c.id, due.of.label("due_at"))
            .select_from(due.joined(deliveries))
            .where(
                deliveries.c.mailing_id == mailing_id,
                is_state(deliveries, _S.PENDING),
                deliveries.c.due_at.is_not(None),
                deliveries.c.attempts == 0,
                deliveries.c.due_at != due.of,
            )
            .order_by(deliveries.c.id)
        )
        return [(row.id, row.due_at) for row in self._connection.execute(query)]

    def look_after(self, mailing_id: int, wave: datetime) -> bool:
        """Take it on to look after a wave; False when somebody else has."""
        newer = or_(mailings.c.wave_at.is_(None), mailings.c.wave_at < wave)
        mine = (mailings.c.id == mailing_id, mailings.c.state == MailingState.RUNNING, newer)
        return self._connection.execute(update(mailings).where(*mine).values(wave_at=wave)).rowcount == 1

    def move(self, moved: Iterable[tuple[int, datetime]]) -> None:
        """Give deliveries another moment, if they still wait; a batch opens when the first inside it is due."""
        for delivery_id, due_at in moved:
            waiting = (
                deliveries.c.id == delivery_id,
                is_state(deliveries, _S.PENDING),
                deliveries.c.due_at.is_not(None),
            )
            statement = update(deliveries).where(*waiting).values(due_at=due_at).returning(deliveries.c.mailing_id)
            mailing_id = self._connection.scalar(statement)
            if mailing_id is not None:
                around = (
                    batches.c.mailing_id == mailing_id,
                    batches.c.first_id <= delivery_id,
                    batches.c.last_id >= delivery_id,
                )
                earlier = (*around, batches.c.due_at > due_at)
                self._connection.execute(update(batches).where(*earlier).values(due_at=due_at))

    def join_late(
        self, mailing_id: int, audience: Select[*tuple[Any, ...]], moments: Mapping[str, datetime], now: datetime
    ) -> int:
        """Plan those who have joined since the mailing began, before their hour came; gives how many.

        Args:
            mailing_id: a running mailing.
            audience: (subscriber_id, sections) of whoever may be mailed now.
            moments: when the readers of each zone are due.
            now: the moment.
        """
        columns = ("mailing_id", "digest_id", "subscriber_id", "sections", "state", "changed_at", "due_at")
        chosen = self._late(mailing_id, audience.subquery("people"), DueAt(self._connection, moments), now)
        added = insert(deliveries).from_select(columns, chosen).returning(deliveries.c.id)
        ids = sorted(self._connection.scalars(added))
        if ids:  # a batch of its own: whoever leases it waits for the first of them that is due
            row = {"mailing_id": mailing_id, "first_id": ids[0], "last_id": ids[-1], "mails": len(ids)}
            self._connection.execute(insert(batches).values(row))
        return len(ids)

    def _late(self, mailing_id: int, people: Subquery, due: DueAt, now: datetime) -> Select[*tuple[Any, ...]]:
        """A delivery for each of `people` who joined after the mailing began and is due after that."""
        facts = (
            select(mailings.c.digest_id, mailings.c.started_at, digests.c.newsletter)
            .join_from(mailings, digests, digests.c.id == mailings.c.digest_id)
            .where(mailings.c.id == mailing_id)
        )
        digest_id, started_at, newsletter = self._connection.execute(facts).one()
        person, own = people.c.subscriber_id, deliveries.alias("own")
        has_one = exists().where(own.c.digest_id == digest_id, own.c.subscriber_id == person)
        mine = (subscriptions.c.subscriber_id == person) & (subscriptions.c.newsletter == newsletter)
        since = func.coalesce(subscriptions.c.confirmed_at, subscriptions.c.created_at, type_=UTCDateTime)
        return (
            select(
                literal(mailing_id, Id),
                literal(digest_id, Id),
                person,
                people.c.sections,
                literal(str(_S.PENDING)),
                literal(now, UTCDateTime),
                due.of,
            )
            .select_from(due.joined(people).join(subscriptions, mine))
            .where(since > started_at, due.of >= since, ~has_one)
            .order_by(person)
        )

    def next_due(self, mailing_id: int, now: datetime) -> datetime | None:
        """When the next mails of a mailing may leave; None when some may now, or none are left."""
        first = func.min(func.coalesce(batches.c.due_at, literal(now, UTCDateTime)), type_=UTCDateTime)
        still = (batches.c.mailing_id == mailing_id, batches.c.done_at.is_(None))
        found: datetime | None = self._connection.scalar(select(first).where(*still))
        return found if found is not None and found > now else None

    def planned(self, mailing_id: int) -> list[tuple[datetime, int]]:
        """The waves of a mailing that nobody has begun: when, and how many mails."""
        query = (
            select(batches.c.due_at, func.sum(batches.c.mails))
            .where(batches.c.mailing_id == mailing_id, batches.c.due_at.is_not(None), ~batches.c.begun)
            .group_by(batches.c.due_at)
            .order_by(batches.c.due_at)
        )
        return [(due_at, int(number)) for due_at, number in self._connection.execute(query)]


class DueAt:
    """When each zone's readers are due, as a table to join by `zone`, and as an expression after an outer join.

    Args:
        connection: to whose database it is said.
        moments: by zone; "" for those whose zone is not among them.
    """

    def __init__(self, connection: Connection, moments: Mapping[str, datetime]) -> None:
        written = UTCDateTime().dialect_impl(connection.dialect).bind_processor(connection.dialect)
        rows = [[zone, str(written(due_at) if written else due_at)] for zone, due_at in sorted(moments.items())]
        self.table = listed(connection, {"zone": String(), "due_at": Text()}, rows).alias("waves")
        read = type_coerce if connection.dialect.name == "sqlite" else cast
        due_at: ColumnElement[datetime] = read(self.table.c.due_at, UTCDateTime())
        self.of: ColumnElement[datetime] = func.coalesce(due_at, literal(moments[""], UTCDateTime))

    def joined(self, people: FromClause) -> Join:
        """Rows with a `subscriber_id`, joined with the moment that each is due."""
        person = people.join(subscribers, subscribers.c.id == people.c.subscriber_id)
        return person.outerjoin(self.table, self.table.c.zone == subscribers.c.timezone)
