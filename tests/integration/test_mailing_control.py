"""Pausing, resuming and cancelling a mailing while `publisher run` in another process sends it over SMTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.storage.database import Database
from publisher.storage.tables import deliveries
from subscribers.tables import subscribers
from tests.fakes.turnstile import Turnstile
from tests.instance import Ended, Instance

pytestmark = pytest.mark.slow


READERS, WINDOW, BEFORE = 60, 6, 20


@pytest.fixture
def server() -> Iterator[Turnstile]:
    with Turnstile(BEFORE) as server:
        yield server


@pytest.fixture
def instance(database: Database, server: Turnstile, tmp_path: Path) -> Instance:
    """An instance with one digest to mail; its sender commits small windows."""
    made = Instance(
        tmp_path / "instance",
        database=database.engine.url.render_as_string(hide_password=False),
        provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n',
        sending=f"senders = 1\nwindow = {WINDOW}\n",
    )
    made.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    made.digest("2024-11-21")
    return made


def in_window(database: Database) -> set[str]:
    """Who is in a committed window now."""
    query = select(subscribers.c.email).join_from(
        deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id
    )
    with database.read() as connection:
        return set(connection.scalars(query.where(deliveries.c.state == "sending")))


def meanwhile(instance: Instance, server: Turnstile, database: Database, *words: str) -> tuple[Ended, set[str]]:
    """A command in the middle of `publisher run`: how the run ended, and who was in a window at the command."""
    running = instance.start("run")
    server.wait()
    ended = instance(*words)
    assert ended.code == 0, ended
    held = in_window(database)
    server.carry_on()
    return instance.wait(running), held


def sums(instance: Instance) -> dict[str, int]:
    with instance.opened() as app:
        return {str(state): number for state, number in app.mailroom.facts(1).counts.items()}


def test_pause_takes_effect_within_one_window_and_resume_mails_the_rest_once(
    instance: Instance, server: Turnstile, database: Database
) -> None:
    ended, held = meanwhile(instance, server, database, "mailing", "pause", "1", "--reason", "a wrong name")
    assert ended.code == 0, ended
    assert "(paused)" in ended.out
    received = set(server.recipients)
    assert len(held) <= WINDOW
    assert received <= set(server.recipients[:BEFORE]) | held
    assert len(received) < READERS
    assert sums(instance) == {"accepted": len(received), "pending": READERS - len(received)}
    assert instance("run").code == 0
    assert set(server.recipients) == received  # and it stays so

    assert instance("mailing", "resume", "1", "--reason", "the name is right").code == 0
    assert instance("run").code == 0
    assert set(Counter(server.recipients).values()) == {1}
    assert len(server.recipients) == READERS


def test_cancel_takes_effect_within_one_window_and_nobody_is_mailed_afterwards(
    instance: Instance, server: Turnstile, database: Database
) -> None:
    ended, held = meanwhile(
        instance, server, database, "mailing", "cancel", "1", "--reason", "a wrong file", "--yes"
    )
    assert ended.code == 0, ended
    received = set(server.recipients)
    assert received <= set(server.recipients[:BEFORE]) | held
    assert instance("run").code == 0
    assert set(server.recipients) == received
    assert sums(instance) == {"accepted": len(received), "skipped": READERS - len(received)}


def test_a_cancellation_is_asked_for_and_a_refusal_is_one_line(
    instance: Instance, server: Turnstile, database: Database
) -> None:
    meanwhile(instance, server, database, "mailing", "pause", "1", "--reason", "a wrong name")
    cases = {
        ("cancel", "1", "--reason", "x"): "nobody is here to answer: Cancel mailing 1 of daily/2024-11-21-news",
        ("cancel", "1", "--yes"): "cancelling a mailing wants a reason. Add --reason TEXT",
        ("pause", "1", "--reason", "x"): "mailing 1 is paused already. `publisher mailing resume 1",
        ("resume", "1"): "resuming a mailing wants a reason. Add --reason TEXT",
        ("resume", "2", "--reason", "x"): "there is no mailing 2. `publisher mailing list` shows those there are",
    }
    for words, told in cases.items():
        ended = instance("mailing", *words)
        assert ended.code == 2, (words, ended)
        assert told in ended.err
        assert len(ended.err.splitlines()) == 1
