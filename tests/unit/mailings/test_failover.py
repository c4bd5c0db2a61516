"""Several providers as one: the next takes what the one before has not taken, and nothing that is uncertain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.capabilities import Capabilities, Form
from publisher.errors import ProviderError
from publisher.ledger import AS_IT_IS, Delivery, DeliveryState, Message, Messages, Report, Way
from publisher.mailings.admission import Paces
from publisher.mailings.failover import LONGEST, SHORTEST, Failover
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.pace import Limits
from publisher.mailings.routing import Route, order
from publisher.mailings.sending import SenderParts, run_sender
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from tests.fakes.mailing import PlainComposer, count_states, planned, states
from tests.fakes.provider import MemoryProvider, Recorder

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))


class Failing(MemoryProvider):
    """Takes so many, then says that it is out."""

    def __init__(self, name: str, takes: int = 10**6, error: ProviderError | None = None) -> None:
        super().__init__()
        self.name = f"memory:{name}"
        self.takes = takes
        self.error = error or ProviderError("nobody is there", remedy="Wait")
        self.asked = 0

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        self.asked += 1
        if self.takes <= len(self.taken):
            raise self.error
        for message in messages:
            if len(self.taken) >= self.takes:
                raise self.error
            report.begun(message.delivery_id)
            self.taken.append(message)
            report.accepted(message.delivery_id, 250, "taken")


class Clock:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def never() -> bool:
    return False


def several(*providers: MemoryProvider, routes: list[Route] | None = None, clock: Clock | None = None) -> Failover:
    named = {provider.name.partition(":")[2]: provider for provider in providers}
    return Failover(named, routes or [Route(name) for name in named], monotonic=clock or Clock())


def parts(database: Database, folder: Path, now: datetime, provider: Failover, window: int = 4) -> SenderParts:
    return SenderParts(LedgerStore(database), provider, PlainComposer, folder, POLICY, window, lambda: now)


def numbers(provider: MemoryProvider) -> list[int]:
    return sorted(message.delivery_id for message in provider.taken)


@pytest.mark.parametrize("takes", [0, 1, 5, 8, 19])
def test_the_next_takes_what_the_first_has_not_taken_and_everybody_gets_one(
    database: Database, tmp_path: Path, now: datetime, takes: int
) -> None:
    first, second = Failing("first", takes), Failing("second")
    planned(database, 20, now, batch_size=10)
    result = run_sender(parts(database, tmp_path, now, several(first, second)), never)
    assert result.error is None
    assert count_states(database) == {"accepted": 20}
    assert len(first.taken) == takes
    assert sorted(numbers(first) + numbers(second)) == list(range(1, 21))


def test_what_is_uncertain_at_one_never_goes_by_another(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    def lost(message: Message, report: Report) -> bool:
        report.begun(message.delivery_id)
        report.uncertain(message.delivery_id, "no answer")
        raise ProviderError("it does not answer", remedy="Wait")

    first, second = MemoryProvider(verdict=lost), Failing("second")
    first.name = "memory:first"
    planned(sqlite_database, 12, now)
    run_sender(parts(sqlite_database, tmp_path, now, several(first, second)), never)
    assert count_states(sqlite_database) == {"accepted": 11, "uncertain": 1}
    (uncertain,) = [email for email, state in states(sqlite_database).items() if state == "uncertain"]
    assert uncertain not in {message.recipient for message in second.taken}


def test_a_window_that_one_provider_has_asked_for_whole_is_taken_by_the_next(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    """As with a provider whose calls hold a whole window: it fails with all of it in hand."""

    class Greedy(Failing):
        def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
            self.asked += 1
            assert list(messages)
            raise self.error

    first, second = Greedy("first"), Failing("second")
    planned(database, 4, now)
    result = run_sender(parts(database, tmp_path, now, several(first, second)), never)
    assert result.error is None
    assert numbers(second) == [1, 2, 3, 4]


def test_when_all_are_out_it_is_said_and_everything_waits(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    planned(sqlite_database, 5, now)
    result = run_sender(parts(sqlite_database, tmp_path, now, several(Failing("a", 0), Failing("b", 0))), never)
    assert isinstance(result.error, ProviderError)
    assert count_states(sqlite_database) == {"pending": 5}


def test_who_was_out_is_tried_again_when_its_time_is_over(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    clock = Clock()
    first, second = Failing("first", 0), Failing("second")
    provider = several(first, second, clock=clock)
    delivery = Delivery(1, 1, "a@example.org", "", 1, None, 1)
    planned(sqlite_database, 4, now)
    run_sender(parts(sqlite_database, tmp_path, now, provider), never)
    assert provider.way(delivery).provider == "second"
    clock.seconds = SHORTEST.total_seconds()
    assert provider.way(delivery).provider == "first"


def test_who_says_how_long_is_left_alone_for_so_long_and_others_ever_longer() -> None:
    clock, told = Clock(), ProviderError("slowly", remedy="Wait")
    told.retry_in = timedelta(minutes=40)
    delivery = Delivery(1, 1, "a@example.org", "", 1, None, 1)
    for error, waits in ((told, [2400.0] * 3), (None, [60.0, 120.0, 240.0, 480.0, 900.0, 900.0])):
        provider = several(Failing("first", 0, error), Failing("second"), clock=clock)
        for wait in waits:
            message = Message(1, "x@example.org", "a@example.org", "<1@x>", b"", provider="first")
            provider.send([message], Recorder(), never)
            clock.seconds += wait - 1
            assert provider.way(delivery).provider == "second"
            clock.seconds += 1
            assert provider.way(delivery).provider == "first"
    assert LONGEST.total_seconds() == 900.0


def test_a_permanent_error_is_not_tried_again(sqlite_database: Database, tmp_path: Path, now: datetime) -> None:
    clock = Clock()
    refused = ProviderError("the key is not accepted", remedy="Mend it", permanent=True)
    provider = several(Failing("first", 0, refused), Failing("second"), clock=clock)
    planned(sqlite_database, 4, now)
    run_sender(parts(sqlite_database, tmp_path, now, provider), never)
    clock.seconds = 10**6
    assert provider.way(Delivery(1, 1, "a@example.org", "", 1, None, 1)).provider == "second"


def test_each_mail_is_composed_as_its_provider_takes_it_and_goes_by_its_domain(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    first, second = Failing("first"), Failing("second")
    second.capabilities = Capabilities(form=Form.PARTS)
    routes = [Route("first"), Route("second", frozenset({"example.org"}))]
    planned(sqlite_database, 6, now)
    seen: list[Form] = []

    class Watching(PlainComposer):
        def compose(self, delivery: Delivery, date: datetime, way: Way = AS_IT_IS) -> Message:
            seen.append(way.capabilities.form)
            return super().compose(delivery, date, way)

    used = replace(parts(sqlite_database, tmp_path, now, several(first, second, routes=routes)), composer=Watching)
    run_sender(used, never)
    assert first.taken == []
    assert len(second.taken) == 6
    assert set(seen) == {Form.PARTS}


def test_shares_of_one_window_reach_both(sqlite_database: Database, tmp_path: Path, now: datetime) -> None:
    first, second = Failing("first"), Failing("second")
    routes = [Route("first", share=50), Route("second", share=50)]
    planned(sqlite_database, 200, now)
    result = run_sender(parts(sqlite_database, tmp_path, now, several(first, second, routes=routes), 64), never)
    assert result.counts == {DeliveryState.ACCEPTED: 200}
    assert min(len(first.taken), len(second.taken)) > 60
    assert sorted(numbers(first) + numbers(second)) == list(range(1, 201))


def test_each_provider_has_its_own_pace(database: Database, tmp_path: Path, now: datetime) -> None:
    """What one may not take for now waits for it; the other is not slowed."""
    first, second = Failing("first"), Failing("second")
    routes = [Route("first", share=50), Route("second", share=50)]
    planned(database, 60, now)
    limited = Paces(providers={"first": ("provider:memory:first", Limits(per_hour=5)), "second": ("x", Limits())})
    used = replace(parts(database, tmp_path, now, several(first, second, routes=routes), 16), paces=limited)
    run_sender(used, never)
    theirs = [number for number in range(1, 61) if order(routes, number, "a@example.org")[0] == "first"]
    assert len(first.taken) == 5
    assert numbers(second) == [number for number in range(1, 61) if number not in theirs]
    assert count_states(database) == {"accepted": 60 - len(theirs) + 5, "pending": len(theirs) - 5}
