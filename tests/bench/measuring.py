"""Rounds, medians and the table they end in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    must: str = ""


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """Processor seconds of this process for one of `times` calls: neighbours on the machine do not count."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def paired(ours: Callable[[], object], other: Callable[[], object], times: tuple[int, int]) -> tuple[float, float]:
    """Medians of rounds in which one follows the other: (ours, how many times longer the other takes)."""
    rounds = [(seconds(ours, times[0]), seconds(other, times[1])) for _ in range(ROUNDS)]
    return statistics.median(mine for mine, _ in rounds), statistics.median(
        theirs / mine for mine, theirs in rounds
    )


def median(work: Callable[[], float]) -> float:
    """The median of what `work` gives, round by round."""
    return statistics.median(work() for _ in range(ROUNDS))


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| what | measured | must |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.measured} | {row.must} |" for row in rows)]) + "\n"
