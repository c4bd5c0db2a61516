"""How the people of a digest stand, over all its mailings: what a resend has to know before it is ordered.

Reading only, and of everybody: a million people take seconds. So it is asked outside the writing transaction, and
there `mark` tells whether what was found still holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    case,
    exists,
    func,
    literal,
    null,
    select,
    type_coerce,
)

from publisher.ledger import RECEIVED, Concerned, DeliveryState, Latest, Standing
from publisher.storage.leases import is_state
from publisher.storage.plans import Outside, WhyNot
from publisher.storage.tables import deliveries, digests, editions, mailings
from subscribers.portable import among
from subscribers.tables import Id, subscribers, subscriptions

PAGE = 2_000
"""Rows that are fetched at a time."""


class Standings:
    """Reads on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sums(
        self, digest_id: int, newsletter: str, why_not: WhyNot, outside: Outside | None = None
    ) -> Mapping[Standing, int]:
        """How many stand how: everybody with a delivery of the digest, and everybody of the newsletter."""
        found: dict[Standing, int] = {}
        for people in (_mailed(digest_id, why_not, outside), _others(digest_id, newsletter, why_not, outside)):
            inner = people.subquery("people")
            standing = [inner.c[name] for name in Standing._fields]
            query = select(*standing, func.count()).group_by(*standing)
            for row in self._connection.execute(query):
                found[_standing(*row[:-1])] = row[-1]
        return found

    def latest(
        self,
        digest_id: int,
        newsletter: str,
        why_not: WhyNot,
        states: Collection[DeliveryState],
        outside: Outside | None = None,
    ) -> list[Latest]:
        """Those who stand in one of these states, by subscriber; SKIPPED also finds who has no delivery."""
        found: list[Latest] = []
        known: dict[tuple[Any, ...], Standing] = {}  # one object for all who stand alike
        mailed = _mailed(digest_id, why_not, outside, states)
        others = [_others(digest_id, newsletter, why_not, outside)] if DeliveryState.SKIPPED in states else []
        for query in (mailed, *others):
            for row in self._stream(query):
                values = tuple(row[2:-1])
                standing = known.get(values) or known.setdefault(values, _standing(*values))
                found.append(Latest(row[0], row[1], standing))
        found.sort(key=lambda person: person.subscriber_id)
        return found

    def one(self, digest_id: int, email_key: str, why_not: WhyNot) -> Latest | None:
        """One subscriber; None when nobody has this address."""
        query = select(subscribers.c.id, why_not(subscribers.c.id)).where(subscribers.c.email_key == email_key)
        person = self._connection.execute(query).one_or_none()
        if person is None:
            return None
        row = self._connection.execute(_mailed(digest_id, why_not, subscriber_id=person[0])).one_or_none()
        if row is None:
            return Latest(person[0], None, Standing(None, why_not=person[1]))
        return Latest(row[0], row[1], _standing(*row[2:-1]))

    def concerned(
        self,
        digest_id: int,
        newsletter: str,
        why_not: WhyNot,
        subscriber_id: int | None = None,
        outside: Outside | None = None,
    ) -> Iterator[Concerned]:
        """Everybody of `sums`, or one of them, with address and the server's words; fetched page by page."""
        mailed = _mailed(digest_id, why_not, outside, subscriber_id=subscriber_id)
        others = _others(digest_id, newsletter, why_not, outside)
        if subscriber_id is not None:
            others = others.where(subscriptions.c.subscriber_id == subscriber_id)
        for people in (mailed, others):
            inner = people.subquery("people")
            query = (
                select(
                    func.coalesce(subscribers.c.email, ""),
                    func.coalesce(subscribers.c.name, ""),
                    deliveries.c.code,
                    func.coalesce(deliveries.c.reason, ""),
                    *(inner.c[name] for name in Standing._fields),
                )
                .select_from(inner)
                .outerjoin(subscribers, subscribers.c.id == inner.c.subscriber_id)
                .outerjoin(deliveries, deliveries.c.id == inner.c.shown_id)
            )
            for row in self._stream(query):
                email, name, code, reason = row[:4]
                standing = _standing(*row[4:])
                yield Concerned(email, name, standing, code, "" if standing.skipped else reason)

    def addresses(self, subscriber_ids: Sequence[int]) -> list[str]:
        """The addresses of these subscribers, those of the erased left out."""
        query = select(subscribers.c.email).where(among(self._connection, subscribers.c.id, subscriber_ids))
        return list(self._connection.scalars(query.order_by(subscribers.c.id)))

    def mark(self, digest_id: int) -> tuple[object, ...]:
        """What changes with every edition and delivery of a digest, and with whatever happens to a delivery."""
        newest = select(func.max(editions.c.id)).where(editions.c.digest_id == digest_id)
        states = (
            select(deliveries.c.state, func.count(), func.max(deliveries.c.id), func.max(deliveries.c.changed_at))
            .where(deliveries.c.digest_id == digest_id)
            .group_by(deliveries.c.state)
            .order_by(deliveries.c.state)
        )
        return (self._connection.scalar(newest), *map(tuple, self._connection.execute(states)))

    def mailed_to(self, subscriber_id: int) -> list[dict[str, object]]:
        """What a person was mailed, for their own eyes: plain data, by the time of the mailing.

        By way of the digests, whose index leads to a person's deliveries; there is none of persons alone.
        """
        query = (
            select(
                digests.c.newsletter,
                digests.c.slug.label("digest"),
                deliveries.c.state,
                deliveries.c.changed_at.label("at"),
            )
            .join_from(digests, deliveries, deliveries.c.digest_id == digests.c.id)
            .where(deliveries.c.subscriber_id == subscriber_id)
            .order_by(deliveries.c.id)
        )
        return [row._asdict() | {"at": row.at.isoformat()} for row in self._connection.execute(query)]

    def _stream(self, query: Select[Any]) -> Iterator[Sequence[Any]]:
        options = {"yield_per": PAGE}  # on PostgreSQL the rows stay at the server until they are asked for
        yield from self._connection.execute(query, execution_options=options)


def _mailed(
    digest_id: int,
    why_not: WhyNot,
    outside: Outside | None = None,
    states: Collection[DeliveryState] | None = None,
    subscriber_id: int | None = None,
) -> Select[Any]:
    """Whoever has a delivery of the digest: (subscriber_id, delivery_id, *Standing, shown_id).

    `shown_id` is the delivery they are judged by: the latest that was a mail, else the latest.
    """
    columns = deliveries.c
    people = (
        select(
            columns.subscriber_id,
            func.max(columns.id).label("latest_id"),
            func.max(case((~is_state(deliveries, DeliveryState.SKIPPED), columns.id))).label("mail_id"),
            func.max(case((columns.state.in_(sorted(RECEIVED)), editions.c.number))).label("has"),
        )
        .join_from(deliveries, mailings, mailings.c.id == columns.mailing_id)
        .join(editions, editions.c.id == mailings.c.edition_id)
        .where(columns.digest_id == digest_id)
        .group_by(columns.subscriber_id)
    )
    if subscriber_id is not None:
        people = people.where(columns.subscriber_id == subscriber_id)
    person, shown = people.subquery("person"), deliveries.alias("shown")
    shown_id = func.coalesce(person.c.mail_id, person.c.latest_id)
    query = select(
        person.c.subscriber_id,
        person.c.latest_id.label("delivery_id"),
        shown.c.state,
        case((is_state(shown, DeliveryState.SKIPPED), shown.c.reason), else_="").label("skipped"),
        func.coalesce(person.c.has, 0).label("has"),
        why_not(person.c.subscriber_id).label("why_not"),
        _outside(person.c.subscriber_id, outside),
        shown.c.id.label("shown_id"),
    ).join_from(person, shown, shown.c.id == shown_id)
    return query if states is None else query.where(shown.c.state.in_(sorted(states)))


def _others(digest_id: int, newsletter: str, why_not: WhyNot, outside: Outside | None = None) -> Select[Any]:
    """Whoever belongs to the newsletter, in any state, and has no delivery of the digest; columns as `_mailed`."""
    mine = subscriptions.c.subscriber_id
    has_one = exists().where(deliveries.c.digest_id == digest_id, deliveries.c.subscriber_id == mine)
    return select(
        mine,
        null().cast(Id).label("delivery_id"),
        null().cast(String).label("state"),
        literal("", String).label("skipped"),
        literal(0, Integer).label("has"),
        why_not(mine).label("why_not"),
        _outside(mine, outside),
        null().cast(Id).label("shown_id"),
    ).where(subscriptions.c.newsletter == newsletter, ~has_one)


def _outside(subscriber_id: ColumnElement[int], outside: Outside | None) -> ColumnElement[bool]:
    found = literal(False, Boolean) if outside is None else type_coerce(outside(subscriber_id), Boolean)
    return found.label("outside")


def _standing(state: str | None, skipped: str, has: int, why_not: str | None, outside: bool) -> Standing:
    return Standing(None if state is None else DeliveryState(state), skipped, has, why_not, outside)
