"""Who is mailed: the SQL and a plain reading of the rule agree, on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Integer, delete, insert, literal_column, select

from publisher.ledger import SkipReason
from publisher.mailings.audience import audience, left_out, outside, why_not
from publisher.storage.database import Database
from subscribers.model import SubscriptionState
from subscribers.segments.frozen import Frozen
from subscribers.tables import subscribers, subscriptions, suppressions

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
COURTS = Frozen("courts", 'section = "courts"')
MOMENTS = (NOW - timedelta(days=1), NOW, NOW + timedelta(microseconds=1), NOW + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Person:
    """What the tables say about one subscriber; newsletter "other" is there to be ignored."""

    states: dict[str, SubscriptionState]
    paused_until: datetime | None
    sections: list[str] | None
    suppressions: list[tuple[str | None, bool]]
    """(newsletter or None for all, lifted)."""


people = st.lists(
    st.builds(
        Person,
        states=st.dictionaries(st.sampled_from(["daily", "other"]), st.sampled_from(SubscriptionState)),
        paused_until=st.none() | st.sampled_from(MOMENTS),
        sections=st.none() | st.lists(st.sampled_from(["courts", "diplomacy"]), unique=True),
        suppressions=st.lists(
            st.tuples(st.none() | st.sampled_from(["daily", "other"]), st.booleans()), max_size=2
        ),
    ),
    max_size=7,
)


_DAILY = {"daily": SubscriptionState.ACTIVE}
READERS = [
    Person(_DAILY, None, None, []),
    Person(_DAILY, None, ["courts"], []),
    Person(_DAILY, None, ["diplomacy"], []),
    Person(_DAILY, None, [], []),
    Person(_DAILY, NOW + timedelta(days=1), ["diplomacy"], []),
    Person({"daily": SubscriptionState.LEFT}, None, ["courts"], []),
    Person(_DAILY, None, ["diplomacy"], [(None, False)]),
]
"""Some in the segment and some not, mailed or not: random people seldom are all of it at once."""


def expected(person: Person) -> SkipReason | None:
    """The rule in words of Python."""
    if any(newsletter in (None, "daily") and not lifted for newsletter, lifted in person.suppressions):
        return SkipReason.SUPPRESSED
    state = person.states.get("daily", SubscriptionState.LEFT)
    if state is SubscriptionState.LEFT:
        return SkipReason.LEFT
    if state is SubscriptionState.UNCONFIRMED:
        return SkipReason.UNCONFIRMED
    if person.paused_until is not None and person.paused_until > NOW:
        return SkipReason.PAUSED
    return None


def store(connection: Connection, persons: list[Person]) -> None:
    """Replace everybody by these; the first gets id 1."""
    for table in (suppressions, subscriptions, subscribers):
        connection.execute(delete(table))
    for id_, person in enumerate(persons, 1):
        key = f"p{id_}@example.org"
        connection.execute(insert(subscribers).values(id=id_, email=key, email_key=key, created_at=NOW))
        for newsletter, state in person.states.items():
            row: dict[str, object] = {
                "newsletter": newsletter,
                "state": state,
                "sections": person.sections,
                "created_at": NOW,
            }
            row |= {"subscriber_id": id_, "paused_until": person.paused_until}
            connection.execute(insert(subscriptions).values(row))
        for newsletter_, lifted in person.suppressions:
            ban = {"email_key": key, "newsletter": newsletter_, "reason": "bounced", "created_at": NOW}
            connection.execute(insert(suppressions).values(ban | {"lifted_at": NOW if lifted else None}))


def compare(database: Database, persons: list[Person]) -> None:
    """Ask every expression about these people, and compare with the rule."""
    with database.write() as connection:
        store(connection, persons)
    reasons = {id_: expected(person) for id_, person in enumerate(persons, 1)}
    with database.read() as connection:
        mailed = [(row.subscriber_id, row.sections) for row in connection.execute(audience("daily", NOW))]
        assert mailed == [(id_, persons[id_ - 1].sections) for id_, reason in reasons.items() if reason is None]

        sums = {row.reason: row.number for row in connection.execute(left_out("daily", NOW))}
        subscribed = [reason for id_, reason in reasons.items() if "daily" in persons[id_ - 1].states]
        assert sums == Counter(reason for reason in subscribed if reason)

        segmented = [row.subscriber_id for row in connection.execute(audience("daily", NOW, COURTS))]
        inside = {id_ for id_, each in enumerate(persons, 1) if each.sections is None or "courts" in each.sections}
        assert segmented == [id_ for id_, _ in mailed if id_ in inside]
        sums = {row.reason: row.number for row in connection.execute(left_out("daily", NOW, COURTS))}
        without = {SkipReason.SEGMENT: len(mailed) - len(segmented)}
        assert sums == Counter(reason for reason in subscribed if reason) + Counter(without)

        who = subscribers.c.id  # not an alias: the expressions must not mistake the asking row for one of theirs
        asked = connection.execute(select(who, why_not(who, "daily", NOW).label("reason")))
        assert {row.id: row.reason for row in asked} == reasons
        asked = connection.execute(select(who, outside(who, "daily", NOW, COURTS).label("outside")))
        subscribed_ids = {id_ for id_ in reasons if "daily" in persons[id_ - 1].states}
        assert {row.id for row in asked if not row.outside} == inside & subscribed_ids


@settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(persons=people)
@example(persons=READERS)
def test_the_rule_holds_on_sqlite(sqlite_database: Database, persons: list[Person]) -> None:
    compare(sqlite_database, persons)


@settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(persons=people)
@example(persons=READERS)
def test_the_rule_holds_on_postgres(postgres_database: Database, persons: list[Person]) -> None:
    compare(postgres_database, persons)


def test_somebody_erased_has_left(database: Database) -> None:
    with database.read() as connection:
        gone = literal_column("42", Integer)
        assert connection.scalar(select(why_not(gone, "daily", NOW))) == SkipReason.LEFT


def test_the_newsletter_may_be_a_column(database: Database) -> None:
    """A resend over several newsletters' mailings asks row by row."""
    active, left = SubscriptionState.ACTIVE, SubscriptionState.LEFT
    person = Person({"daily": active, "other": left}, None, None, [])
    with database.write() as connection:
        store(connection, [person])
        who = subscriptions.alias("who")
        rows = connection.execute(
            select(who.c.newsletter, why_not(who.c.subscriber_id, who.c.newsletter, NOW)).order_by(
                who.c.newsletter
            )
        )
        assert [tuple(row) for row in rows] == [("daily", None), ("other", SkipReason.LEFT)]
