"""Many senders lease at once, from many machines, and nobody waits for anybody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

from sqlalchemy import select, text, update

from publisher.ledger import DeliveryState, Outcome
from publisher.mailings import audience
from publisher.storage.corrections import Corrections
from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore
from publisher.storage.tables import batches, deliveries
from tests.fakes.mailing import count_states, planned

SENDERS = 6
LEASE = timedelta(minutes=3)


def test_senders_that_lease_at_once_get_every_batch_once(database: Database, now: datetime) -> None:
    planned(database, 120, now, batch_size=2)
    store, together = LedgerStore(database), Barrier(SENDERS)

    def lease_all(sender_id: str) -> list[int]:
        with store.write() as ledger:
            ledger.register_sender(sender_id, "here", now, now + LEASE)
        together.wait()
        leased: list[int] = []
        while True:
            with store.write() as ledger:
                batch = ledger.lease_batch(sender_id, now)
            if batch is None:
                return leased
            leased.append(batch.id)

    names = [f"sender-{number}" for number in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        leased = dict(zip(names, pool.map(lease_all, names), strict=True))
    with database.read() as connection:
        rows = connection.execute(select(batches.c.id, batches.c.sender_id)).all()
    assert sorted(number for each in leased.values() for number in each) == sorted(row.id for row in rows)
    assert {row.id: row.sender_id for row in rows} == {
        number: name for name, each in leased.items() for number in each
    }


def test_a_batch_is_held_at_a_machine_while_a_sender_there_has_it(database: Database, now: datetime) -> None:
    planned(database, 4, now, batch_size=4)
    store = LedgerStore(database)
    with store.write() as ledger:
        ledger.register_sender("one", "here", now, now + LEASE)
        before = ledger.held_at("here")
        batch = ledger.lease_batch("one", now)
    assert batch is not None
    with store.read() as ledger:
        assert (before, ledger.held_at("here"), ledger.held_at("there")) == (False, True, False)

    with store.write() as ledger:
        ledger.release_batch(batch.id, "one", now)
        assert not ledger.held_at("here")
        ledger.lease_batch("one", now)
        ledger.end_sender("one", now)
        assert not ledger.held_at("here")


def test_a_sender_does_not_wait_for_one_that_is_leasing(postgres_database: Database, now: datetime) -> None:
    planned(postgres_database, 4, now, batch_size=2)
    store = LedgerStore(postgres_database)
    with store.write() as ledger:
        for name in ("slow", "quick", "late"):
            ledger.register_sender(name, "here", now, now + LEASE)
    with postgres_database.write() as slow, postgres_database.write() as quick:
        quick.execute(text("SET LOCAL lock_timeout = '200ms'"))  # waiting at all fails the test
        taken = [
            Ledger(connection).lease_batch(name, now) for connection, name in ((slow, "slow"), (quick, "quick"))
        ]
        with store.write() as ledger:
            assert ledger.lease_batch("late", now) is None
    assert [batch and batch.first_id for batch in taken] == [1, 3]


def test_what_a_cancelled_mailing_has_left_is_moved_on_without_waiting_for_a_sender(
    postgres_database: Database, now: datetime
) -> None:
    """Both hold deliveries and ask for more: waiting for each other, one of them would be ended by the server."""
    mailing_id = planned(postgres_database, 10, now)
    store = LedgerStore(postgres_database)
    with store.write() as ledger:
        ledger.register_sender("a", "here", now, now + LEASE)
        batch = ledger.lease_batch("a", now)
        assert batch is not None
        ledger.commit_window("a", batch, after_id=0, limit=4, why_not=audience.why_not, now=now)
    with postgres_database.write() as connection:
        turn = Ledger(connection)
        turn.settle("a", [Outcome(number, DeliveryState.ACCEPTED, 250) for number in (1, 2, 3)], now)
        turn.commit_window("a", batch, after_id=4, limit=3, why_not=audience.why_not, now=now)
        with postgres_database.write() as other:
            assert Corrections(other).end(mailing_id)
        with postgres_database.write() as other:
            other.execute(text("SET LOCAL lock_timeout = '200ms'"))  # waiting at all fails the test
            assert Ledger(other).leave_unsent(now, idempotent=False) == 3
    assert count_states(postgres_database) == {"accepted": 3, "sending": 4, "skipped": 3}
    with store.write() as ledger:
        ledger.give_back("a", [4, 5, 6, 7], now, begun=False)
        assert ledger.leave_unsent(now, idempotent=False) == 4
    assert count_states(postgres_database) == {"accepted": 3, "skipped": 7}


def test_what_is_due_is_brought_back_without_waiting_for_another_sweep(
    postgres_database: Database, now: datetime
) -> None:
    planned(postgres_database, 6, now)
    with postgres_database.write() as connection:
        connection.execute(update(deliveries).values(state="deferred", due_at=now))
    with postgres_database.write() as slow, postgres_database.write() as quick:
        quick.execute(text("SET LOCAL lock_timeout = '200ms'"))
        few = update(deliveries).where(deliveries.c.id <= 4).values(state="pending")
        assert slow.execute(few).rowcount == 4
        assert Ledger(quick).release_due(now) == 2
    assert count_states(postgres_database) == {"pending": 6}
