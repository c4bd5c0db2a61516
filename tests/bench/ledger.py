"""The ledger at a million rows, on SQLite and on PostgreSQL: importing, planning, windows and settling, sums.

Windows and settling are measured with a whole sender whose provider takes everything at once: what is left is the
ledger, the journal and a few words of mail. On PostgreSQL the server's work is counted with ours.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, select, text, update

from publisher.capabilities import Capabilities
from publisher.ledger import DeliveryState, Messages, Report
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import Stop
from publisher.mailings.sending import SenderParts, run_sender
from publisher.providers.one_way import OneWay
from publisher.storage import migrate
from publisher.storage.database import Database, connect
from publisher.storage.ledger import LedgerStore
from publisher.storage.mailings import Mailings
from publisher.storage.tables import batches, deliveries
from tests.bench.letters import NOW
from tests.bench.measuring import ROUNDS, Row
from tests.bench.worked import worked
from tests.conftest import running_postgres
from tests.fakes.mailing import PlainComposer, add_edition, add_mailing, plan, planned

SMALL = 10_000
ROUND = 2_000
"""Mails that one round settles: two batches."""

MAILING = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of database: its name, addresses of new ones, and how long a plan may take."""

    name: str
    new: Callable[[str], str]
    plan_seconds: int


@contextmanager
def sqlite() -> Iterator[Kind]:
    """Files in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        yield Kind("SQLite", lambda name: f"sqlite:///{folder}/{name}.db", 5)


@contextmanager
def postgresql() -> Iterator[Kind]:
    """The tests' server, but as safe as PostgreSQL is unless it is told otherwise."""
    with running_postgres() as server:
        admin = create_engine(server.url_of("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("ALTER SYSTEM RESET ALL"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()
        yield Kind("PostgreSQL", lambda _: server.url_of(server.create()), 15)


class AtOnce(OneWay):
    """A provider that takes everything at once, until it had enough."""

    name = "bench:nowhere"
    idempotent = False
    capabilities = Capabilities()

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    def send(self, messages: Messages, report: Report, stop: Stop) -> None:
        """Take them."""
        for message in messages:
            report.begun(message.delivery_id)
            report.accepted(message.delivery_id, 250, "2.0.0 Ok: queued as 4XyZ1v2mBz9rT")
            self.taken += 1
            if self.taken >= self._most or stop():
                return

    def close(self) -> None:
        """Nothing is open."""

    def enough(self) -> bool:
        """Whether the round is over."""
        return self.taken >= self._most


def rows(kind: Kind, number: int) -> Iterator[Row]:
    """Everything at `number` rows."""
    url = kind.new("large")
    command = [sys.executable, "-m", "tests.bench.importing", url, str(number)]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    yield Row(
        f"importing {number:,} subscribers",
        f"{told['took']}, {told['peak']:.0f} MB at most",
        "≤ 60 s at 1 000 000",
    )
    with tempfile.TemporaryDirectory() as folder:
        large = connect(url, Path(folder))
        yield _planning(kind, large, number)
        yield from _windows(kind, large, number, Path(folder))
        large.close()


def _planning(kind: Kind, large: Database, number: int) -> Row:
    mailing_id = add_mailing(large, *add_edition(large, NOW), NOW)
    took = worked(large, lambda: plan(large, mailing_id, NOW))
    return Row(f"planning {number:,} deliveries", str(took), f"≤ {kind.plan_seconds} s at 1 000 000")


def _windows(kind: Kind, large: Database, number: int, folder: Path) -> Iterator[Row]:
    """What a mail costs the ledger of a small mailing, of a large one, and of one half sent; and their sums."""
    yield _sums(large, "all pending")
    few, many = _in_turn(kind, large, folder)
    yield Row(f"windows and settling, mailing of {SMALL:,}", f"{statistics.median(few):.0f} µs CPU a mail")
    yield _window_row(f"of {number:,}", many, few)
    _bulk(large, 0, number // 2, DeliveryState.ACCEPTED)
    yield _sums(large, "half sent")
    few, many = _in_turn(kind, large, folder)
    yield _window_row(f"of {number:,}, half sent", many, few)
    _bulk(large, number // 2, number, DeliveryState.ACCEPTED)
    yield _sums(large, "all accepted")
    with large.write() as connection:
        every = update(deliveries).where(deliveries.c.id % 100 == 0)
        connection.execute(every.values(state=str(DeliveryState.FAILED), code=550))
    yield _sums(large, "1 % failed, with a page of 50 failures", failures=50)


def _in_turn(kind: Kind, large: Database, folder: Path) -> tuple[list[float], list[float]]:
    """Rounds of a new small mailing, and in turn with them rounds of the large one."""
    small = connect(kind.new(uuid4().hex), folder)
    migrate.prepare(small)
    planned(small, SMALL, NOW)
    rounds = [(_cpu_of_a_mail(small, folder), _cpu_of_a_mail(large, folder)) for _ in range(ROUNDS)]
    small.close()
    return [few for few, _ in rounds], [many for _, many in rounds]


def _window_row(which: str, rounds: list[float], small: list[float]) -> Row:
    ratio = statistics.median(many / few for many, few in zip(rounds, small, strict=True))
    told = f"{statistics.median(rounds):.0f} µs CPU a mail, {ratio:.2f} × of {SMALL:,}"
    return Row(f"windows and settling, mailing {which}", told, "does not grow")


def _cpu_of_a_mail(database: Database, folder: Path) -> float:
    """Microseconds of our process, and of the server's that works for it."""
    provider = AtOnce(ROUND)
    policy = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
    parts = SenderParts(LedgerStore(database), provider, PlainComposer, folder / "journal", policy)

    def send() -> None:
        result = run_sender(parts, provider.enough)
        if result.error:
            raise result.error

    return worked(database, send).cpu / provider.taken * 1e6


def _bulk(database: Database, first: int, last: int, state: DeliveryState) -> None:
    """Have whole batches sent without a sender: those with ids after `first`, up to `last`."""
    with database.write() as connection:
        inside = (batches.c.mailing_id == MAILING, batches.c.first_id > first, batches.c.last_id <= last)
        ranges = connection.execute(select(batches.c.first_id, batches.c.last_id).where(*inside)).all()
        low, high = min(each.first_id for each in ranges), max(each.last_id for each in ranges)
        moved = update(deliveries).where(deliveries.c.id.between(low, high), deliveries.c.mailing_id == MAILING)
        connection.execute(moved.values(state=str(state), code=250, attempts=1, changed_at=NOW))
        connection.execute(update(batches).where(*inside).values(done_at=NOW, begun=True, sender_id=None))


def _sums(database: Database, when: str, failures: int = 0) -> Row:
    """What `mailing show` and the bar wait for; wall clock, for it is the server's work too."""

    def ask() -> float:
        begun = time.perf_counter()
        with database.read() as connection:
            found = Mailings(connection)
            found.counts(MAILING)
            if failures:
                assert len(found.failures(MAILING, failures)) == failures
        return (time.perf_counter() - begun) * 1e3

    ask()  # builds the statement, once a process
    return Row(
        f"sums of the mailing, {when}", f"{statistics.median(ask() for _ in range(ROUNDS)):.1f} ms", "≤ 50 ms"
    )
