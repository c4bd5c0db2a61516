"""Random histories of one digest's mail: windows, answers, dead senders, pauses, corrections and cancellations.

Nobody gets two editions, nobody an old one from a window that was committed after its correction, and everybody is
accounted for at the end.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import insert, select, update

from publisher.errors import UsageError
from publisher.ledger import OPEN, Batch, DeliveryState, MailingState, Outcome
from publisher.mailings import audience
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.publishing.controlling import Controls
from publisher.publishing.succession import succeed, suspend
from publisher.storage.database import connect
from publisher.storage.ledger import LedgerStore
from publisher.storage.store import Store
from publisher.storage.tables import batches, deliveries, editions
from tests.fakes.mailing import planned
from tests.fakes.provider import MemoryProvider

READERS = 7
HOUR = timedelta(hours=1)
S = DeliveryState
HAS_OR_MAY = (S.ACCEPTED, S.UNCERTAIN)


class Corrections(RuleBasedStateMachine):
    """One mailing, its heirs, and a sender."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="corrections-"))
        shutil.copyfile(self.template, self.folder / "publisher.db")
        self.database = connect(f"sqlite:///{self.folder}/publisher.db", self.folder)
        self.now = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
        self.store, self.ledgers = Store(self.database), LedgerStore(self.database)
        self.rescuer = Rescuer(
            self.ledgers, self.folder / "journal", MemoryProvider(), RetryPolicy(HOUR, 1000 * HOUR)
        )
        self.controls = Controls(self.store, self.rescuer.leave)
        planned(self.database, READERS, self.now, batch_size=3)
        self.edition = 1
        self.sent: dict[int, list[int]] = {}
        self.cancelled = False
        self.batch: Batch | None = None
        self.held: list[tuple[int, int]] = []
        self.sender = 0
        self._new_sender()

    def teardown(self) -> None:
        self._drain()
        self.database.close()
        shutil.rmtree(self.folder)

    # --- what may happen ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.batch is None)
    @rule()
    def lease(self) -> None:
        with self.ledgers.write() as ledger:
            self.batch = ledger.lease_batch(self._id, self.now)

    @precondition(lambda self: self.batch is not None)
    @rule(limit=st.integers(1, 3))
    def window(self, limit: int) -> None:
        batch = self.batch
        assert batch is not None
        after_id = max((delivery_id for delivery_id, _ in self.held), default=0)
        with self.ledgers.write() as ledger:
            found = ledger.commit_window(
                self._id, batch, after_id=after_id, limit=limit, why_not=audience.why_not, now=self.now
            )
        for delivery in found.deliveries:
            assert batch.edition_id == self.edition, "a window of an old edition after its correction"
            self.held.append((delivery.id, delivery.subscriber_id))

    @precondition(lambda self: self.held)
    @rule(state=st.sampled_from([S.ACCEPTED, S.DEFERRED, S.UNCERTAIN]))
    def answer(self, state: DeliveryState) -> None:
        delivery_id, subscriber_id = self.held.pop(0)
        due_at = self.now + HOUR if state is S.DEFERRED else None
        with self.ledgers.write() as ledger:
            ledger.settle(self._id, [Outcome(delivery_id, state, 250, "said", due_at=due_at)], self.now)
        if state in HAS_OR_MAY:
            self.sent.setdefault(subscriber_id, []).append(delivery_id)

    @precondition(lambda self: self.held)
    @rule()
    def give_back(self) -> None:
        delivery_id, _ = self.held.pop()
        with self.ledgers.write() as ledger:
            ledger.give_back(self._id, [delivery_id], self.now, begun=False)

    @precondition(lambda self: self.batch is not None and not self.held)
    @rule()
    def leave_batch(self) -> None:
        assert self.batch is not None
        with self.ledgers.write() as ledger:
            if not ledger.finish_batch(self.batch.id, self._id, self.now):
                ledger.release_batch(self.batch.id, self._id, self.now)
        self.batch = None

    @rule()
    def the_sender_is_lost(self) -> None:
        """Without its journal: what it had in its hands is uncertain."""
        self.now += HOUR
        self.rescuer.rescue(self.now)
        for delivery_id, subscriber_id in self.held:
            self.sent.setdefault(subscriber_id, []).append(delivery_id)
        self.held, self.batch = [], None
        self._new_sender()

    @rule()
    def sweep(self) -> None:
        self._keep_alive()
        self.rescuer.sweep(self.now)

    @rule()
    def the_page_is_stored(self) -> None:
        with self.store.write() as unit:
            for mailing in unit.mailings.waiting():
                assert unit.corrections.begin(mailing.id, self.now)

    @rule(act=st.sampled_from(["pause", "resume"]), which=st.integers(1, 4))
    def control(self, act: str, which: int) -> None:
        with suppress(UsageError):  # not in every state
            getattr(self.controls, act)(which, self.now, actor="an editor", reason="because")

    @rule(which=st.integers(1, 4))
    def cancel(self, which: int) -> None:
        with suppress(UsageError):
            self.controls.cancel(which, self.now, actor="an editor", reason="because")
            self.cancelled = True

    @precondition(lambda self: self.edition < 4)
    @rule(sweeps=st.booleans())
    def correct(self, sweeps: bool) -> None:
        """As `Correcting` does it; without the sweep it was killed right after its commit."""
        with self.store.write() as unit:
            suspend(unit, 1, self.now, actor="an editor", note="a wrong name")
        with self.store.write() as unit:
            row = {"digest_id": 1, "number": self.edition + 1, "content": {}, "source_hash": "", "subject": "Two"}
            moments = {"created_at": self.now, "updated_at": self.now}
            statement = insert(editions).values(row | moments | {"page": b"", "entry": ""})
            self.edition = unit.connection.execute(statement.returning(editions.c.id)).scalar_one()
            succeed(unit, 1, self.edition, self.now, actor="an editor", note="a wrong name")
        if sweeps:
            self.rescuer.leave(self.now)

    # --- what must hold ----------------------------------------------------------------------------------------

    @invariant()
    def nobody_gets_it_twice(self) -> None:
        assert all(len(mails) == 1 for mails in self.sent.values()), self.sent

    @invariant()
    def nobody_is_planned_twice(self) -> None:
        rows = self._rows()
        busy = [row.subscriber_id for row in rows if row.state in (S.PENDING, S.SENDING, S.DEFERRED)]
        assert len(busy) == len(set(busy))
        assert not set(busy) & set(self.sent)

    @invariant()
    def nobody_is_lost(self) -> None:
        """Whoever was to be mailed has it, is about to get it, or somebody has cancelled it."""
        last = {row.subscriber_id: row for row in self._rows()}
        assert len(last) == READERS
        for row in last.values():
            assert (row.state, row.reason) != (S.SKIPPED, "corrected")
            assert row.state != S.SKIPPED or self.cancelled

    @invariant()
    def every_delivery_is_in_one_batch(self) -> None:
        query = select(deliveries.c.id).join(
            batches,
            (batches.c.mailing_id == deliveries.c.mailing_id)
            & deliveries.c.id.between(batches.c.first_id, batches.c.last_id),
        )
        with self.database.read() as connection:
            inside = sorted(connection.scalars(query))
        assert inside == sorted(row.id for row in self._rows())

    # --- inside ------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Let everything go on to its end."""
        while self.held:
            self.answer(S.ACCEPTED)
        with self.database.write() as connection:
            connection.execute(update(batches).values(sender_id=None))
            connection.execute(update(deliveries).where(deliveries.c.state == "deferred").values(due_at=self.now))
        self.batch = None
        for _ in range(30):
            self.rescuer.leave(self.now)
            for number in range(1, 9):
                self.control("resume", number)
            self.the_page_is_stored()
            self.sweep()
            self.lease()
            while self._has_batch():
                self.window(3)
                while self.held:
                    self.answer(S.ACCEPTED)
                self.leave_batch()
                self.lease()
        self.nobody_gets_it_twice()
        self.nobody_is_lost()
        rows = self._rows()
        assert not [row for row in rows if row.state in (S.PENDING, S.SENDING, S.DEFERRED)]
        with self.store.read() as unit:
            ended = unit.mailings.all()
        assert not [mailing for mailing in ended if mailing.state in OPEN or mailing.finished_at is None]
        if not self.cancelled:
            assert len(self.sent) == READERS
            assert {mailing.state for mailing in ended} <= {MailingState.DONE, MailingState.CANCELLED}

    def _rows(self) -> list[Any]:
        columns = (deliveries.c.id, deliveries.c.subscriber_id, deliveries.c.state, deliveries.c.reason)
        with self.database.read() as connection:
            return list(connection.execute(select(*columns).order_by(deliveries.c.id)))

    @property
    def _id(self) -> str:
        return f"sender-{self.sender}"

    def _has_batch(self) -> bool:
        return self.batch is not None

    def _new_sender(self) -> None:
        self.sender += 1
        with self.ledgers.write() as ledger:
            ledger.register_sender(self._id, "elsewhere", self.now, self.now + HOUR / 2)

    def _keep_alive(self) -> None:
        with self.ledgers.write() as ledger:
            assert ledger.renew_lease(self._id, self.now + HOUR / 2)


@pytest.mark.parametrize("examples", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_no_history_of_corrections_mails_anybody_twice_or_nobody(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    monkeypatch.setattr("publisher.storage.closings.LEFT_AT_ONCE", 2)
    Corrections.template = sqlite_template
    some = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(Corrections, settings=some)
