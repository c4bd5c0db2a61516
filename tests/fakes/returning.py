"""Mail that comes back, as sources tell it: for a delivery of `tests.fakes.mailing`."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select, update

from publisher.bounces.processing import Processed, Processing
from publisher.bounces.receiving import discreet
from publisher.feedback import Feedback, FeedbackKind
from publisher.mailings.brakes import USUAL, Shares
from publisher.messages import verp
from publisher.storage.database import Database
from publisher.storage.store import Store
from publisher.storage.tables import batches, deliveries, feedback
from subscribers import suppression
from subscribers.tables import subscribers

SECRET = b"a secret of sixteen octets"
NOBODY_THERE = {"code": 550, "status": "5.1.1", "text": "550 5.1.1 no such user here"}

_numbers = count(1)


class Returns:
    """What comes back to one database.

    Args:
        database: with a planned mailing.
        now: when things come.
    """

    def __init__(self, database: Database, now: datetime, limits: Shares = USUAL) -> None:
        self.database = database
        self.store = Store(database)
        self.now = now
        self.processing = Processing(self.store, lambda: SECRET, limits)

    def sent(self, state: str = "accepted") -> None:
        """Every delivery has left."""
        with self.database.write() as connection:
            connection.execute(update(deliveries).values(state=state))
            connection.execute(update(batches).values(begun=True, done_at=self.now))

    def event(self, kind: FeedbackKind, delivery_id: int, **said: Any) -> Feedback:
        """An event about a delivery, with the reference that its mail was given."""
        email = self.email(delivery_id)
        facts: dict[str, Any] = {
            "key": f"event-{next(_numbers)}",
            "at": self.now,
            "reference": verp.mint(SECRET, delivery_id, email),
            "recipient": email,
            "raw": f'{{"to": "{email}"}}',
        }
        return Feedback(kind=kind, **facts | said)

    def bounce(self, delivery_id: int, **said: Any) -> Feedback:
        """One that says that nobody is there."""
        return self.event(FeedbackKind.BOUNCED, delivery_id, **NOBODY_THERE | said)

    def come(self, *events: Feedback, source: str = "post") -> None:
        """They are taken in."""
        with self.store.write() as unit:
            unit.feedback.append(source, [discreet(event, SECRET) for event in events], self.now)

    def act(self) -> Processed:
        """What came is acted on."""
        return self.processing.process(lambda: self.now)

    def email(self, delivery_id: int) -> str:
        """Whom a delivery went to."""
        query = (
            select(subscribers.c.email)
            .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.id == delivery_id)
        )
        with self.database.read() as connection:
            return str(connection.execute(query).scalar_one())

    def state(self, delivery_id: int = 1) -> str:
        """Where a delivery stands."""
        with self.database.read() as connection:
            query = select(deliveries.c.state).where(deliveries.c.id == delivery_id)
            return str(connection.execute(query).scalar_one())

    def rows(self) -> list[Any]:
        """Every stored event, in the order they came."""
        with self.database.read() as connection:
            return list(connection.execute(select(feedback).order_by(feedback.c.id)))

    def verdicts(self) -> list[str]:
        """What was done about each."""
        return [row.verdict for row in self.rows()]

    def suppressed(self) -> set[str]:
        """The addresses that must not be mailed."""
        with self.database.read() as connection:
            return {one.email_key for one in suppression.suppression_page(connection)}
