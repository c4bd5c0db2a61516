"""The local engine: sender processes of this machine, started by command line.

Each sender has a pipe as its standard input that nothing is ever written to: when this process ends, however it
ends, the pipe closes and the sender stops. Senders that die are replaced, after what they left was settled.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

POLL_SECONDS = 0.1

GRACE_SECONDS = 9.0
"""How long a sender may take to settle what is in flight after it was told to stop. Whoever stops us waits ten."""

MOST_DEATHS = 5
"""Rounds with a killed sender, after which something is wrong with the machine."""

MOST_IDLE = 3
"""Rounds in a row that end well and leave as much open as before, after which something is wrong with us or the
database: senders that see another one than we do would be started for ever."""


NOTE = "note: "
"""How a line of a sender's standard error begins that is to be told, and no reason to end with an error."""


@dataclass(frozen=True, slots=True)
class EngineReport:
    """How the sending ended.

    Args:
        errors: the distinct last words of senders; empty when the work is done.
        deaths: rounds with a killed sender.
        stopped: whether it was told to end.
        notes: what senders had to say besides, each once.
    """

    errors: tuple[str, ...] = ()
    deaths: int = 0
    stopped: bool = False
    notes: tuple[str, ...] = ()


class Engine:
    """Runs senders until no batch is open.

    Args:
        command: starts one sender, which ends with code 0 when there is nothing left to do, and otherwise says
            why in the last line of its standard error.
        senders: how many at a time, at most.
    """

    def __init__(self, command: Sequence[str], senders: int) -> None:
        self._command = list(command)
        self._senders = max(senders, 1)

    def run(
        self,
        work: Callable[[], int],
        *,
        stop: Callable[[], bool] = lambda: False,
        tick: Callable[[], None] = lambda: None,
        others: Callable[[], bool] = lambda: False,
    ) -> EngineReport:
        """Send everything that is open.

        Args:
            work: settles what dead senders left, and says how many batches are open (`Rescuer.sweep`). It is
                called between rounds, when none of our senders runs, and at the end.
            stop: whether to end early; senders then settle what is in flight and give the rest back.
            tick: called about ten times a second, for a progress bar.
            others: whether senders of this machine have batches that are none of ours. Those of a process that is
                gone soon leave them, so they are waited for before everything is said to be done.
        """
        deaths = idle = before = 0
        notes: tuple[str, ...] = ()
        while (batches := _found(work, others, stop, tick)) and not stop():
            ended = self._round(min(batches, self._senders), stop, tick)
            idle = idle + 1 if batches == before and not ended.killed else 0
            before = batches
            deaths += bool(ended.killed)
            notes = _each_once(*notes, *ended.notes)
            errors = ended.errors
            if not errors and deaths >= MOST_DEATHS:
                errors = (f"senders are killed again and again (signal {', '.join(map(str, ended.killed))})",)
            elif not errors and idle >= MOST_IDLE:
                errors = (f"senders end without a word and leave {batches} batches open. {_LOOK_AT_DATABASE}",)
            if errors:
                work()
                return EngineReport(errors, deaths, stop(), notes)
        return EngineReport((), deaths, stop(), notes)

    def _round(self, count: int, stop: Callable[[], bool], tick: Callable[[], None]) -> _Round:
        refused = ""
        with ExitStack() as stack:
            senders: list[_Sender] = []
            try:
                for _ in range(count):
                    file = stack.enter_context(tempfile.TemporaryFile())
                    senders.append(stack.enter_context(_Sender(self._command, file)))
            except OSError as error:  # those that did start do the work
                refused = f"a sender cannot be started: {error.strerror or error}. {_LOOK_AT_MACHINE}"
            try:
                while any(sender.running for sender in senders) and not stop():
                    tick()
                    time.sleep(POLL_SECONDS)
            finally:  # also when the progress cannot be told: that is no reason to cut mails off in the middle
                _bring_home(senders)
        words = [sender.last_words() for sender in senders if sender.code > 0]
        return _Round(
            errors=_each_once(*words, *([refused] if refused else [])),
            killed=tuple(sorted({-sender.code for sender in senders if sender.code < 0})),
            notes=_each_once(*(note for sender in senders for note in sender.notes())),
        )


def _each_once(*lines: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))


def _found(
    work: Callable[[], int], others: Callable[[], bool], stop: Callable[[], bool], tick: Callable[[], None]
) -> int:
    """How many batches are open, as `work` says. Before it is none, others' senders may give theirs back.

    They are waited for as long as one takes that was told to stop; who works on longer is not.
    """
    batches, deadline = work(), time.monotonic() + GRACE_SECONDS
    if batches or stop() or not others():
        return batches
    while others() and not stop() and time.monotonic() <= deadline:
        tick()
        time.sleep(POLL_SECONDS)
    return work()


def _bring_home(senders: Sequence[_Sender]) -> None:
    """Tell those that still run to stop, and wait. What the late ones leave is settled like any dead sender's."""
    for sender in senders:
        sender.ask_to_stop()
    deadline = time.monotonic() + GRACE_SECONDS
    while any(sender.running for sender in senders) and time.monotonic() <= deadline:
        time.sleep(POLL_SECONDS)


_LOOK_AT_DATABASE = "Look whether [storage] url is the database of this instance, then run it again"
_LOOK_AT_MACHINE = (
    "Make room (memory, processes, open files, disk) or set [sending] senders lower, then run it again"
)


@dataclass(frozen=True, slots=True)
class _Round:
    """How the senders of one round ended: the last words of those that failed, the signals of those killed."""

    errors: tuple[str, ...]
    killed: tuple[int, ...]
    notes: tuple[str, ...]


class _Sender:
    """One sender process; killed at the end of the block if it still runs."""

    def __init__(self, command: list[str], errors: IO[bytes]) -> None:
        self._errors = errors
        self._said = ""
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            process_group=0,  # Ctrl-C is ours to hear: what a sender has to do, we tell it
        )

    def __enter__(self) -> _Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_pipe()
        if self.running:
            self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        self._said = self._errors.read().decode(errors="replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def code(self) -> int:
        """The exit code; negative: the signal that killed it."""
        code = self._process.returncode
        return 0 if code is None else code

    def ask_to_stop(self) -> None:
        self._close_pipe()
        self._process.terminate()

    def notes(self) -> list[str]:
        return [line.removeprefix(NOTE).strip() for line in self._said.splitlines() if line.startswith(NOTE)]

    def last_words(self) -> str:
        lines = [line.strip() for line in self._said.splitlines() if line.strip()]
        return lines[-1] if lines else f"a sender ended with code {self.code} and no word"

    def _close_pipe(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
