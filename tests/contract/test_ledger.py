"""The ledger's rows keep their promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, insert, select, text, update

from publisher.ledger import (
    TRANSITIONS,
    Batch,
    DeliveryState,
    MailingKind,
    MailingState,
    Outcome,
    Window,
)
from publisher.mailings import audience
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.tables import batches, deliveries, mailings
from subscribers.tables import subscribers, subscriptions, suppressions
from tests.fakes.mailing import (
    add_edition,
    add_mailing,
    add_people,
    count_states,
    mailing_state,
    plan,
    planned,
    states,
)

LEASE = timedelta(minutes=3)


@pytest.fixture
def store(database: Database) -> LedgerStore:
    return LedgerStore(database)


def register(store: LedgerStore, now: datetime, sender_id: str = "a") -> None:
    with store.write() as ledger:
        ledger.register_sender(sender_id, "here", now, now + LEASE)


def lease(store: LedgerStore, now: datetime, sender_id: str = "a") -> Batch | None:
    with store.write() as ledger:
        return ledger.lease_batch(sender_id, now)


def take(
    store: LedgerStore, batch: Batch, now: datetime, *, sender_id: str = "a", after_id: int = 0, limit: int = 64
) -> Window:
    with store.write() as ledger:
        return ledger.commit_window(
            sender_id, batch, after_id=after_id, limit=limit, why_not=audience.why_not, now=now
        )


def a_batch(store: LedgerStore, now: datetime) -> Batch:
    register(store, now)
    batch = lease(store, now)
    assert batch is not None
    return batch


# --- the plan --------------------------------------------------------------------------------------------------


def test_plan_makes_one_delivery_each_in_batches_that_cover_them_all(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    mailing_id = planned(database, 25, now, batch_size=10)
    with database.read() as connection:
        ranges = [tuple(row) for row in connection.execute(select(batches.c.first_id, batches.c.last_id))]
        ids = list(connection.scalars(select(deliveries.c.id).order_by(deliveries.c.id)))
    assert len(ids) == 25
    assert [sum(first <= found <= last for found in ids) for first, last in sorted(ranges)] == [10, 10, 5]
    assert mailing_state(database, mailing_id) is MailingState.RUNNING


def test_plan_happens_once(database: Database, now: datetime) -> None:
    mailing_id = planned(database, 3, now)
    assert not plan(database, mailing_id, now)
    assert count_states(database) == {"pending": 3}


def test_plan_counts_who_is_left_out_and_why(database: Database, now: datetime) -> None:
    ids = add_people(database, 4, now)
    with database.write() as connection:
        connection.execute(
            update(subscriptions).where(subscriptions.c.subscriber_id == ids[0]).values(state="left")
        )
        row = {"email_key": "reader2@example.org", "reason": "complained", "created_at": now}
        connection.execute(insert(suppressions).values(row))
    mailing_id = add_mailing(database, *add_edition(database, now), now)
    plan(database, mailing_id, now)
    assert states(database) == {"reader3@example.org": "pending", "reader4@example.org": "pending"}
    with database.read() as connection:
        left_out = connection.scalar(select(mailings.c.left_out).where(mailings.c.id == mailing_id))
    assert left_out == {"left": 1, "suppressed": 1}


def test_plan_of_nobody_is_done_at_once(database: Database, store: LedgerStore, now: datetime) -> None:
    mailing_id = add_mailing(database, *add_edition(database, now), now)
    plan(database, mailing_id, now)
    with store.write() as ledger:
        assert ledger.finish_mailings(now) == [mailing_id]
    assert mailing_state(database, mailing_id) is MailingState.DONE


def test_resend_plans_its_selection_and_not_who_left_since(database: Database, now: datetime) -> None:
    ids = add_people(database, 4, now)
    digest_id, edition_id = add_edition(database, now)
    with database.write() as connection:
        connection.execute(
            update(subscriptions).where(subscriptions.c.subscriber_id == ids[1]).values(state="left")
        )
    selection = [ids[0], ids[1]]
    mailing_id = add_mailing(database, digest_id, edition_id, now, kind=MailingKind.RESEND, selection=selection)
    plan(database, mailing_id, now)
    assert states(database) == {"reader1@example.org": "pending"}
    with database.read() as connection:
        left_out = connection.scalar(select(mailings.c.left_out).where(mailings.c.id == mailing_id))
    assert left_out == {"left": 1}


def test_scheduled_plan_spares_whom_a_resend_has_reached_before_it(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    ids = add_people(database, 3, now)
    digest_id, edition_id = add_edition(database, now)
    first = add_mailing(database, digest_id, edition_id, now, kind=MailingKind.RESEND, selection=ids[:1])
    plan(database, first, now)
    scheduled = add_mailing(database, digest_id, edition_id, now)
    plan(database, scheduled, now)
    assert count_states(database) == {"pending": 3}
    with database.read() as connection:
        left_out = connection.scalar(select(mailings.c.left_out).where(mailings.c.id == scheduled))
    assert left_out == {"already": 1}


# --- batches and windows ---------------------------------------------------------------------------------------


def test_a_batch_has_one_sender(database: Database, store: LedgerStore, now: datetime) -> None:
    planned(database, 4, now, batch_size=2)
    register(store, now, "a")
    register(store, now, "b")
    leased = [lease(store, now, sender) for sender in ("a", "b", "a")]
    assert [batch and batch.first_id for batch in leased][2] is None
    assert leased[0] is not None
    assert leased[1] is not None
    assert leased[0].id != leased[1].id


def test_a_window_is_taken_once_and_counts_the_attempt(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    planned(database, 5, now)
    batch = a_batch(store, now)
    window = take(store, batch, now, limit=3)
    assert [delivery.email for delivery in window.deliveries] == [f"reader{n}@example.org" for n in (1, 2, 3)]
    assert {delivery.attempts for delivery in window.deliveries} == {1}
    assert window.last_id == window.deliveries[-1].id
    rest = take(store, batch, now, after_id=window.last_id, limit=3)
    assert [delivery.email for delivery in rest.deliveries] == ["reader4@example.org", "reader5@example.org"]
    assert take(store, batch, now, after_id=batch.last_id) == Window((), 0, None)
    with store.read() as ledger:
        assert [held.delivery_id for held in ledger.sending_of("a")] == [1, 2, 3, 4, 5]


def test_unsubscribe_during_run_is_obeyed(database: Database, store: LedgerStore, now: datetime) -> None:
    planned(database, 3, now)
    batch = a_batch(store, now)
    with database.write() as connection:
        connection.execute(update(subscriptions).where(subscriptions.c.subscriber_id == 1).values(state="left"))
        row = {"email_key": "reader2@example.org", "reason": "bounced", "created_at": now}
        connection.execute(insert(suppressions).values(row))
    window = take(store, batch, now)
    assert [delivery.email for delivery in window.deliveries] == ["reader3@example.org"]
    assert window.skipped == 2
    with database.read() as connection:
        reasons = connection.execute(
            select(deliveries.c.state, deliveries.c.reason).order_by(deliveries.c.id)
        ).all()
    assert [tuple(row) for row in reasons] == [("skipped", "left"), ("skipped", "suppressed"), ("sending", "")]


def test_an_erased_subscriber_is_skipped(database: Database, store: LedgerStore, now: datetime) -> None:
    planned(database, 2, now)
    batch = a_batch(store, now)
    with database.write() as connection:
        connection.execute(subscribers.delete().where(subscribers.c.id == 1))
    window = take(store, batch, now)
    assert [delivery.subscriber_id for delivery in window.deliveries] == [2]
    assert count_states(database) == {"skipped": 1, "sending": 1}


@pytest.mark.parametrize("state", [MailingState.PAUSED, MailingState.CANCELLED])
def test_pause_takes_effect_with_the_next_window(
    database: Database, store: LedgerStore, now: datetime, state: MailingState
) -> None:
    planned(database, 4, now)
    batch = a_batch(store, now)
    take(store, batch, now, limit=1)
    with database.write() as connection:
        connection.execute(update(mailings).values(state=state.value))
    assert take(store, batch, now, after_id=batch.first_id) == Window((), 0, None)
    with store.read() as ledger:
        assert ledger.open_batches(now) == 0


def test_sections_travel_from_the_plan_to_the_sender(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    add_people(database, 1, now, sections=["courts", "diplomacy"])
    plan(database, add_mailing(database, *add_edition(database, now), now), now)
    window = take(store, a_batch(store, now), now)
    assert window.deliveries[0].sections == ("courts", "diplomacy")


# --- settling --------------------------------------------------------------------------------------------------


def test_every_transition_of_the_table_and_no_other_can_be_settled(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    planned(database, 1, now)
    take(store, a_batch(store, now), now)
    for source in DeliveryState:
        for target in (
            DeliveryState.ACCEPTED,
            DeliveryState.DEFERRED,
            DeliveryState.FAILED,
            DeliveryState.UNCERTAIN,
        ):
            with database.write() as connection:
                connection.execute(update(deliveries).values(state=source.value))
            with store.write() as ledger:
                ledger.settle("a", [Outcome(1, target)], now)
            moved = source in {DeliveryState.SENDING, DeliveryState.UNCERTAIN} and target in TRANSITIONS[source]
            assert count_states(database) == {str(target if moved else source): 1}


def test_only_the_sender_that_has_it_settles_a_delivery(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    planned(database, 1, now)
    take(store, a_batch(store, now), now)
    with store.write() as ledger:
        ledger.settle("b", [Outcome(1, DeliveryState.ACCEPTED)], now)
        ledger.give_back("b", [1], now, begun=False)
    assert count_states(database) == {"sending": 1}


def test_what_was_never_begun_does_not_count_as_an_attempt(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    planned(database, 2, now)
    batch = a_batch(store, now)
    take(store, batch, now)
    with store.write() as ledger:
        ledger.give_back("a", [1], now, begun=False)
        ledger.give_back("a", [2], now, begun=True)
    assert [delivery.attempts for delivery in take(store, batch, now).deliveries] == [1, 2]


def test_deferred_comes_back_when_due_and_opens_its_batch(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    mailing_id = planned(database, 2, now)
    batch = a_batch(store, now)
    take(store, batch, now)
    later = now + timedelta(minutes=5)
    with store.write() as ledger:
        ledger.settle("a", [Outcome(1, DeliveryState.DEFERRED, 451, "later", due_at=later)], now)
        ledger.settle("a", [Outcome(2, DeliveryState.ACCEPTED, 250, "ok")], now)
        assert ledger.finish_batch(batch.id, "a", now)
        assert ledger.release_due(now) == 0
        assert ledger.reopen_batches(now) == 0
        assert ledger.finish_mailings(now) == []
    with store.write() as ledger:
        assert ledger.release_due(later) == 1
        assert ledger.reopen_batches(later) == 1
        assert ledger.lease_batch("a", later) == batch
    window = take(store, batch, later)
    assert [(delivery.id, delivery.attempts) for delivery in window.deliveries] == [(1, 2)]
    with store.write() as ledger:
        ledger.settle("a", [Outcome(1, DeliveryState.ACCEPTED)], later)
        assert ledger.finish_batch(batch.id, "a", later)
        assert ledger.finish_mailings(later) == [mailing_id]


def test_a_batch_with_something_pending_does_not_finish(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    planned(database, 2, now)
    batch = a_batch(store, now)
    take(store, batch, now, limit=1)
    with store.write() as ledger:
        assert not ledger.finish_batch(batch.id, "a", now)


def test_a_mailing_with_unfinished_deliveries_stays_open(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    planned(database, 1, now)
    batch = a_batch(store, now)
    with store.write() as ledger:
        assert ledger.finish_mailings(now) == []
    take(store, batch, now)
    with store.write() as ledger:
        assert ledger.finish_mailings(now) == []


# --- senders ---------------------------------------------------------------------------------------------------


def test_an_ended_sender_cannot_renew_its_lease(database: Database, store: LedgerStore, now: datetime) -> None:
    register(store, now)
    with store.write() as ledger:
        assert ledger.renew_lease("a", now + LEASE)
        assert ledger.end_sender("a", now)
        assert not ledger.end_sender("a", now)
        assert not ledger.renew_lease("a", now + LEASE)


def test_only_an_expired_lease_is_ended_from_elsewhere(
    database: Database, store: LedgerStore, now: datetime
) -> None:
    register(store, now)
    over = now + LEASE + timedelta(seconds=1)
    with store.write() as ledger:
        assert ledger.expired_senders(now) == []
        assert not ledger.end_sender("a", now, expired=True)
        assert ledger.expired_senders(over) == [("a", "here")]
        assert ledger.end_sender("a", over, expired=True)
        assert ledger.expired_senders(over) == []


def test_the_end_of_a_sender_opens_its_batches(database: Database, store: LedgerStore, now: datetime) -> None:
    planned(database, 2, now)
    batch = a_batch(store, now)
    register(store, now, "b")
    assert lease(store, now, "b") is None
    with store.write() as ledger:
        ledger.end_sender("a", now)
    assert lease(store, now, "b") == batch


# --- speed -----------------------------------------------------------------------------------------------------


def test_windows_and_sweeps_use_the_partial_indexes_of_sqlite(sqlite_database: Database, now: datetime) -> None:
    """Else each window would read the finished deliveries again (docs/design/ledger.md)."""
    planned(sqlite_database, 3, now)
    store = LedgerStore(sqlite_database)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    batch = a_batch(store, now)
    event.listen(sqlite_database.engine, "before_cursor_execute", note)
    take(store, batch, now)
    with store.write() as ledger:
        ledger.sending_of("a")
        ledger.release_due(now)
        ledger.reopen_batches(now)
        ledger.finish_mailings(now)
        ledger.finish_batch(batch.id, "a", now)
    event.remove(sqlite_database.engine, "before_cursor_execute", note)
    asked = [
        statement for statement in statements if re.search(r"state = '(pending|sending|deferred)'", statement)
    ]
    assert len(asked) >= 6
    with sqlite_database.engine.connect() as plain:
        for statement in asked:
            nothing = (None,) * statement.count("?")
            plans = [row[3] for row in plain.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", nothing)]
            # Neither the whole table nor all deliveries of a mailing, which is what the other index finds.
            slow = [step for step in plans if re.search(r"^SCAN (deliveries|pending)$|autoindex_deliveries", step)]
            assert slow == [], statement


def test_planning_on_postgresql_keeps_contiguous_ranges(postgres_database: Database, now: datetime) -> None:
    mailing_id = planned(postgres_database, 2_500, now)
    with postgres_database.read() as connection:
        number = connection.scalar(text("SELECT count(*) FROM batches WHERE mailing_id = :id"), {"id": mailing_id})
    assert number == 3
