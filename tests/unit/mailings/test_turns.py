"""The window rolls while the provider works: what stands as `sending`, and what a turn that fails leaves."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.errors import StorageError
from publisher.ledger import DeliveryState, Message, Messages, Report, Window
from publisher.mailings.journal import Replay, boot_id, parse
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.reporting import WindowReport
from publisher.mailings.rescue import Rescuer
from publisher.mailings.sending import SenderParts, run_sender
from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore
from tests.fakes.mailing import PlainComposer, count_states, planned
from tests.fakes.provider import MemoryProvider

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
WAIT_SECONDS = 60


class Pipelining(MemoryProvider):
    """Has so many messages on their way before it hears of the first; `watch` is told each time it takes one."""

    def __init__(self, on_their_way: int, watch: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._most = on_their_way
        self._watch = watch
        self.waiting: deque[Message] = deque()

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        waiting = self.waiting = deque()
        stream = iter(messages)
        while not stop():
            message = next(stream, None)
            self._watch()
            if message is not None:
                report.begun(message.delivery_id)
                waiting.append(message)
            if waiting and (message is None or len(waiting) >= self._most):
                first = waiting.popleft()
                self.taken.append(first)
                report.accepted(first.delivery_id, 250, "taken")
            if message is None and not waiting:
                return


def parts_of(
    database: Database, tmp_path: Path, now: datetime, provider: MemoryProvider, window: int
) -> SenderParts:
    return SenderParts(
        LedgerStore(database), provider, PlainComposer, tmp_path / "journal", POLICY, window, lambda: now
    )


@pytest.mark.parametrize("window", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("on_their_way", [1, 2, 5, 20])
def test_never_more_than_a_window_stands_as_sending(
    sqlite_database: Database, tmp_path: Path, now: datetime, window: int, on_their_way: int
) -> None:
    seen: list[int] = []
    provider = Pipelining(on_their_way, lambda: seen.append(count_states(sqlite_database).get("sending", 0)))
    planned(sqlite_database, 150, now, batch_size=100)
    assert run_sender(parts_of(sqlite_database, tmp_path, now, provider, window), lambda: False).error is None
    assert 0 < max(seen) <= window
    assert count_states(sqlite_database) == {"accepted": 150}
    assert len({message.recipient for message in provider.taken}) == len(provider.taken) == 150


def test_asking_whether_a_turn_is_worth_it_does_not_look_through_the_window(
    sqlite_database: Database, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for each of the last deliveries of a window: a call of a thousand would cost a million looks."""
    looks = 0
    is_answered = WindowReport.is_answered

    def counted(report: WindowReport, delivery_id: int) -> bool:
        nonlocal looks
        looks += 1
        return is_answered(report, delivery_id)

    monkeypatch.setattr(WindowReport, "is_answered", counted)
    planned(sqlite_database, 1_000, now)
    parts = parts_of(sqlite_database, tmp_path, now, Pipelining(1_000), 1_000)

    assert run_sender(parts, lambda: False).counts == {DeliveryState.ACCEPTED: 1_000}
    assert looks <= 4_000


def test_the_next_deliveries_are_committed_while_the_provider_works(
    sqlite_database: Database, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider goes on with its last message when the next ones stand: otherwise it would wait for ever."""
    committed, windows = threading.Event(), []
    real = Ledger.commit_window

    def watched(*arguments: object, **named: object) -> Window:
        window = real(*arguments, **named)  # type: ignore[arg-type]
        windows.append(window)
        if len(windows) == 2:
            committed.set()
        return window

    monkeypatch.setattr(Ledger, "commit_window", watched)

    def verdict(message: Message, _report: Report) -> bool:
        assert message.delivery_id != 8 or committed.wait(WAIT_SECONDS)
        return False

    planned(sqlite_database, 20, now)
    parts = parts_of(sqlite_database, tmp_path, now, MemoryProvider(verdict=verdict), 8)
    assert run_sender(parts, lambda: False).error is None
    assert count_states(sqlite_database) == {"accepted": 20}


@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("on_their_way", [1, 3])
def test_a_turn_that_fails_loses_nothing_and_repeats_nothing(
    database: Database,
    tmp_path: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    turn: int,
    on_their_way: int,
) -> None:
    real, calls = Ledger.commit_window, iter(range(1, 1000))

    def failing(*arguments: object, **named: object) -> Window:
        if next(calls) == turn:
            raise StorageError("the disk is full")
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "commit_window", failing)
    planned(database, 30, now)
    provider = Pipelining(on_their_way)
    parts = parts_of(database, tmp_path, now, provider, 8)
    with pytest.raises(StorageError, match="disk is full"):
        run_sender(parts, lambda: False)
    # What was on its way in a provider that lets the error through is settled: in doubt, and no more than that.
    doubt = count_states(database).get("uncertain", 0)
    assert doubt <= on_their_way
    Rescuer(parts.transactions, parts.journals, provider, POLICY).sweep(now)
    run_sender(replace(parts, provider=provider), lambda: False)
    left = 30 - len(provider.taken)
    assert left == doubt
    assert count_states(database) == {"accepted": 30 - doubt} | ({"uncertain": doubt} if doubt else {})
    assert len({message.recipient for message in provider.taken}) == len(provider.taken)


def test_a_journal_keeps_what_is_on_its_way_and_forgets_it_when_the_provider_has_returned(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    """Without the first, a killed sender's mails are sent again; without the second, an answer of an earlier
    attempt is believed about a later one."""

    def said() -> Replay:
        (path,) = (tmp_path / "journal").iterdir()
        return parse(path.read_bytes(), boot_id())

    def watch() -> None:
        assert {message.delivery_id for message in provider.waiting} == said().begun

    class Watched(Pipelining):
        calls = 0

        def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
            self.calls += 1
            assert said() == Replay(whole=True)
            super().send(messages, report, stop)

    planned(sqlite_database, 60, now, batch_size=30)
    provider = Watched(3, watch)
    assert run_sender(parts_of(sqlite_database, tmp_path, now, provider, 8), lambda: False).error is None
    assert count_states(sqlite_database) == {"accepted": 60}
    assert provider.calls == 2


def test_what_a_turn_committed_before_the_stop_is_given_back(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    planned(sqlite_database, 40, now)
    provider = MemoryProvider()
    parts = parts_of(sqlite_database, tmp_path, now, provider, 8)
    for most in range(1, 30, 4):
        run_sender(parts, lambda most=most: len(provider.taken) >= most)  # type: ignore[misc]
        assert count_states(sqlite_database) == {"accepted": len(provider.taken), "pending": 40 - most}
        assert len(provider.taken) == most
