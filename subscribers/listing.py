"""Finding people: one, by id or address, or all of them in pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from subscribers.model import Consent, ConsentAct, Subscriber, Subscription, SubscriptionState
from subscribers.tables import consents, subscribers, subscriptions

PAGE = 2000

Which = ColumnElement[bool]
"""Those of a listing: a criterion over `subscribers` joined with `subscriptions`, such as a segment's."""


@dataclass(frozen=True, slots=True)
class Line:
    """A subscription as lists and exports show it. `subscriber_id` is not for people."""

    subscriber_id: int
    email_key: str
    email: str
    name: str
    newsletter: str
    state: SubscriptionState
    language: str
    timezone: str
    sections: tuple[str, ...] | None
    source: str
    created_at: datetime
    confirmed_at: datetime | None
    left_at: datetime | None


_PERSON = tuple(subscribers.c[field.name] for field in fields(Subscriber))
_SUBSCRIPTION = tuple(subscriptions.c[field.name] for field in fields(Subscription))
_CONSENT = tuple(consents.c[field.name] for field in fields(Consent))
_LINE = (
    subscribers.c.id.label("subscriber_id"),
    *(subscribers.c[name] for name in ("email_key", "email", "name")),
    *(subscriptions.c[name] for name in ("newsletter", "state")),
    *(subscribers.c[name] for name in ("language", "timezone")),
    *(subscriptions.c[name] for name in ("sections", "source", "created_at", "confirmed_at", "left_at")),
)


def by_id(connection: Connection, subscriber_id: int) -> Subscriber | None:
    """The person with this id."""
    return _person(connection, select(*_PERSON).where(subscribers.c.id == subscriber_id))


def by_key(connection: Connection, email_key: str) -> Subscriber | None:
    """The person with this address; the key is that of `addresses.normalise`."""
    return _person(connection, select(*_PERSON).where(subscribers.c.email_key == email_key))


def subscription(connection: Connection, subscriber_id: int, newsletter: str) -> Subscription | None:
    """A person's standing with one newsletter."""
    query = select(*_SUBSCRIPTION).where(
        subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.newsletter == newsletter
    )
    row = connection.execute(query).first()
    return None if row is None else Subscription(**_readable(row))


def consents_of(connection: Connection, subscriber_id: int) -> list[Consent]:
    """What a person agreed to and withdrew, the oldest first."""
    query = select(*_CONSENT).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.id)
    found = (row._asdict() for row in connection.execute(query))
    return [Consent(**row | {"act": ConsentAct(row["act"])}) for row in found]


def count(connection: Connection, newsletter: str | None = None, which: Which | None = None) -> int:
    """How many subscriptions there are in any state, to one newsletter when given, and of `which` when given."""
    query = select(func.count()).select_from(subscriptions)
    if newsletter is not None:
        query = query.where(subscriptions.c.newsletter == newsletter)
    if which is not None:
        query = query.join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id).where(which)
    return connection.scalar(query) or 0


def page(
    connection: Connection,
    newsletter: str | None = None,
    which: Which | None = None,
    *,
    after: tuple[str, str] = ("", ""),
    limit: int = PAGE,
) -> list[Line]:
    """Subscriptions by address, then newsletter: at most `limit` of those after `(email_key, newsletter)`."""
    place = (subscribers.c.email_key, subscriptions.c.newsletter)
    query = (
        select(*_LINE)
        .join_from(subscribers, subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .where(
            subscribers.c.email_key >= after[0], tuple_(*place) > after
        )  # the first bound is what an index can use
        .order_by(*place)
        .limit(limit)
    )
    if newsletter is not None:
        query = query.where(subscriptions.c.newsletter == newsletter)
    if which is not None:
        query = query.where(which)
    return [Line(**_readable(row)) for row in connection.execute(query)]


def every_line(
    connection: Connection, newsletter: str | None = None, which: Which | None = None
) -> Iterator[Line]:
    """Every subscription by address, fetched page by page: memory stays flat."""
    after = ("", "")
    while lines := page(connection, newsletter, which, after=after):
        yield from lines
        after = (lines[-1].email_key, lines[-1].newsletter)


def _person(connection: Connection, query: Select[Any]) -> Subscriber | None:
    row = connection.execute(query).first()
    return None if row is None else Subscriber(**row._asdict())


def _readable(row: Row[Any]) -> dict[str, Any]:
    found = row._asdict()
    sections = found["sections"]
    return found | {
        "state": SubscriptionState(found["state"]),
        "sections": None if sections is None else tuple(sections),
    }
