"""What comes back: how fast the events of a mailing that went well are taken in, and acted on."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy import event as events_of

from publisher.bounces.identifying import Verdict
from publisher.bounces.receiving import discreet
from publisher.feedback import Feedback, FeedbackKind
from publisher.messages import verp
from publisher.storage import migrate
from publisher.storage.database import Database, connect
from tests.bench.ledger import Kind
from tests.bench.letters import NOW
from tests.bench.measuring import ROUNDS, Row
from tests.bench.worked import worked
from tests.fakes.mailing import planned
from tests.fakes.returning import SECRET, Returns

EVENTS = 5_000
"""Of a round."""

OF_A_CALL = 500
"""Events that a webhook takes at once."""


def rows(kind: Kind) -> Iterator[Row]:
    """One `delivered` for each mail of a mailing, in rounds."""
    with tempfile.TemporaryDirectory() as folder:
        database = connect(kind.new("returned"), Path(folder))
        migrate.prepare(database)
        planned(database, EVENTS * ROUNDS, NOW)
        returns, longest = Returns(database, NOW), _longest(database)
        returns.sent()
        rounds = [_round(database, returns, number) for number in range(ROUNDS)]
        database.close()
    rate, cpu = (statistics.median(each[place] for each in rounds) for place in range(2))
    yield Row(
        f"acting on `delivered` events, {kind.name}",
        f"{rate:.0f}/s, {cpu:.0f} µs CPU each, no transaction longer than {longest():.2f} s",
        "≥ 3000/s, ≤ 0.5 s" if kind.name == "SQLite" else "≤ 0.5 s",
    )


def _round(database: Database, returns: Returns, number: int) -> tuple[float, float]:
    """Events a second, and microseconds of one."""
    told = [_delivered(delivery) for delivery in range(number * EVENTS + 1, (number + 1) * EVENTS + 1)]
    for first in range(0, EVENTS, OF_A_CALL):
        with returns.store.write() as unit:
            unit.feedback.append("bench", told[first : first + OF_A_CALL], NOW)

    def act() -> None:
        assert returns.act().verdicts == {Verdict.NOTED: EVENTS}

    took = worked(database, act)
    return EVENTS / took.seconds, took.cpu / EVENTS * 1e6


def _delivered(delivery: int) -> Feedback:
    email = f"reader{delivery}@example.org"
    event = Feedback(
        f"event-{delivery}",
        FeedbackKind.DELIVERED,
        NOW,
        reference=verp.mint(SECRET, delivery, email),
        recipient=email,
    )
    return discreet(event, SECRET)


def _longest(database: Database) -> Callable[[], float]:
    """Gives how long the longest transaction lasted that was committed since."""
    begun, lasted = [0.0], [0.0]

    def begin(_connection: Connection) -> None:
        begun[0] = time.perf_counter()

    def commit(_connection: Connection) -> None:
        lasted.append(time.perf_counter() - begun[0])

    events_of.listen(database.engine, "begin", begin)
    events_of.listen(database.engine, "commit", commit)
    return lambda: max(lasted)
