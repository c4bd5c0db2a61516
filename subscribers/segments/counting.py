"""How many people an expression is about, and which attributes there are: one statement each, however many."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from subscribers.model import SubscriptionState
from subscribers.segments.compiling import criterion
from subscribers.segments.evaluating import Ground
from subscribers.segments.model import Attribute, Expression, subjects
from subscribers.segments.printing import shown_subject
from subscribers.segments.spelling import entries
from subscribers.tables import subscribers, subscriptions


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a newsletter's active subscribers are inside."""

    inside: int
    active: int


def share(connection: Connection, newsletter: str, expression: Expression, ground: Ground) -> Share:
    """Count the active subscribers of a newsletter, and those of them whom an expression is about."""
    query = (
        select(func.count(), func.count(case((criterion(expression, ground), 1))))
        .join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(subscriptions.c.newsletter == newsletter, subscriptions.c.state == SubscriptionState.ACTIVE)
    )
    active, inside = connection.execute(query).one()
    return Share(inside, active)


def warnings(connection: Connection, expression: Expression) -> Iterator[str]:
    """A line for each attribute that is asked about and that nobody has, with one that may be meant."""
    asked = {each: None for each in subjects(expression) if isinstance(each, Attribute)}
    missing = [attribute for attribute in asked if not _has(connection, attribute)]
    known = _keys(connection) if missing else []
    for attribute in missing:
        near = difflib.get_close_matches(attribute.key.lower(), known, 1)
        hint = f"; did you mean {shown_subject(Attribute(near[0]))}?" if near else ""
        yield f"nobody has {shown_subject(attribute)}{hint}"


def _has(connection: Connection, attribute: Attribute) -> bool:
    each = entries(subscribers.c.attributes).table_valued("key")
    query = (
        select(subscribers.c.id)
        .select_from(subscribers)
        .where(select(1).select_from(each).where(each.c.key == attribute.key).exists())
    )
    return connection.scalar(query.limit(1)) is not None


def _keys(connection: Connection) -> list[str]:
    each = entries(subscribers.c.attributes).table_valued("key", joins_implicitly=True)
    return sorted(connection.scalars(select(each.c.key).select_from(subscribers, each).distinct()))
