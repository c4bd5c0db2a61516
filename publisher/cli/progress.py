"""Long work: a bar on a terminal, silence elsewhere (the result is said in a line of its own)."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


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
