"""A clock that a test drives, and the mailings of an instance in memory that go by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select, update

from publisher.ledger import Message, Report, Spread
from publisher.mailings.admission import NO_PACES, Paces
from publisher.mailings.brakes import USUAL, Shares
from publisher.mailings.judging import Judge
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import Provider
from publisher.mailings.rescue import Rescuer
from publisher.mailings.sending import SenderParts, SenderResult, run_sender
from publisher.mailings.spreading import Spreading
from publisher.mailings.waves import LocalTime
from publisher.publishing.mailroom import plan_mailing
from publisher.publishing.succession import succeed, suspend
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.store import Store
from publisher.storage.tables import digests, editions
from subscribers.tables import subscribers, subscriptions
from tests.fakes.mailing import NEWSLETTER, PlainComposer, add_edition, add_mailing
from tests.fakes.provider import MemoryProvider

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))


class Clock:
    """The present moment, as a test says it. `advance` is also how somebody waits."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Mail:
    """What was received: by whom, and when."""

    email: str
    at: datetime


Verdict = Callable[[Message, Report], bool]


@dataclass
class Newsroom:
    """A newsletter with subscribers, a mailing of its digest, and senders, by a driven clock.

    Args:
        database: a prepared one, without rows.
        folder: for journals.
        clock: the clock.
        cost: seconds that handing over one mail takes.
    """

    database: Database
    folder: Path
    clock: Clock
    paces: Paces = NO_PACES
    brakes: Shares = USUAL
    local_times: Mapping[str, LocalTime] = field(default_factory=dict)
    canary: float = 0
    canary_wait: timedelta = timedelta(0)
    cost: float = 0.0
    verdict: Verdict | None = None
    window: int = 64
    received: list[Mail] = field(default_factory=list)
    carrier: Callable[[], Provider] | None = None
    """Makes the provider, if it is another one than that in memory."""

    def __post_init__(self) -> None:
        self.ledgers, self.store = LedgerStore(self.database), Store(self.database)
        timezones = {name: each.timezone for name, each in self.local_times.items()}
        self.spreading = Spreading(self.store, self.local_times, timezones, self.canary)

    def join(self, email: str, timezone: str = "") -> int:
        """An active subscriber, from now on."""
        with self.database.write() as connection:
            row = {"email": email, "email_key": email, "timezone": timezone, "created_at": self.clock()}
            person: int = connection.execute(
                insert(subscribers).values(row).returning(subscribers.c.id)
            ).scalar_one()
            mine = {"newsletter": NEWSLETTER, "state": "active", "created_at": self.clock()}
            connection.execute(insert(subscriptions).values(mine | {"subscriber_id": person}))
        return person

    def move(self, email: str, timezone: str) -> None:
        """A subscriber lives elsewhere from now on."""
        with self.database.write() as connection:
            connection.execute(update(subscribers).where(subscribers.c.email == email).values(timezone=timezone))

    def publish(self, slot: datetime | None = None, *, batch_size: int = 1_000) -> int:
        """A digest that took this slot, and its mailing planned; gives the mailing's number."""
        digest_id, edition_id = add_edition(self.database, self.clock())
        with self.database.write() as connection:
            connection.execute(update(digests).where(digests.c.id == digest_id).values(slot=slot))
        mailing_id = add_mailing(self.database, digest_id, edition_id, self.clock())
        with self.store.write() as unit:
            spread: Spread = self.spreading.of(unit.waves, NEWSLETTER, slot)
            assert plan_mailing(unit, mailing_id, NEWSLETTER, self.clock(), spread=spread)
        return mailing_id

    def correct(self) -> None:
        """The next edition of the digest, whose page is stored at once; what is unsent goes on with it."""
        now, why = self.clock(), "a wrong name"
        with self.store.write() as unit:
            suspend(unit, 1, now, actor="an editor", note=why)
            row = {"digest_id": 1, "number": 2, "content": {}, "source_hash": "", "subject": "Two", "page": b""}
            moments = {"created_at": now, "updated_at": now, "entry": ""}
            edition = insert(editions).values(row | moments).returning(editions.c.id)
            succeed(unit, 1, unit.connection.execute(edition).scalar_one(), now, actor="an editor", note=why)
        self.rescuer.leave(now)
        with self.store.write() as unit:
            for mailing in unit.mailings.waiting():
                assert unit.corrections.begin(mailing.id, now)

    @property
    def rescuer(self) -> Rescuer:
        """Whoever sweeps."""
        judge = Judge(self.canary_wait, self.brakes)
        return Rescuer(self.ledgers, self.folder / "journal", self.provider, POLICY, judge)

    @property
    def provider(self) -> Provider:
        """A provider that takes its time, and counts on the other side."""
        return self.carrier() if self.carrier else MemoryProvider(verdict=self._take)

    def send(self, stop: Callable[[], bool] = lambda: False) -> SenderResult:
        """A sweep, and a sender until it ends."""
        self.rescuer.sweep(self.clock())
        parts = SenderParts(
            self.ledgers,
            self.provider,
            PlainComposer,
            self.folder / "journal",
            POLICY,
            self.window,
            self.clock,
            self.paces,
            self.brakes,
            self.spreading.look_after,
            self.clock.advance,
        )
        result = run_sender(parts, stop)
        self.rescuer.sweep(self.clock())
        return result

    def run_until(self, end: datetime, every: timedelta) -> None:
        """What `serve` does: sweep and send, again and again."""
        while self.clock() < end:
            assert self.send().error is None
            self.clock.advance(every.total_seconds())

    def zones(self) -> Mapping[str, str]:
        """Address to time zone."""
        with self.database.read() as connection:
            rows = connection.execute(select(subscribers.c.email, subscribers.c.timezone))
            return {row.email: row.timezone for row in rows}

    def _take(self, message: Message, report: Report) -> bool:
        self.clock.advance(self.cost)
        if self.verdict is not None and self.verdict(message, report):
            return True
        self.received.append(Mail(message.recipient, self.clock()))
        return False
