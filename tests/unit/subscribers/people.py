"""Helpers of these tests: people in, and everything that the tables say about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from publisher.storage.database import Database
from subscribers import consents, listing, signup, tables
from subscribers.model import Intake

SECRET = b"a secret of these tests alone"

TABLES = (tables.subscribers, tables.subscriptions, tables.suppressions, tables.consents)


def add(database: Database, email: str, now: datetime, newsletter: str = "daily", **terms: Any) -> Intake:
    """Add one, confirmed unless told otherwise."""
    wanted: dict[str, Any] = {"confirmed": True, "how": "operator", "now": now, "secret": SECRET} | terms
    with database.write() as connection:
        return signup.add(connection, email, newsletter, **wanted)


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table about people."""
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in TABLES
        }


def line(database: Database, email: str, newsletter: str = "daily") -> listing.Line:
    """One subscription."""
    with database.read() as connection:
        return next(
            line for line in listing.every_line(connection) if (line.email, line.newsletter) == (email, newsletter)
        )


def acts(database: Database, email_key: str) -> list[tuple[str, str, str]]:
    """(newsletter, act, how) of a person's consents."""
    with database.read() as connection:
        person = listing.by_key(connection, email_key)
        assert person is not None
        return [
            (consent.newsletter, consent.act.value, consent.how)
            for consent in consents.of_person(connection, person.id)
        ]


def person_id(database: Database, email_key: str) -> int:
    """A person's id."""
    with database.read() as connection:
        person = listing.by_key(connection, email_key)
    assert person is not None
    return person.id
