"""Long work: a bar on a terminal, silence elsewhere (the result is said in a line of its own)."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from publisher.ledger import UNFINISHED, Mailing
from publisher.publishing.mailroom import Mailroom

ASK_SECONDS = 0.5


class Bar:
    """A progress bar: call it with how much is done."""

    def __init__(self, title: str, total: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            transient=True,
            disable=not sys.stdout.isatty(),
        )
        self._task = self._progress.add_task(title, total=max(total, 1), rate="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, done: int, total: int | None = None) -> None:
        """`done` of the total so far; `total` corrects it."""
        speed = self._progress.tasks[self._task].speed
        self._progress.update(self._task, completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")


class MailingBar(Bar):
    """The progress of mailings while senders work on them; asks the ledger twice a second, on a terminal only."""

    def __init__(self, mailroom: Mailroom, mailings: Sequence[Mailing]) -> None:
        self._mailroom = mailroom
        self._mailings = [mailing.id for mailing in mailings]
        self._asked = 0.0
        super().__init__("Sending", 1)

    def tick(self) -> None:
        """Look whether it is time to ask again."""
        if sys.stdout.isatty() and time.monotonic() - self._asked > ASK_SECONDS:
            self._asked = time.monotonic()
            all_counts = [self._mailroom.facts(mailing).counts for mailing in self._mailings]
            total = sum(sum(counts.values()) for counts in all_counts)
            left = sum(counts.get(state, 0) for counts in all_counts for state in UNFINISHED)
            self(total - left, total)
