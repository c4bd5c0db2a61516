"""Starting and killing the driver's processes, and counting what came of a mailing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from publisher.mailings.sending import utc_now
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from tests.crash import driver
from tests.fakes.mailing import states
from tests.fakes.smtp import CLOSE, FakeSmtp, Rule, Step

JOURNAL_HEAD = 80
"""Bytes that a journal has before anything is begun, and a little more."""


@dataclass
class Place:
    """Where mail goes, and who has got it so far: an address for each mail."""

    name: str
    got: Callable[[], list[str]]
    is_maildir: bool


@contextmanager
def maildir_place(folder: Path) -> Iterator[Place]:
    """A Maildir."""
    outbox = folder / "outbox"

    def got() -> list[str]:
        found = (path.read_text(encoding="utf-8") for path in outbox.glob("[nc]*/*"))
        return [line[4:] for text in found for line in text.splitlines() if line.startswith("To: ")]

    yield Place(str(outbox), got, is_maildir=True)


@contextmanager
def smtp_place(_folder: Path) -> Iterator[Place]:
    """A mail server that counts a message when it has read its final dot, and has bad moments of its own.

    One message it takes without ever saying so, one it drops before the dot.
    """
    rules = [Rule(Step.DOT, CLOSE, "reader7@", times=1), Rule(Step.BODY, CLOSE, "reader9@", times=1)]
    with FakeSmtp(rules) as server:
        yield Place(f"smtp:{server.port}", lambda: server.recipients, is_maildir=False)


class Crash:
    """A database, a place and a driver.

    Args:
        database: the ledger's.
        place: where mail goes.
        folder: for journals.
    """

    def __init__(self, database: Database, place: Place, folder: Path) -> None:
        self.database = database
        self.place = place
        self.journals = folder / "journal"
        self._store = LedgerStore(database)
        url = database.engine.url.render_as_string(hide_password=False)
        self.driver = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.driver", url, place.name, str(self.journals)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self, do: str, **options: int) -> int:
        """Fork a process; gives its id."""
        return self._ask({"do": do, **options})

    def wait(self, pid: int) -> int:
        """How a process ended."""
        return self._ask({"wait": pid})

    def run(self, do: str, **options: int) -> int:
        """Fork a process, and how it ended."""
        return self.wait(self.start(do, **options))

    def kill_after(self, pid: int, seconds: float) -> None:
        """Kill a process after some time of its life; it may have ended before."""
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        self.wait(pid)

    def kill_in_flight(self, pid: int, seconds: float) -> None:
        """Kill a process some time after it has begun to send, or after two seconds."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and not self._sending():
            time.sleep(0.001)
        self.kill_after(pid, seconds)

    def _sending(self) -> bool:
        try:
            return any(path.stat().st_size > JOURNAL_HEAD for path in self.journals.iterdir())
        except FileNotFoundError:
            return False  # not there yet, or gone just now

    def finish(self) -> None:
        """What the next run does: rescue, and send the rest. In this process, which nobody kills."""
        rescuer = driver.rescuer_of(self._store, self.place.name, self.journals)
        while rescuer.sweep(utc_now()):
            driver.send(self._store, self.place.name, self.journals, lambda: False, 64)

    def close(self) -> None:
        """End the driver."""
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.close()
        self.driver.stdout.close()
        self.driver.wait(60)

    def check(self, kills: int) -> None:
        """The promise: received and uncertain are everybody, received twice is nobody.

        A kill leaves at most one uncertain a connection; the server takes one message in silence.
        """
        found = states(self.database)
        got = Counter(self.place.got())
        uncertain = {address for address, state in found.items() if state == "uncertain"}
        accepted = {address for address, state in found.items() if state == "accepted"}
        assert [address for address, times in got.items() if times > 1] == []
        assert accepted | uncertain == set(found)
        assert accepted <= set(got)
        assert set(got) | uncertain == set(found)
        assert len(uncertain) <= (0 if self.place.is_maildir else kills * driver.CONNECTIONS + 1)
        assert not self.journals.exists() or list(self.journals.iterdir()) == []

    def _ask(self, command: dict[str, object]) -> int:
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.write(json.dumps(command) + "\n")
        self.driver.stdin.flush()
        return int(self.driver.stdout.readline())
