"""Long work: a bar on a terminal, plain lines elsewhere; both tell how much is done, the rate and the time left.

It goes to the error stream: the result is on standard output, and may be JSON. Work that is soon done says nothing
where there is no terminal, so that a run from cron mails nobody about its progress.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from publisher.ledger import UNFINISHED, Mailing
from publisher.publishing.mailroom import Mailroom

Clock = Callable[[], float]

LINE_SECONDS = 30.0
"""Without a terminal there is a line at least as often."""

TENTH_SECONDS = 5.0
"""And one at each tenth of the whole, but not more often than this: what takes less says nothing."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is counted: `size` of them make one of `name`."""

    name: str = ""
    size: int = 1
    form: str = ",.0f"

    def __call__(self, number: float) -> str:
        """The number alone, with thin groups."""
        return format(number / self.size, self.form).replace(",", " ")


MEGABYTES = Unit(" MB", 1_000_000, ",.1f")


def words(done: int, total: int, rate: float | None, unit: Unit) -> str:
    """`412 000 of 1 000 000 (41 %), 4 012/s, 2:27 left`; without a rate nothing is said about time."""
    shown = f"{unit(done)} of {unit(total)}{unit.name} ({done * 100 // max(total, 1)} %)"
    if rate is None:
        return shown
    left = f", {_left((total - done) / rate)} left" if rate > 0 and done < total else ""
    return f"{shown}, {unit(rate)}{unit.name}/s{left}"


def _left(seconds: float) -> str:
    """Like `2:27` or `1:02:27`."""
    whole = str(timedelta(seconds=round(seconds)))
    return whole.removeprefix("0:").removeprefix("0") if whole.startswith("0:") else whole


@dataclass(frozen=True, slots=True)
class Told:
    """The last line: when it was, and how much was done. First, where it began, of which no line is told."""

    at: float
    done: int

    def is_over(self, now: float, done: int, total: int) -> bool:
        """Whether it is time for the next line."""
        passed, tenth = now - self.at, max(total, 1) / 10
        return passed >= LINE_SECONDS or (passed >= TENTH_SECONDS and done // tenth > self.done // tenth)


class _Display(Protocol):
    ask_seconds: float
    """How often it is worth finding out how much is done, where that costs something."""

    def show(self, done: int, total: int) -> None: ...
    def close(self) -> None: ...


class _Lines:
    ask_seconds = TENTH_SECONDS

    def __init__(self, title: str, unit: Unit, stream: TextIO, clock: Clock) -> None:
        self._title, self._unit, self._stream, self._clock = title, unit, stream, clock
        self._told: Told | None = None

    def show(self, done: int, total: int) -> None:
        now = self._clock()
        if self._told is None:  # some of it may have been done by an earlier run
            self._told = Told(now, done)
        elif self._told.is_over(now, done, total):
            rate = (done - self._told.done) / (now - self._told.at)
            print(f"{self._title:12} {words(done, total, rate, self._unit)}", file=self._stream, flush=True)
            self._told = Told(now, done)

    def close(self) -> None:
        pass


class _OnTerminal:
    ask_seconds = 0.5

    def __init__(self, title: str, unit: Unit, stream: TextIO, clock: Clock) -> None:
        self._unit = unit
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            console=Console(file=stream),
            transient=True,
            get_time=clock,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(title, total=1, words="")
        self._progress.start()

    def show(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=max(total, 1))
        told = words(done, total, self._progress.tasks[0].speed, self._unit)
        self._progress.update(self._task, words=told)

    def close(self) -> None:
        self._progress.stop()


class Bar:
    """The progress of one piece of work: call it with how much is done.

    Args:
        title: what is being done, in a word.
        total: how much there is of it, as far as is known.
        unit: what is counted.
        stream: where it is told; the error stream by default.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        title: str,
        total: int = 1,
        unit: Unit = Unit(),
        *,
        stream: TextIO | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._told_to = (title, unit, stream or sys.stderr, clock)
        self._total = total
        self._display: _Display | None = None

    def __enter__(self) -> Bar:
        stream = self._told_to[2]
        self._display = (_OnTerminal if stream.isatty() else _Lines)(*self._told_to)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.close()

    def __call__(self, done: int, total: int | None = None) -> None:
        """`done` of the total so far; `total` corrects it."""
        self._total = self._total if total is None else total
        if self._display is not None:
            self._display.show(done, self._total)

    @property
    def ask_seconds(self) -> float:
        """How often it is worth finding out how much is done."""
        return TENTH_SECONDS if self._display is None else self._display.ask_seconds


class MailingBar(Bar):
    """The progress of mailings while senders work on them; it asks the ledger."""

    def __init__(
        self,
        mailroom: Mailroom,
        mailings: Sequence[Mailing],
        *,
        stream: TextIO | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._mailroom = mailroom
        self._mailings = [mailing.id for mailing in mailings]
        self._clock = clock
        self._asked: float | None = None
        super().__init__("Sending", stream=stream, clock=clock)

    def tick(self) -> None:
        """Look whether it is time to ask again."""
        now = self._clock()
        if self._asked is not None and now - self._asked < self.ask_seconds:
            return
        self._asked = now
        all_counts = [self._mailroom.facts(mailing).counts for mailing in self._mailings]
        total = sum(sum(counts.values()) for counts in all_counts)
        left = sum(counts.get(state, 0) for counts in all_counts for state in UNFINISHED)
        self(total - left, total)
