"""The SQL of an expression and its plain reading agree about everybody, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import not_, select

from publisher.storage.database import Database
from subscribers.segments.compiling import criterion
from subscribers.segments.evaluating import Ground, Person, holds
from subscribers.segments.model import Expression
from subscribers.tables import subscribers, subscriptions
from tests.unit.subscribers.segmenting import GROUNDS, expressions, persons, store

EXPRESSIONS = st.lists(expressions, min_size=1, max_size=6)
PEOPLE = st.lists(persons, min_size=1, max_size=5)
CHOSEN = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def compare(database: Database, people: list[Person], asked: list[Expression], ground: Ground) -> None:
    """Ask each of them in both ways."""
    with database.write() as connection:
        store(connection, people)
    everybody = select(subscribers.c.id).join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    with database.read() as connection:
        for expression in asked:
            found = criterion(expression, ground)
            inside = set(connection.scalars(everybody.where(found)))
            outside = set(connection.scalars(everybody.where(not_(found))))
            expected = {number for number, person in enumerate(people, 1) if holds(expression, person, ground)}
            assert inside == expected, expression
            assert outside == set(range(1, len(people) + 1)) - expected, expression


@settings(CHOSEN, max_examples=60)
@given(people=PEOPLE, asked=EXPRESSIONS, ground=st.sampled_from(GROUNDS))
def test_sql_and_plain_reading_agree(database: Database, people: Any, asked: Any, ground: Ground) -> None:
    compare(database, people, asked, ground)


@pytest.mark.slow
@settings(CHOSEN, max_examples=400)
@given(people=PEOPLE, asked=EXPRESSIONS, ground=st.sampled_from(GROUNDS))
def test_sql_and_plain_reading_agree_at_length(
    database: Database, people: Any, asked: Any, ground: Ground
) -> None:
    compare(database, people, asked, ground)
