"""The log of answers from memory: one line each, and of those that repeat within a second one for all of them.

To write a line takes longer than to answer. A feed that is asked for a thousand times a second would be answered
half as often, for a log that nobody can read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

_SECONDS = 1.0

Key = tuple[str, str, int, int]
"""Method, path as the log may have it, status, bytes."""


class Lines:
    """Writes lines in the words of `AccessLog`. Belongs to one event loop.

    Args:
        log: where they go.
        clock: seconds, from anywhere.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._repeated: dict[Key, int] = {}
        self._until = 0.0

    def note(self, key: Key, started: float) -> None:
        """Write down an answer that was begun at `started` (of `time.perf_counter`), or count it."""
        if self._repeated and self._clock() > self._until:
            self.flush()
        if key in self._repeated:
            self._repeated[key] += 1
        elif self._log.isEnabledFor(logging.INFO):
            if not self._repeated:
                self._until = self._clock() + _SECONDS
                asyncio.get_running_loop().call_later(_SECONDS, self.flush)
            self._repeated[key] = 0
            self._log.info("%s %s %d %d %.1fms", *key, (time.perf_counter() - started) * 1000)

    def flush(self) -> None:
        """Write down what was counted."""
        repeated, self._repeated = self._repeated, {}
        for key, times in repeated.items():
            if times:
                self._log.info("%s %s %d %d, %d more", *key, times)
