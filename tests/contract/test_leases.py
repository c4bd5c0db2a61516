"""Many senders lease at once, from many machines, and nobody waits for anybody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

from sqlalchemy import select, text

from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore
from publisher.storage.tables import batches
from tests.fakes.mailing import planned

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
                batch = ledger.lease_batch(sender_id)
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


def test_a_sender_does_not_wait_for_one_that_is_leasing(postgres_database: Database, now: datetime) -> None:
    planned(postgres_database, 4, now, batch_size=2)
    store = LedgerStore(postgres_database)
    with store.write() as ledger:
        for name in ("slow", "quick", "late"):
            ledger.register_sender(name, "here", now, now + LEASE)
    with postgres_database.write() as slow, postgres_database.write() as quick:
        quick.execute(text("SET LOCAL lock_timeout = '200ms'"))  # waiting at all fails the test
        taken = [Ledger(connection).lease_batch(name) for connection, name in ((slow, "slow"), (quick, "quick"))]
        with store.write() as ledger:
            assert ledger.lease_batch("late") is None
    assert [batch and batch.first_id for batch in taken] == [1, 3]
