"""No more mails leave than the limits allow, counted where they arrive: with a driven clock, on both databases."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from publisher.config import SmtpProvider
from publisher.ledger import DeliveryState, Message, Report
from publisher.mailings.admission import Paces, closed_until
from publisher.mailings.brakes import Shares
from publisher.mailings.lanes import DomainLimits
from publisher.mailings.pace import Limits
from publisher.providers.smtp import Smtp
from publisher.storage.database import Database
from publisher.storage.tables import deliveries
from subscribers.tables import subscribers
from tests.fakes.driven import Clock, Mail, Newsroom
from tests.fakes.mailing import count_states
from tests.fakes.smtp import FakeSmtp

pytestmark = pytest.mark.slow

NEVER = Shares(failures=1, blocks=1, deferrals=1)


def most_within(received: Sequence[Mail], seconds: float) -> int:
    """The most mails that any such span of time has seen, at the receiving side."""
    moments = sorted(mail.at.timestamp() for mail in received)
    return max(bisect_left(moments, begin + seconds) - number for number, begin in enumerate(moments))


def newsroom(database: Database, folder: Path, now: datetime, paces: Paces, people: int) -> Newsroom:
    room = Newsroom(database, folder, Clock(now), paces=paces, brakes=NEVER, cost=0.001)
    for number in range(people):
        room.join(f"reader{number}@example.org")
    return room


@pytest.mark.parametrize("rate", [pytest.param(rate, marks=pytest.mark.slow) for rate in (0.5, 7, 20)] + [2])
def test_no_minute_sees_more_than_the_limit_also_over_restarts(
    database: Database, tmp_path: Path, now: datetime, rate: float
) -> None:
    people = int(rate * 80) + 5
    room = newsroom(database, tmp_path, now, Paces({"all": Limits(per_second=rate)}), people)
    room.publish(batch_size=50)
    begun = room.clock()
    while len(room.received) < people:  # a sender that is stopped after a few mails, and another one at once
        until = len(room.received) + people // 6
        assert room.send(lambda: len(room.received) >= until).error is None  # noqa: B023
    assert most_within(room.received, 60) <= max(60 * rate * 1.05, 1)
    assert count_states(database) == {"accepted": people}
    took = (room.clock() - begun).total_seconds()
    assert took < people / rate * 1.25 + 2, "much slower than it may be"


@pytest.mark.slow
def test_two_senders_share_a_limit(postgres_database: Database, tmp_path: Path, now: datetime) -> None:
    paces = Paces({"all": Limits(per_second=5), "provider:x": Limits(per_hour=400)})
    room = newsroom(postgres_database, tmp_path, now, paces, 200)
    room.publish(batch_size=20)
    room.rescuer.sweep(now)
    senders = [Thread(target=room.send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert Counter(mail.email for mail in room.received).most_common(1)[0][1] == 1
    assert len(room.received) == 200
    assert most_within(room.received, 60) <= 60 * 5 * 1.05


def test_an_hour_is_used_up_in_one_go_and_then_waited_for(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    paces = Paces({"provider:memory:here": Limits(per_hour=30)})
    room = newsroom(database, tmp_path, now, paces, 70)
    room.publish(batch_size=10)
    room.send()
    assert len(room.received) == 30  # the sender ends: nothing may leave for long
    with room.ledgers.read() as ledger:
        opens = closed_until(ledger, paces, room.clock())
        assert ledger.open_batches(room.clock()) > 0
    assert opens is not None
    assert timedelta(minutes=59) < opens - now <= timedelta(minutes=62)
    room.send()
    assert len(room.received) == 30
    room.run_until(now + timedelta(hours=4), timedelta(minutes=5))
    assert len(room.received) == 70
    assert most_within(room.received, 3600) <= 30


def test_a_limit_that_is_raised_counts_at_once(database: Database, tmp_path: Path, now: datetime) -> None:
    room = newsroom(database, tmp_path, now, Paces({"all": Limits(per_day=10)}), 25)
    room.publish()
    room.send()
    assert len(room.received) == 10
    room.paces = Paces({"all": Limits(per_day=20)})
    room.send()
    assert len(room.received) == 20


def mixed(database: Database, folder: Path, now: datetime, paces: Paces, *, slow: int, others: int) -> Newsroom:
    """Readers at slow.example.com among those everywhere else."""
    room = Newsroom(database, folder, Clock(now), paces=paces, brakes=NEVER, cost=0.01)
    every = max((slow + others) // max(slow, 1), 1)
    for number in range(slow + others):
        domain = "slow.example.com" if number % every == 0 and number // every < slow else "quick.example.org"
        room.join(f"reader{number}@{domain}")
    return room


def finished(room: Newsroom, domain: str) -> datetime:
    return max(mail.at for mail in room.received if mail.email.endswith(domain))


@pytest.mark.slow
def test_a_domain_with_a_limit_keeps_it_and_slows_nobody_else(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path, now: datetime
) -> None:
    alone = mixed(sqlite_database, tmp_path / "alone", now, Paces(), slow=0, others=400)
    alone.publish(batch_size=100)
    alone.send()
    quick = (finished(alone, "quick.example.org") - now).total_seconds()
    paces = Paces(domains=(DomainLimits(("slow.example.com", "slow.example.net"), Limits(per_second=2)),))
    both = mixed(postgres_database, tmp_path / "both", now, paces, slow=100, others=400)
    both.publish(batch_size=100)
    both.run_until(now + timedelta(minutes=5), timedelta(seconds=5))
    assert len({mail.email for mail in both.received}) == len(both.received) == 500
    slow = [mail for mail in both.received if mail.email.endswith("slow.example.com")]
    assert most_within(slow, 60) <= 60 * 2 * 1.05
    assert (finished(both, "slow.example.com") - now).total_seconds() < 100 / 2 * 1.3
    # The quick ones cost 10 ms each; those of the slow domain that leave between them cost theirs.
    meanwhile = sum(mail.at <= finished(both, "quick.example.org") for mail in slow) * 0.01
    assert (finished(both, "quick.example.org") - now).total_seconds() - meanwhile < quick * 1.1


@pytest.mark.slow
def test_no_more_of_a_domain_are_in_flight_than_it_may_have(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    paces = Paces(domains=(DomainLimits(("slow.example.com",), at_once=2),))
    room = mixed(database, tmp_path, now, paces, slow=40, others=60)
    standing: list[int] = []

    def look(message: Message, _report: Report) -> bool:
        with room.database.read() as connection:
            mine = subscribers.c.email.endswith("@slow.example.com")
            query = (
                select(func.count())
                .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
                .where(deliveries.c.state == "sending", mine)
            )
            standing.append(connection.scalar(query) or 0)
        return False

    room.verdict = look
    room.publish(batch_size=50)
    room.run_until(now + timedelta(minutes=10), timedelta(seconds=5))
    assert len({mail.email for mail in room.received}) == len(room.received) == 100
    assert max(standing) == 2


def test_a_domain_that_says_slower_is_left_alone_and_the_others_are_not(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    room = mixed(database, tmp_path, now, Paces(), slow=60, others=240)
    tried: list[datetime] = []
    open_at = now + timedelta(minutes=3)

    def throttle(message: Message, report: Report) -> bool:
        if not message.recipient.endswith("@slow.example.com"):
            return False
        tried.append(room.clock())
        if room.clock() < open_at:
            report.deferred(message.delivery_id, 421, "4.7.28 too many mails from you")
            return True
        return False

    room.verdict = throttle
    room.publish(batch_size=100)
    room.send()
    assert sum(mail.email.endswith("quick.example.org") for mail in room.received) == 240
    before = len(tried)
    assert before < 60 // 2, "most of them were spared"
    room.run_until(now + timedelta(minutes=40), timedelta(seconds=30))
    assert len({mail.email for mail in room.received}) == len(room.received) == 300
    assert sum(at < open_at for at in tried) <= before + 6, "one at a time while it says slower"
    assert count_states(database) == {"accepted": 300}


@pytest.mark.slow
def test_a_domain_that_takes_mail_again_is_soon_as_quick_as_before(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    """However many were put off meanwhile: a pause of half a minute must not cost a large domain hours."""
    room = mixed(sqlite_database, tmp_path, now, Paces(), slow=3_000, others=0)
    room.cost = 0.001
    said = 0

    def throttle(message: Message, report: Report) -> bool:
        nonlocal said
        said += 1
        if said <= 4:
            report.deferred(message.delivery_id, 421, "4.7.28 too many mails from you")
        return said <= 4

    room.verdict = throttle
    room.publish()
    room.run_until(now + timedelta(seconds=50), timedelta(seconds=1))
    assert len(room.received) == 2_996
    assert max(mail.at for mail in room.received) < now + timedelta(seconds=45)


def test_who_is_put_off_was_never_tried(database: Database, tmp_path: Path, now: datetime) -> None:
    paces = Paces(domains=(DomainLimits(("slow.example.com",), Limits(per_hour=5)),))
    room = mixed(database, tmp_path, now, paces, slow=20, others=20)
    room.publish()
    room.send()
    with room.store.read() as unit:
        assert unit.mailings.counts(1) == {DeliveryState.ACCEPTED: 25, DeliveryState.PENDING: 15}
    with database.read() as connection:
        rows = connection.execute(
            select(deliveries.c.attempts, deliveries.c.due_at).where(deliveries.c.state == "pending")
        ).all()
    assert {row.attempts for row in rows} == {0}
    assert min(row.due_at for row in rows) > now + timedelta(minutes=59)


class _Dated(list[tuple[str, bytes]]):
    """What a server has received, each dated when its final dot was read."""

    def __init__(self, room: Newsroom) -> None:
        super().__init__()
        self._room = room

    def append(self, item: tuple[str, bytes]) -> None:
        super().append(item)
        self._room.received.append(Mail(item[0], self._room.clock()))


def test_a_mail_server_counts_no_more_than_the_limit(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    room = newsroom(sqlite_database, tmp_path, now, Paces({"all": Limits(per_second=3)}), 300)
    room.publish(batch_size=60)
    with FakeSmtp() as server:
        server.received = _Dated(room)
        settings = SmtpProvider(kind="smtp", host="127.0.0.1", port=server.port, security="none", helo="localhost")
        room.carrier = lambda: Smtp(settings)
        room.send()
    assert sorted(mail.email for mail in room.received) == sorted(f"reader{n}@example.org" for n in range(300))
    assert most_within(room.received, 60) <= 60 * 3 * 1.05
