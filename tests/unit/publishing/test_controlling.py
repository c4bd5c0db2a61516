"""Pausing, resuming and cancelling: every act in every state, and what becomes of what is unsent."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from publisher.errors import UsageError
from publisher.ledger import DeliveryState, MailingState, Outcome, Window
from publisher.mailings import audience
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.publishing.controlling import Act, Controls
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.store import Store
from publisher.storage.tables import deliveries, mailings
from tests.fakes.mailing import count_states, mailing_state, planned
from tests.fakes.provider import MemoryProvider

SLOW_ON_POSTGRES = True

M = MailingState
S = DeliveryState
HOUR = timedelta(hours=1)


class Desk:
    """Controls over one mailing to ten readers, with a sender `a` at work."""

    def __init__(self, database: Database, folder: Path, now: datetime, *, idempotent: bool = False) -> None:
        self.database, self.now = database, now
        self.store, self.ledgers = Store(database), LedgerStore(database)
        provider = MemoryProvider(idempotent=idempotent)
        self.rescuer = Rescuer(self.ledgers, folder / "journal", provider, RetryPolicy(HOUR, HOUR))
        self.controls = Controls(self.store, self.rescuer.leave)
        self.mailing = planned(database, 10, now, batch_size=4)
        with self.ledgers.write() as ledger:
            ledger.register_sender("a", "elsewhere", now, now + HOUR)

    def act(self, act: Act, reason: str = "because") -> MailingState:
        method = getattr(self.controls, act.value)
        method(self.mailing, self.now, actor="an editor", reason=reason)
        return mailing_state(self.database, self.mailing)

    def force(self, state: MailingState, *, begun: bool = True) -> None:
        """Put the mailing into a state."""
        values: dict[str, object] = {"state": str(state)} | ({} if begun else {"started_at": None})
        with self.database.write() as connection:
            connection.execute(update(mailings).values(values))

    def take(self, limit: int = 2) -> Window:
        """A window of the next batch."""
        with self.ledgers.write() as ledger:
            batch = ledger.lease_batch("a", self.now)
            assert batch is not None
            return ledger.commit_window(
                "a", batch, after_id=0, limit=limit, why_not=audience.why_not, now=self.now
            )

    def settle(self, delivery_id: int, state: DeliveryState) -> None:
        due_at = self.now + HOUR if state is S.DEFERRED else None
        with self.ledgers.write() as ledger:
            ledger.settle("a", [Outcome(delivery_id, state, 250, "said", due_at=due_at)], self.now)

    def sweep(self) -> int:
        return self.rescuer.sweep(self.now)

    def reasons(self) -> set[str]:
        """Why deliveries were skipped."""
        with self.database.read() as connection:
            return set(connection.scalars(select(deliveries.c.reason).where(deliveries.c.state == "skipped")))

    def events(self) -> list[tuple[str, str, str]]:
        with self.store.read() as unit:
            found = unit.events.of_digest(unit.mailings.get(self.mailing).digest_id)
            return [(event.kind, event.actor, event.data["reason"]) for event in found]

    def finished(self) -> bool:
        with self.store.read() as unit:
            return unit.mailings.get(self.mailing).finished_at is not None


@pytest.fixture
def desk(database: Database, tmp_path: Path, now: datetime) -> Desk:
    return Desk(database, tmp_path, now)


ALLOWED = {
    (Act.PAUSE, M.WAITING): M.PAUSED,
    (Act.PAUSE, M.RUNNING): M.PAUSED,
    (Act.RESUME, M.PAUSED): M.RUNNING,
    (Act.CANCEL, M.WAITING): M.CANCELLED,
    (Act.CANCEL, M.RUNNING): M.CANCELLED,
    (Act.CANCEL, M.PAUSED): M.CANCELLED,
}
REFUSED = {
    (Act.PAUSE, M.PAUSED): "is paused already. `publisher mailing resume",
    (Act.PAUSE, M.DONE): "is done. Nothing of it is left to send",
    (Act.PAUSE, M.CANCELLED): "was cancelled. A cancelled mailing stays so; `publisher resend daily/one",
    (Act.RESUME, M.WAITING): "is not paused. It leaves by itself",
    (Act.RESUME, M.RUNNING): "is not paused. `publisher run`",
    (Act.RESUME, M.DONE): "is done. Nothing of it is left to send",
    (Act.RESUME, M.CANCELLED): "was cancelled. A cancelled mailing stays so",
    (Act.CANCEL, M.DONE): "is done. Nothing of it is left to send",
    (Act.CANCEL, M.CANCELLED): "was cancelled. A cancelled mailing stays so",
}


def test_every_act_in_every_state_is_decided() -> None:
    assert set(ALLOWED) | set(REFUSED) == {(act, state) for act in Act for state in MailingState}
    assert not set(ALLOWED) & set(REFUSED)


@pytest.mark.parametrize(("act", "state"), ALLOWED)
def test_an_act_moves_the_mailing_and_is_recorded_with_actor_and_reason(
    desk: Desk, act: Act, state: MailingState
) -> None:
    desk.force(state)
    assert desk.act(act, "  a wrong\n name ") is ALLOWED[act, state]
    past = {Act.PAUSE: "mailing.paused", Act.RESUME: "mailing.resumed", Act.CANCEL: "mailing.cancelled"}
    assert desk.events() == [(past[act], "an editor", "a wrong name")]


@pytest.mark.parametrize(("act", "state"), REFUSED)
def test_a_refused_act_is_one_line_that_says_what_to_do_and_changes_nothing(
    desk: Desk, act: Act, state: MailingState
) -> None:
    desk.force(state)
    before = count_states(desk.database)
    with pytest.raises(UsageError) as refused:
        desk.act(act)
    assert f"mailing {desk.mailing} {REFUSED[act, state]}" in str(refused.value)
    assert mailing_state(desk.database, desk.mailing) is state
    assert count_states(desk.database) == before
    assert desk.events() == []


@pytest.mark.parametrize("act", Act)
def test_every_act_wants_a_reason_and_a_mailing_that_is_there(desk: Desk, act: Act) -> None:
    with pytest.raises(UsageError, match=r"wants a reason\. Add --reason TEXT"):
        desk.act(act, "  \n ")
    desk.mailing = 4711
    with pytest.raises(UsageError, match=r"there is no mailing 4711\. `publisher mailing list`"):
        getattr(desk.controls, act.value)(4711, desk.now, actor="an editor", reason="because")


def test_a_mailing_that_never_ran_waits_again_when_it_is_resumed(desk: Desk) -> None:
    desk.force(M.PAUSED, begun=False)
    assert desk.act(Act.RESUME) is M.WAITING


def test_a_paused_mailing_goes_on_where_it_was(desk: Desk) -> None:
    window = desk.take()
    desk.act(Act.PAUSE)
    assert desk.sweep() == 0
    for delivery in window.deliveries:
        desk.settle(delivery.id, S.ACCEPTED)
    desk.act(Act.RESUME)
    with desk.ledgers.write() as ledger:
        ledger.end_sender("a", desk.now)  # as it does when nothing is to be had
    assert desk.sweep() == 3
    assert count_states(desk.database) == {"accepted": 2, "pending": 8}


def test_cancelling_skips_what_is_unsent_and_settles_what_is_in_a_window(desk: Desk) -> None:
    taken, deferred = (delivery.id for delivery in desk.take().deliveries)
    desk.settle(deferred, S.DEFERRED)
    desk.act(Act.CANCEL)
    assert count_states(desk.database) == {"sending": 1, "skipped": 9}
    assert desk.reasons() == {"cancelled"}
    assert not desk.finished()
    desk.settle(taken, S.ACCEPTED)
    assert desk.sweep() == 0
    assert count_states(desk.database) == {"accepted": 1, "skipped": 9}
    assert desk.finished()


@pytest.mark.parametrize("back", [S.PENDING, S.DEFERRED])
def test_what_comes_back_from_a_window_after_the_cancellation_is_skipped_by_the_sweep(
    desk: Desk, back: DeliveryState
) -> None:
    ids = [delivery.id for delivery in desk.take().deliveries]
    desk.act(Act.CANCEL)
    for delivery_id in ids:
        if back is S.DEFERRED:
            desk.settle(delivery_id, back)
        else:
            with desk.ledgers.write() as ledger:
                ledger.give_back("a", [delivery_id], desk.now, begun=False)
    assert not desk.finished()
    desk.sweep()
    assert count_states(desk.database) == {"skipped": 10}
    assert desk.finished()


def test_what_an_idempotent_provider_had_begun_and_will_not_repeat_is_uncertain(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    desk = Desk(database, tmp_path, now, idempotent=True)
    first, second = (delivery.id for delivery in desk.take().deliveries)
    with desk.ledgers.write() as ledger:
        ledger.give_back("a", [first], now, begun=True)
        ledger.give_back("a", [second], now, begun=False)
    desk.act(Act.CANCEL)
    assert count_states(desk.database) == {"uncertain": 1, "skipped": 9}
    assert desk.finished()


def test_many_are_moved_on_in_transactions_that_stay_short(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.storage.closings.LEFT_AT_ONCE", 3)
    desk.act(Act.CANCEL)
    assert count_states(desk.database) == {"skipped": 10}
    assert desk.finished()
