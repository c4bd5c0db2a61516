"""Finding people: one, by id or address, or all of them in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from subscribers.model import Subscriber, Subscription, SubscriptionState
from subscribers.tables import subscribers, subscriptions

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
    left_reason: str
    paused_until: datetime | None
    attributes: Mapping[str, Any]


_PERSON = tuple(subscribers.c[field.name] for field in fields(Subscriber))
_SUBSCRIPTION = tuple(subscriptions.c[field.name] for field in fields(Subscription))
_LINE = (
    subscribers.c.id.label("subscriber_id"),
    *(subscribers.c[name] for name in ("email_key", "email", "name")),
    *(subscriptions.c[name] for name in ("newsletter", "state")),
    *(subscribers.c[name] for name in ("language", "timezone")),
    *(subscriptions.c[name] for name in ("sections", "source", "created_at", "confirmed_at", "left_at")),
    subscriptions.c.left_reason,
    subscriptions.c.paused_until,
    subscribers.c.attributes,
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


def lines_of(connection: Connection, email_key: str) -> list[Line]:
    """One person's subscriptions, by newsletter."""
    query = select(*_LINE).join_from(subscribers, subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    rows = connection.execute(
        query.where(subscribers.c.email_key == email_key).order_by(subscriptions.c.newsletter)
    )
    return [Line(**_readable(row)) for row in rows]


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
