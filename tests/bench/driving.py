"""Sender processes of the bench (`sender`): what they send, how they begin together, and what they took."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.storage import migrate
from publisher.storage.database import connect
from tests.bench.letters import NOW
from tests.fakes.mailing import planned

Sender = subprocess.Popen[str]


@dataclass(frozen=True)
class Sent:
    """What one round of one sender took: mails a second, and processor microseconds a mail."""

    rate: float
    cpu: float


def ledger_of(folder: Path, mails: int) -> Path:
    """A database with one planned mailing, to be copied for each round."""
    path = folder / f"template{mails}.db"
    database = connect(f"sqlite:///{path}", folder)
    migrate.prepare(database)
    planned(database, mails, NOW)
    database.close()
    return path


def begin(provider: Sequence[str], folder: Path, ledgers: Sequence[Path], number: int, *kind: str) -> list[Sender]:
    """So many senders on fresh copies of the ledgers, in turn: `round0.db` and so on. They begin together.

    Args:
        provider: its kind, and the port of its server.
        folder: where the copies and the journals are.
        ledgers: see `ledger_of`.
        number: how many senders.
        kind: of the key that signs, if any does.
    """
    for old in folder.glob("round*"):
        old.unlink()
    databases = [folder / f"round{place}.db" for place in range(len(ledgers))]
    for ledger, database in zip(ledgers, databases, strict=True):
        shutil.copyfile(ledger, database)
    command = [sys.executable, "-m", "tests.bench.sender", *provider]
    senders = [
        subprocess.Popen(
            [*command, f"sqlite:///{databases[place % len(databases)]}", str(folder / "journal"), *kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in range(number)
    ]
    for sender in senders:
        assert sender.stdout is not None
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
    return senders


def end(senders: Sequence[Sender], mails: int) -> Sent:
    """Wait for them: together they have sent so many."""
    said = [json.loads(sender.communicate()[0]) for sender in senders]
    assert sum(each["sent"] for each in said) == mails
    return Sent(mails / max(each["seconds"] for each in said), sum(each["cpu"] for each in said) / mails * 1e6)


def ratio(ours: Sequence[Sent], theirs: Sequence[Sent]) -> float:
    """How many times faster we are, by the median of the rounds."""
    return statistics.median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))


def told(rounds: Sequence[Sent]) -> str:
    """The medians in words."""
    rate, cpu = (statistics.median(getattr(each, name) for each in rounds) for name in ("rate", "cpu"))
    return f"{rate:.0f}/s, {cpu:.0f} µs CPU a mail"
