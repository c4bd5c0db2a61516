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
from subscribers.segments.parsing import parse
from subscribers.tables import subscribers, subscriptions
from tests.unit.subscribers.segmenting import DATES, GROUNDS, NOW, NUMBERS, NUMERALS, expressions, persons, store

EXPRESSIONS = st.lists(expressions, min_size=1, max_size=6)
PEOPLE = st.lists(persons, min_size=1, max_size=5)
CHOSEN = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def compare(database: Database, people: list[Person], asked: list[Expression], ground: Ground) -> None:
    """Ask each of them in both ways. Nothing is committed: that would cost more than all the rest."""
    everybody = select(subscribers.c.id).join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    with database.write() as connection, connection.begin_nested() as undone:
        store(connection, people)
        for expression in asked:
            found = criterion(expression, ground)
            inside = set(connection.scalars(everybody.where(found)))
            outside = set(connection.scalars(everybody.where(not_(found))))
            expected = {number for number, person in enumerate(people, 1) if holds(expression, person, ground)}
            assert inside == expected, expression
            assert outside == set(range(1, len(people) + 1)) - expected, expression
        undone.rollback()


@settings(CHOSEN, max_examples=25)
@given(people=PEOPLE, asked=EXPRESSIONS, ground=st.sampled_from(GROUNDS))
def test_sql_and_plain_reading_agree(database: Database, people: Any, asked: Any, ground: Ground) -> None:
    compare(database, people, asked, ground)


@pytest.mark.slow
@settings(CHOSEN, max_examples=250)
@given(people=PEOPLE, asked=EXPRESSIONS, ground=st.sampled_from(GROUNDS))
def test_sql_and_plain_reading_agree_at_length(
    database: Database, people: Any, asked: Any, ground: Ground
) -> None:
    compare(database, people, asked, ground)


def test_what_one_person_says_is_no_error_for_everybody(database: Database) -> None:
    """Numbers that no database can hold, and a NUL, which PostgreSQL cannot make a text of."""
    said: list[Any] = [
        10**400,
        -(10**400),
        "1" * 400,
        "a\0b",
        "9999-99-99",
        [[1]],
        {"a": {"b": 1}},
        5e-324,
        1.7e308,
    ]
    people = [
        Person("", "a@example.org", "", "", "", None, NOW, None, {"plan": each, "q": "x"})
        for each in (*said, *NUMERALS, *NUMBERS, *DATES)
    ]
    asked = [
        "attribute.plan = 1",
        "attribute.plan >= 0",
        "attribute.plan < 0",
        "attribute.plan < 2024-11-21",
        "attribute.plan = true",
    ]
    asked += ['attribute.plan = "1"', 'attribute.plan contains "z"', 'attribute.plan ends with "z"']
    compare(database, people, [parse(source) for source in asked], Ground(NOW))


def test_an_expression_is_values_and_never_sql(database: Database) -> None:
    people = [Person("x", "a@example.org", "", "", "", None, NOW, None, {"k'); --": "1"})]
    asked = ["""name = "'; DROP TABLE subscribers; --" """, """attribute."k'); --" = "1" """, 'name contains "%"']
    compare(database, people, [parse(source) for source in asked], Ground(NOW))
