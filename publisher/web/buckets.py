"""How often somebody may call: a bucket of tokens each, in memory, that fills again with time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class Buckets:
    """A bucket for each name. Called from several threads at once.

    Args:
        at_once: how many calls a full bucket holds.
        per_second: how many come back each second.
        clock: seconds, from anywhere.
    """

    def __init__(self, at_once: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._per_second = per_second
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str) -> int:
        """Count one call, and give 0; or the whole seconds after which it is worth coming again."""
        now = self._clock()
        with self._lock:
            level, since = self._levels.get(name, (float(self._at_once), now))
            level = min(self._at_once, level + (now - since) * self._per_second)
            enough = level >= 1
            self._levels[name] = (level - 1 if enough else level, now)
        return 0 if enough else math.ceil((1 - level) / self._per_second)
