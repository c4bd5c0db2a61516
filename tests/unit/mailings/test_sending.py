"""A sender, from leasing to settling, with a provider in memory."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from publisher.errors import LedgerError, ProviderError, PublisherError, StorageError
from publisher.ledger import AS_IT_IS, Delivery, DeliveryState, MailingState, Message, Report, Way
from publisher.mailings.journal import boot_id, parse
from publisher.mailings.lease import LEASE
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.mailings.sending import SenderParts, run_sender
from publisher.mailings.stop_signal import StopSignal
from publisher.storage.corrections import Corrections
from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore
from publisher.storage.mailings import Mailings
from publisher.storage.tables import deliveries, mailings, senders
from subscribers.tables import subscriptions
from tests.fakes.mailing import PlainComposer, count_states, mailing_state, planned, states
from tests.fakes.provider import MemoryProvider

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))


def never() -> bool:
    return False


@pytest.fixture
def parts(database: Database, tmp_path: Path, now: datetime) -> SenderParts:
    return SenderParts(
        LedgerStore(database), MemoryProvider(), PlainComposer, tmp_path / "journal", POLICY, 4, lambda: now
    )


@pytest.fixture
def small(sqlite_database: Database, tmp_path: Path, now: datetime) -> SenderParts:
    return SenderParts(
        LedgerStore(sqlite_database), MemoryProvider(), PlainComposer, tmp_path / "journal", POLICY, 4, lambda: now
    )


def with_verdict(parts: SenderParts, verdict: Callable[[Message, Report], bool]) -> SenderParts:
    return replace(parts, provider=MemoryProvider(verdict=verdict))


def taken(parts: SenderParts) -> list[str]:
    assert isinstance(parts.provider, MemoryProvider)
    return [message.recipient for message in parts.provider.taken]


def rescuer(parts: SenderParts) -> Rescuer:
    return Rescuer(parts.transactions, parts.journals, parts.provider, parts.policy)


def test_everybody_gets_exactly_one_and_nothing_is_left_behind(
    parts: SenderParts, database: Database, now: datetime
) -> None:
    mailing_id = planned(database, 25, now, batch_size=10)
    result = run_sender(parts, never)
    assert result.error is None
    assert result.counts == {DeliveryState.ACCEPTED: 25}
    assert sorted(taken(parts)) == sorted(f"reader{n}@example.org" for n in range(1, 26))
    assert rescuer(parts).sweep(now) == 0
    assert mailing_state(database, mailing_id) is MailingState.DONE
    assert list(parts.journals.iterdir()) == []
    with database.read() as connection:
        assert connection.scalar(select(senders.c.ended_at)) == now


def test_each_answer_reaches_its_delivery(parts: SenderParts, database: Database, now: datetime) -> None:
    def verdict(message: Message, report: Report) -> bool:
        number = message.delivery_id
        if number == 1:
            report.failed(number, 550, f"5.1.1 <{message.recipient}> unknown")
        elif number == 2:
            report.deferred(number, 451, "4.7.1 greylisted")
        elif number == 3:
            report.begun(number)
            report.uncertain(number, "no reply")
        return number <= 3

    planned(database, 4, now)
    run_sender(with_verdict(parts, verdict), never)
    columns = (deliveries.c.state, deliveries.c.code, deliveries.c.reason, deliveries.c.due_at)
    with database.read() as connection:
        rows = [tuple(row) for row in connection.execute(select(*columns).order_by(deliveries.c.id))]
    assert rows[0] == ("failed", 550, "5.1.1 <recipient> unknown", None)
    assert rows[1][:3] == ("deferred", 451, "4.7.1 greylisted")
    assert rows[1][3] > now
    assert rows[2] == ("uncertain", None, "no reply", None)
    assert rows[3] == ("accepted", 250, "taken", None)


def test_a_delivery_stands_in_journal_and_database_before_it_is_handed_over(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    def look(message: Message, report: Report) -> bool:
        report.begun(message.delivery_id)
        (path,) = small.journals.iterdir()
        assert message.delivery_id in parse(path.read_bytes(), boot_id()).begun
        assert states(sqlite_database)[message.recipient] == "sending"
        report.accepted(message.delivery_id)
        assert parse(path.read_bytes(), boot_id()).answer(message.delivery_id) is not None
        return True

    planned(sqlite_database, 6, now)
    assert run_sender(with_verdict(small, look), never).counts == {DeliveryState.ACCEPTED: 6}


def test_deferred_is_sent_when_due_and_not_before(parts: SenderParts, database: Database, now: datetime) -> None:
    def greylist(message: Message, report: Report) -> bool:
        if message.attempt == 1 and message.delivery_id == 2:
            report.deferred(2, 451, "later")
            return True
        return False

    planned(database, 3, now)
    patient = with_verdict(parts, greylist)
    run_sender(patient, never)
    assert rescuer(patient).sweep(now) == 0
    later = now + timedelta(minutes=6)
    assert rescuer(patient).sweep(later) == 1
    run_sender(replace(patient, clock=lambda: later), never)
    assert count_states(database) == {"accepted": 3}
    assert len(taken(patient)) == 3


def test_unsubscribe_during_run_is_obeyed(small: SenderParts, sqlite_database: Database, now: datetime) -> None:
    def leaves(message: Message, _report: Report) -> bool:
        if message.delivery_id == 1:
            with sqlite_database.write() as connection:
                gone = subscriptions.c.subscriber_id.in_([2, 5, 6])
                connection.execute(update(subscriptions).where(gone).values(state="left"))
        return False

    planned(sqlite_database, 8, now)
    parts = with_verdict(small, leaves)
    result = run_sender(parts, never)
    # 2 was in the window that had been committed; 5 and 6 were not.
    assert taken(parts) == [f"reader{n}@example.org" for n in (1, 2, 3, 4, 7, 8)]
    assert result.counts == {DeliveryState.ACCEPTED: 6, DeliveryState.SKIPPED: 2}


def test_a_pause_takes_effect_within_one_window(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    def pause(message: Message, _report: Report) -> bool:
        if message.delivery_id == 2:
            with sqlite_database.write() as connection:
                connection.execute(update(mailings).values(state="paused"))
        return False

    planned(sqlite_database, 12, now)
    parts = with_verdict(small, pause)
    assert run_sender(parts, never).error is None
    assert count_states(sqlite_database) == {"accepted": 4, "pending": 8}
    with sqlite_database.write() as connection:
        connection.execute(update(mailings).values(state="running"))
    run_sender(parts, never)
    assert count_states(sqlite_database) == {"accepted": 12}


def test_stop_settles_what_was_begun_and_gives_the_rest_back(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    planned(sqlite_database, 12, now)
    result = run_sender(small, lambda: len(taken(small)) >= 6)
    assert result.error is None
    assert count_states(sqlite_database) == {"accepted": 6, "pending": 6}
    with sqlite_database.read() as connection:
        assert set(connection.scalars(select(deliveries.c.attempts))) == {0, 1}
    run_sender(small, never)
    assert len(taken(small)) == 12


def test_a_failing_provider_ends_the_run_with_nothing_lost(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    def dies(message: Message, report: Report) -> bool:
        if message.delivery_id == 3:
            report.begun(3)
            raise ProviderError("gone")
        return False

    planned(sqlite_database, 8, now)
    result = run_sender(with_verdict(small, dies), never)
    assert isinstance(result.error, ProviderError)
    found = states(sqlite_database)
    assert [found[f"reader{n}@example.org"] for n in range(1, 9)] == [
        *("accepted", "accepted", "uncertain", "pending", "pending", "pending", "pending", "pending")
    ]
    assert list(small.journals.iterdir()) == []


def test_an_idempotent_provider_that_fails_leaves_nothing_uncertain(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    def dies(message: Message, report: Report) -> bool:
        report.begun(message.delivery_id)
        raise ProviderError("gone")

    planned(sqlite_database, 2, now)
    run_sender(replace(small, provider=MemoryProvider(idempotent=True, verdict=dies)), never)
    assert count_states(sqlite_database) == {"pending": 2}
    with sqlite_database.read() as connection:
        attempts = list(connection.scalars(select(deliveries.c.attempts).order_by(deliveries.c.id)))
    assert attempts == [1, 0]


def test_a_provider_that_reports_nothing_is_no_success_and_no_endless_loop(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    planned(sqlite_database, 3, now)
    result = run_sender(with_verdict(small, lambda _message, _report: True), never)
    assert result.error is not None
    assert "takes nothing" in str(result.error)
    assert count_states(sqlite_database) == {"pending": 3}


def test_a_bug_in_a_provider_leaves_its_journal_to_a_rescuer(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    def bug(message: Message, report: Report) -> bool:
        if message.delivery_id == 2:
            report.begun(2)
            raise ZeroDivisionError
        return False

    planned(sqlite_database, 4, now)
    parts = with_verdict(small, bug)
    with pytest.raises(ZeroDivisionError):
        run_sender(parts, never)
    assert count_states(sqlite_database) == {"accepted": 1, "uncertain": 1, "pending": 2}
    assert rescuer(parts).sweep(now) == 1
    run_sender(replace(small, provider=parts.provider), never)
    assert count_states(sqlite_database) == {"accepted": 3, "uncertain": 1}


@pytest.mark.parametrize("speaks_of", [99, 1])
def test_a_provider_may_speak_once_and_only_about_its_own_deliveries(
    small: SenderParts, sqlite_database: Database, now: datetime, speaks_of: int
) -> None:
    def verdict(message: Message, report: Report) -> bool:
        if message.delivery_id == 2:
            report.begun(speaks_of)
        return False

    planned(sqlite_database, 3, now)
    result = run_sender(with_verdict(small, verdict), never)
    assert isinstance(result.error, LedgerError)
    assert count_states(sqlite_database) == {"accepted": 1, "pending": 2}


def test_accepted_without_begun_is_refused(small: SenderParts, sqlite_database: Database, now: datetime) -> None:
    def hasty(message: Message, report: Report) -> bool:
        report.accepted(message.delivery_id)
        return True

    planned(sqlite_database, 1, now)
    assert isinstance(run_sender(with_verdict(small, hasty), never).error, LedgerError)
    assert count_states(sqlite_database) == {"pending": 1}


def test_a_mail_that_cannot_be_composed_fails_alone(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    class Picky(PlainComposer):
        def compose(self, delivery: Delivery, date: datetime, way: Way = AS_IT_IS) -> Message:
            if delivery.id == 2:
                raise PublisherError("a name holds a line break")
            return super().compose(delivery, date, way)

    planned(sqlite_database, 3, now)
    run_sender(replace(small, composer=Picky), never)
    assert count_states(sqlite_database) == {"accepted": 2, "failed": 1}


def test_a_newsletter_that_cannot_be_composed_for_anybody_fails_nobody(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    def broken(_edition_id: int) -> PlainComposer:
        raise PublisherError("no From")

    planned(sqlite_database, 3, now)
    result = run_sender(replace(small, composer=broken), never)
    assert str(result.error) == "no From"
    assert count_states(sqlite_database) == {"pending": 3}
    assert run_sender(small, never).counts == {DeliveryState.ACCEPTED: 3}


def test_a_sender_that_was_ended_from_elsewhere_stops_and_brings_late_proof(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    store = LedgerStore(sqlite_database)

    def rescued(message: Message, report: Report) -> bool:
        if message.delivery_id == 2:
            # Another machine takes its lease for over, and cannot look at its journal.
            other = Rescuer(store, small.journals.parent / "elsewhere", MemoryProvider(), POLICY)
            assert len(other.rescue(now + 2 * LEASE)) == 1
            assert count_states(sqlite_database) == {"uncertain": 4, "pending": 4}
        return False

    planned(sqlite_database, 8, now)
    parts = with_verdict(small, rescued)
    result = run_sender(parts, never)
    assert result.error is None
    # It may notice while it is at it, or at the end of its window.
    assert taken(parts) in ([f"reader{n}@example.org" for n in range(1, last)] for last in (4, 5))
    sent, in_doubt = len(taken(parts)), 4 - len(taken(parts))
    assert count_states(sqlite_database) == {
        state: number
        for state, number in {"accepted": sent, "uncertain": in_doubt, "pending": 4}.items()
        if number
    }


def test_a_sender_that_was_ended_between_two_windows_takes_no_further_one(
    parts: SenderParts, database: Database, now: datetime
) -> None:
    """Nobody would look after what it left: it has been settled for good."""
    planned(database, 8, now)

    def composer(edition_id: int) -> PlainComposer:
        with database.write() as connection:  # after it has leased its batch
            assert Ledger(connection).end_sender(connection.scalar(select(senders.c.id)) or "", now)
        return PlainComposer(edition_id)

    run_sender(replace(parts, composer=composer), never)
    assert taken(parts) == []
    assert count_states(database) == {"pending": 8}
    assert rescuer(parts).sweep(now) == 1


def test_a_lease_is_renewed_while_a_provider_waits(
    small: SenderParts, sqlite_database: Database, now: datetime
) -> None:
    clock = [now]

    class Slow(MemoryProvider):
        def send(self, messages, report, stop):  # type: ignore[no-untyped-def]
            for _ in range(10):
                clock[0] += timedelta(minutes=1)
                assert not stop()
            with LedgerStore(sqlite_database).read() as ledger:
                assert ledger.expired_senders(clock[0]) == []
            super().send(messages, report, stop)

    planned(sqlite_database, 1, now)
    run_sender(replace(small, provider=Slow(), clock=lambda: clock[0]), never)
    assert count_states(sqlite_database) == {"accepted": 1}


def test_a_database_that_is_gone_at_the_settlement_loses_nothing(
    small: SenderParts, sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(sqlite_database, 3, now)

    def gone(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(Ledger, "settle", gone)
    with pytest.raises(StorageError):
        run_sender(small, never)
    monkeypatch.undo()
    assert count_states(sqlite_database) == {"sending": 3}
    assert rescuer(small).sweep(now) == 0
    assert count_states(sqlite_database) == {"accepted": 3}
    assert len(taken(small)) == 3


def test_stop_signal_hears_the_end_of_its_parent_and_a_signal() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        here, there = os.pipe()
        stop = StopSignal(here, every=0)
        assert not stop()
        os.close(there)
        assert stop()
        assert stop()
        os.close(here)
        stop = StopSignal()
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_numbers_beyond_31_bits_are_sent_like_others(
    postgres_database: Database, tmp_path: Path, now: datetime
) -> None:
    """A list of a million has used them up after six years of mornings."""
    numbered = ("subscribers", "digests", "editions", "mailings", "batches", "deliveries")
    with postgres_database.write() as connection:
        for table in numbered:
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {2**31 + 9})"))

    def verdict(message: Message, report: Report) -> bool:
        if message.recipient == "reader2@example.org":
            report.deferred(message.delivery_id, 451, "later")
        return message.recipient == "reader2@example.org"

    mailing_id = planned(postgres_database, 6, now, batch_size=4)
    provider = MemoryProvider(verdict=verdict)
    parts = SenderParts(
        LedgerStore(postgres_database), provider, PlainComposer, tmp_path / "journal", POLICY, 4, lambda: now
    )
    assert run_sender(parts, lambda: len(provider.taken) >= 3).error is None
    with postgres_database.read() as connection:
        assert Mailings(connection).counts(mailing_id) == {
            DeliveryState.ACCEPTED: 3,
            DeliveryState.DEFERRED: 1,
            DeliveryState.PENDING: 2,
        }
        assert [failure.delivery_id > 2**31 for failure in Mailings(connection).failures(mailing_id)] == [True]
    with postgres_database.write() as connection:
        assert Corrections(connection).end(mailing_id)
    rescuer(parts).sweep(now)
    assert count_states(postgres_database) == {"accepted": 3, "skipped": 3}
