"""The whole sender through an API, against the same calls made by a plain loop of `requests`.

Both talk to the same server (`mailgun`), in turn; what it has taken has to be the same, mail by mail.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from publisher.ledger import DeliveryState
from publisher.storage.database import connect
from publisher.storage.mailings import Mailings
from tests.bench import mailgun, processes
from tests.bench.driving import Sent, begin, end, ledger_of, ratio, told
from tests.bench.measuring import ROUNDS, Row

MAILS = 100_000
"""Of a round, and of the mailing whose memory is looked at."""

MAILING = 1
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Round:
    """What one round took, and what the server says of it."""

    sent: Sent
    record: dict[str, Any]


def rows() -> Iterator[Row]:
    """Rates in turn, then one large mailing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = ledger_of(folder, MAILS)
        calls = _recorded(folder, ledger)
        with _server() as port:
            rounds = [(_bare(calls, port), _ours(folder, ledger, port)) for _ in range(ROUNDS)]
    records = [each.record for pair in rounds for each in pair]
    assert records == [records[0]] * len(records), records
    theirs, ours = ([pair[column].sent for pair in rounds] for column in range(2))
    octets = sum(len(body) for _, body in calls) / len(calls)
    yield Row(f"`requests`, one connection, the same {len(calls)} calls of {octets / 1e3:.0f} kB", told(theirs))
    yield Row("whole sender, provider mailgun", f"{told(ours)}, {ratio(ours, theirs):.2f} ×", "≥ 0.3 ×")
    yield from _whole()


def _recorded(folder: Path, ledger: Path) -> list[tuple[str, bytes]]:
    """The calls that the sender makes of a mailing, each with the type of its content."""
    kept = folder / "calls"
    kept.mkdir()
    with _server(kept) as port:
        _ours(folder, ledger, port)
    found = [path.read_bytes().partition(mailgun.TYPE_ENDS) for path in sorted(kept.iterdir())]
    return [(content_type.decode(), body) for content_type, _, body in found]


def _bare(calls: Sequence[tuple[str, bytes]], port: int) -> Round:
    """What anybody would write in five lines: nothing is composed, nothing is written down."""
    address, login = f"http://127.0.0.1:{port}{mailgun.PATH}", ("api", mailgun.KEY)
    began, cpu = time.perf_counter(), time.process_time()
    with requests.Session() as session:
        for kind, body in calls:
            session.post(address, data=body, headers={"Content-Type": kind}, auth=login).raise_for_status()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Round(Sent(MAILS / took, cpu / MAILS * 1e6), _record(port, MAILS))


def _ours(folder: Path, ledger: Path, port: int) -> Round:
    return Round(end(begin(("mailgun", str(port)), folder, [ledger], 1), MAILS), _record(port, MAILS))


def _whole() -> Iterator[Row]:
    """Nobody twice, nobody left out, and memory that does not grow."""
    tenth = peak = 0.0
    with tempfile.TemporaryDirectory() as name, _server() as port:
        folder = Path(name)
        (sender,) = begin(("mailgun", str(port)), folder, [ledger_of(folder, MAILS)], 1)
        while sender.poll() is None:
            peak = max(peak, processes.memory(sender.pid, "VmHWM"))
            tenth = tenth if _accepted(folder) > MAILS // 10 else peak
            time.sleep(SAMPLE_SECONDS)
        rate = end([sender], MAILS).rate
        _record(port, MAILS)
        assert _accepted(folder) == MAILS
    yield Row(f"a mailing to {MAILS:,}", f"{rate:.0f}/s, all accepted, each taken once")
    yield Row(
        "memory of its sender", f"{tenth:.0f} MB after the first tenth, {peak:.0f} MB at most", "flat, ≤ 150 MB"
    )


def _accepted(folder: Path) -> int:
    database = connect("sqlite:///round0.db", folder)
    try:
        with database.read() as connection:
            return Mailings(connection).counts(MAILING).get(DeliveryState.ACCEPTED, 0)
    finally:
        database.close()


def _record(port: int, mails: int) -> dict[str, Any]:
    """What the server has taken since it was last asked: so many, each to another reader, no two alike."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/record") as answer:
        record: dict[str, Any] = json.load(answer)
    assert (record["mails"], record["twice"], record["different"]) == (mails, 0, mails), record
    return record


@contextmanager
def _server(*folder: Path) -> Iterator[int]:
    """The server on a free port; with a folder, it keeps its calls there."""
    command = [sys.executable, "-m", "tests.bench.mailgun", *map(str, folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
