"""Rows that a mailing needs, and the mailing planned: for tests of what happens after that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select

from publisher.ledger import AS_IT_IS, Delivery, MailingKind, MailingState, Message, Way
from publisher.mailings import audience
from publisher.storage.database import Database
from publisher.storage.plans import Plans
from publisher.storage.tables import deliveries, digests, editions, mailings
from subscribers.tables import subscribers, subscriptions

NEWSLETTER = "daily"


def add_people(
    database: Database, count: int, now: datetime, *, sections: Sequence[str] | None = None
) -> list[int]:
    """Active subscribers of the newsletter: reader1@example.org and so on; gives their ids."""
    people = [
        {
            "email": f"reader{n}@example.org",
            "email_key": f"reader{n}@example.org",
            "name": f"Reader {n}",
            "created_at": now,
        }
        for n in range(1, count + 1)
    ]
    with database.write() as connection:
        connection.execute(insert(subscribers), people)
        ids = list(connection.scalars(select(subscribers.c.id).order_by(subscribers.c.id)))
        rows: list[dict[str, Any]] = [
            {
                "subscriber_id": subscriber_id,
                "newsletter": NEWSLETTER,
                "state": "active",
                "sections": None if sections is None else list(sections),
                "created_at": now,
            }
            for subscriber_id in ids
        ]
        connection.execute(insert(subscriptions), rows)
    return ids


def add_edition(database: Database, now: datetime) -> tuple[int, int]:
    """A published digest with an edition of no content; gives the ids of both."""
    digest = {
        "newsletter": NEWSLETTER,
        "slug": "one",
        "title": "One",
        "date": now.date(),
        "state": "published",
        "content": {},
        "source": "one.md",
        "source_hash": "0" * 64,
        "seen_at": now,
    }
    edition = {
        "number": 1,
        "content": {},
        "source_hash": "0" * 64,
        "subject": "One",
        "page": b"",
        "entry": "",
        "created_at": now,
        "updated_at": now,
    }
    with database.write() as connection:
        digest_id: int = connection.execute(insert(digests).values(digest).returning(digests.c.id)).scalar_one()
        row = edition | {"digest_id": digest_id}
        return digest_id, connection.execute(insert(editions).values(row).returning(editions.c.id)).scalar_one()


def add_mailing(
    database: Database,
    digest_id: int,
    edition_id: int,
    now: datetime,
    *,
    kind: MailingKind = MailingKind.SCHEDULED,
    selection: Sequence[int] | None = None,
) -> int:
    """A mailing that waits to be planned; gives its id."""
    row = {
        "digest_id": digest_id,
        "edition_id": edition_id,
        "kind": kind.value,
        "state": MailingState.WAITING.value,
        "actor": "test",
        "selection": None if selection is None else list(selection),
        "created_at": now,
    }
    with database.write() as connection:
        found: int = connection.execute(insert(mailings).values(row).returning(mailings.c.id)).scalar_one()
    return found


def plan(database: Database, mailing_id: int, now: datetime, *, batch_size: int | None = None) -> bool:
    """Plan a mailing for its newsletter's audience."""
    with database.write() as connection:
        return Plans(connection).plan(
            mailing_id,
            audience=audience.audience(NEWSLETTER, now),
            left_out=audience.left_out(NEWSLETTER, now),
            why_not=partial(audience.why_not, newsletter=NEWSLETTER, now=now),
            now=now,
            batch_size=batch_size,
        )


def planned(database: Database, people: int, now: datetime, *, batch_size: int | None = None) -> int:
    """A running mailing to so many new subscribers; gives its id."""
    add_people(database, people, now)
    mailing_id = add_mailing(database, *add_edition(database, now), now)
    assert plan(database, mailing_id, now, batch_size=batch_size)
    return mailing_id


def states(database: Database) -> dict[str, str]:
    """Address to state, of every delivery."""
    query = select(subscribers.c.email, deliveries.c.state).join_from(
        deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id
    )
    with database.read() as connection:
        return {row.email: row.state for row in connection.execute(query.order_by(deliveries.c.id))}


def count_states(database: Database) -> dict[str, int]:
    """State to number of deliveries."""
    query = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
    with database.read() as connection:
        return {row.state: row.number for row in connection.execute(query)}


def mailing_state(database: Database, mailing_id: int) -> MailingState:
    """Where a mailing stands."""
    with database.read() as connection:
        query = select(mailings.c.state).where(mailings.c.id == mailing_id)
        return MailingState(connection.execute(query).scalar_one())


class PlainComposer:
    """Composes short mails that say whose they are."""

    def __init__(self, edition_id: int = 1) -> None:
        self._edition_id = edition_id

    def compose(self, delivery: Delivery, date: datetime, way: Way = AS_IT_IS) -> Message:
        identity = f"<{self._edition_id}.{delivery.subscriber_id}@example.org>"
        data = (
            f"From: news@example.org\r\nTo: {delivery.email}\r\nSubject: One\r\nMessage-ID: {identity}\r\n"
            f"X-Delivery: {delivery.id}\r\n\r\nGood morning.\r\n"
        )
        return Message(
            delivery.id,
            "bounces@example.org",
            delivery.email,
            identity,
            data.encode(),
            delivery.attempts,
            provider=way.provider,
        )
