"""What `mailing show` and the progress bar are told: exact at every step, and never by counting a million."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text, update

from publisher.ledger import Batch, DeliveryState, Outcome
from publisher.mailings import audience
from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore
from publisher.storage.mailings import Mailings
from publisher.storage.tables import deliveries
from tests.fakes.mailing import add_edition, add_mailing, add_people, plan, planned

_S = DeliveryState
LEASE = timedelta(minutes=3)


def counted(database: Database, mailing_id: int) -> dict[DeliveryState, int]:
    """What `counts` has to give, by counting."""
    query = (
        select(deliveries.c.state, func.count())
        .where(deliveries.c.mailing_id == mailing_id)
        .group_by(deliveries.c.state)
    )
    with database.read() as connection:
        return {DeliveryState(state): number for state, number in connection.execute(query)}


def summed(database: Database, mailing_id: int) -> dict[DeliveryState, int]:
    """What it gives."""
    with database.read() as connection:
        return dict(Mailings(connection).counts(mailing_id))


def test_sums_are_exact_whatever_happens_to_a_mailing(database: Database, now: datetime) -> None:
    mailing_id = planned(database, 40, now, batch_size=10)
    store = LedgerStore(database)
    taken: list[Batch] = []

    def register(ledger: Ledger) -> None:
        ledger.register_sender("a", "here", now, now + LEASE)

    def lease(ledger: Ledger) -> None:
        batch = ledger.lease_batch("a", now)
        assert batch is not None
        taken.append(batch)

    def window(limit: int) -> Callable[[Ledger], object]:
        return lambda ledger: ledger.commit_window(
            "a", taken[-1], after_id=0, limit=limit, why_not=audience.why_not, now=now
        )

    def settle(*outcomes: Outcome) -> Callable[[Ledger], object]:
        return lambda ledger: ledger.settle("a", outcomes, now)

    accepted = [Outcome(number, _S.ACCEPTED, 250) for number in range(1, 6)]
    troubles = [Outcome(6, _S.FAILED, 550), Outcome(7, _S.UNCERTAIN), Outcome(8, _S.DEFERRED, 451, due_at=now)]
    steps: list[Callable[[Ledger], object]] = [
        register,
        lease,
        window(8),
        settle(*accepted),
        settle(*troubles),
        window(10),
        lambda ledger: ledger.give_back("a", [9], now, begun=False),
        settle(Outcome(10, _S.ACCEPTED)),
        settle(Outcome(7, _S.ACCEPTED)),  # late proof
        lambda ledger: ledger.release_due(now),
        lambda ledger: ledger.finish_batch(taken[0].id, "a", now),
        lambda ledger: ledger.reopen_batches(now),
        lease,
        lease,
        window(3),
        lambda ledger: ledger.release_batch(taken[-1].id, "a", now),
        lambda ledger: ledger.end_sender("a", now),
    ]
    assert summed(database, mailing_id) == {_S.PENDING: 40}
    for number, step in enumerate(steps):
        with store.write() as ledger:
            step(ledger)
        assert summed(database, mailing_id) == counted(database, mailing_id), number
    cancel = update(deliveries).where(deliveries.c.state == "pending", deliveries.c.id % 2 == 0)
    feedback = update(deliveries).where(deliveries.c.state == "accepted", deliveries.c.id < 5)
    for statement in (
        feedback.values(state="delivered"),
        feedback.where(deliveries.c.id == 5).values(state="bounced"),
        cancel.values(state="skipped"),
    ):
        with database.write() as connection:
            connection.execute(statement)
        assert summed(database, mailing_id) == counted(database, mailing_id)
    assert set(summed(database, mailing_id)) >= {_S.PENDING, _S.SENDING, _S.ACCEPTED, _S.SKIPPED, _S.DELIVERED}


def test_sums_are_of_one_mailing(database: Database, now: datetime) -> None:
    add_people(database, 4, now)
    digest_id, edition_id = add_edition(database, now)
    first = add_mailing(database, digest_id, edition_id, now)
    plan(database, first, now)
    assert summed(database, first) == {_S.PENDING: 4}
    assert summed(database, first + 1) == {}


def asked(database: Database, work: Callable[[Mailings], object]) -> list[tuple[str, Any]]:
    """The statements that this work asks, with their parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    with database.read() as connection:
        event.listen(database.engine, "before_cursor_execute", note)
        work(Mailings(connection))
        event.remove(database.engine, "before_cursor_execute", note)
    return statements


READINGS: dict[str, tuple[Callable[[Mailings], object], set[str]]] = {
    "counts": (lambda store: store.counts(1), {"again", "troubled", "over", "sending"}),
    "failures": (lambda store: store.failures(1, 50, after_id=7), {"troubled"}),
}
SLOW = re.compile(
    r"SCAN deliveries$|autoindex_deliveries|ix_deliveries_pending \(mailing_id=\?\)"
    r"|Seq Scan on deliveries|using uq_deliveries"
)
"""The whole table, all deliveries of a mailing, which is what its unique key finds, or all that is pending."""


@pytest.mark.parametrize("reading", READINGS)
def test_sums_and_troubles_read_no_more_than_the_few(database: Database, now: datetime, reading: str) -> None:
    """Else the bar would read a million deliveries twice a second (docs/design/storage.md)."""
    planned(database, 2_000, now)
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    work, indexes = READINGS[reading]
    found = asked(database, work)
    with database.engine.connect() as plain:
        if not database.is_sqlite:  # as with a million, and by the statistics of a mailing that was just planned
            plain.execute(text("ANALYZE deliveries"))
            plain.execute(text("SET enable_seqscan = off"))
        for statement, values in found:
            plan = [str(row[-1]) for row in plain.exec_driver_sql(f"{explain} {statement}", values)]
            assert {name for name in indexes if f"ix_deliveries_{name}" in " ".join(plan)} == indexes
            assert [step for step in plan if SLOW.search(step)] == []
    assert len(found) == 1
