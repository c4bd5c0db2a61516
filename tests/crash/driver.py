"""The program whose processes are killed: it forks senders and rescuers with the real pieces on a real database.

Forking spares each of them the imports. Read from standard input, one JSON object a line:

    {"do": "send" | "rescue", "die_at": 17}   forks, and answers the process's id
    {"wait": 4711}                            answers how it ended: its exit code, or minus the signal

`die_at` kills the process with -9 at its 17th step; a step stands before and after everything that leaves a trace
outside the process: a line of the journal, a transaction, a file, something said to the mail server.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from publisher.config import SmtpProvider
from publisher.mailings.journal import Journal
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.mailings.sending import SenderParts, run_sender, utc_now
from publisher.mailings.stop_signal import StopSignal
from publisher.providers import maildir
from publisher.providers.maildir import Maildir
from publisher.providers.smtp import Smtp
from publisher.providers.smtp_wire import Wire
from publisher.storage.database import connect
from publisher.storage.ledger import Ledger, LedgerStore
from tests.fakes.mailing import PlainComposer

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
CONNECTIONS = 3
"""Of each sender: at most so many messages are in doubt after a kill."""

WINDOW = 1
"""Small, so that a short mailing has several windows."""


def provider_at(place: str) -> Maildir | Smtp:
    """`smtp:PORT`, or the path of a Maildir."""
    kind, _, port = place.partition(":")
    if kind == "smtp":
        settings = SmtpProvider(
            kind="smtp", host="127.0.0.1", port=int(port), security="none", connections=CONNECTIONS
        )
        return Smtp(settings)
    return Maildir(Path(place))


def rescuer_of(store: LedgerStore, place: str, journals: Path) -> Rescuer:
    """A rescuer with the provider that senders use."""
    return Rescuer(store, journals, provider_at(place), POLICY)


def send(store: LedgerStore, place: str, journals: Path, stop: Callable[[], bool], window: int) -> None:
    """One sender's life."""
    parts = SenderParts(store, provider_at(place), PlainComposer, journals, POLICY, window)
    result = run_sender(parts, stop)
    if result.error:
        raise result.error


class _Steps:
    """Counts steps, and kills this process at one of them."""

    def __init__(self, die_at: int | None) -> None:
        self._left = die_at

    def __call__(self) -> None:
        if self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """A step before and after each call of `owner.name`."""
        real = getattr(owner, name)

        def stepping(*arguments: Any, **options: Any) -> Any:
            self()
            found = real(*arguments, **options)
            self()
            return found

        setattr(owner, name, stepping)

    def around_transactions(self) -> None:
        """A step in each transaction before its commit, and one after it."""
        real = LedgerStore.write

        @contextmanager
        def write(store: LedgerStore) -> Iterator[Ledger]:
            with real(store) as ledger:
                yield ledger
                self()
            self()

        LedgerStore.write = write  # type: ignore[assignment,method-assign]


def _child(url: str, place: str, journals: Path, command: dict[str, Any], pipe: int) -> None:
    steps = _Steps(command.get("die_at"))
    for owner, name in (
        (Journal, "_append"),
        (Journal, "clear"),
        (Journal, "close"),
        (Wire, "say"),
        (Wire, "say_body"),
        (Wire, "data_received"),
        (maildir, "_write"),
        (maildir, "_sync"),
        (Path, "rename"),
        (Path, "unlink"),
    ):
        steps.around(owner, name)
    steps.around_transactions()
    database = connect(url, Path.cwd())
    store = LedgerStore(database)
    if command["do"] == "rescue":
        rescuer_of(store, place, journals).sweep(utc_now())
    else:
        send(store, place, journals, StopSignal(pipe), command.get("window", WINDOW))
    database.close()


def main() -> None:
    """Serve commands until standard input ends."""
    url, place, journals = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    ours, held = os.pipe()  # `held` closes when this process ends: then its senders stop
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            os.close(held)
            _child(url, place, journals, command, ours)
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
