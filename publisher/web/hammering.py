"""Feed readers that ask for the same feed again and again without saying what they have, and when to stop them.

Who sends If-None-Match or If-Modified-Since is never stopped: a 304 costs next to nothing. What is kept is a
number made of network, program and feed, with a key that dies with the process; no address, nothing on disk.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

AT_ONCE = 20
"""Whole answers that are given without a pause: behind one network there may be many readers of one kind."""

EVERY_SECONDS = 60
"""How often one more is given after that."""

MOST = 50_000
"""Numbers that are kept: some megabytes."""


class Hammering:
    """Counts whole answers by network, program and feed. Called from several threads at once.

    Args:
        at_once: how many are given without a pause.
        every: seconds until one more is.
        clock: seconds, from anywhere.
        jitter: a number from 0 to 1: who is stopped together does not come back together.
        most: how many are remembered.
    """

    def __init__(
        self,
        at_once: int = AT_ONCE,
        every: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: secrets.randbelow(1000) / 1000,
        most: int = MOST,
    ) -> None:
        self._at_once = at_once
        self._every = every
        self._clock = clock
        self._jitter = jitter
        self._most = most
        self._key = secrets.token_bytes(16)
        self._free_at: dict[int, float] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._free_at)

    def wait(self, network: str, agent: bytes, document: str) -> int:
        """Count one whole answer, and give 0; or the whole seconds after which it is worth coming again.

        Each answer moves the moment at which all are free again by `every`; when that would be further away than
        `at_once` answers, there is none.
        """
        who = hash((self._key, network, agent, document))
        now = self._clock()
        with self._lock:
            free_at = max(self._free_at.get(who, now), now) + self._every
            over = free_at - now - self._at_once * self._every
            if over <= 0:
                self._free_at[who] = free_at
                self._make_room(now)
                return 0
        return int(over) + 1 + int(self._jitter() * self._every / 2)

    def _make_room(self, now: float) -> None:
        """Forget those who are free again; of too many others, those who are free first."""
        if len(self._free_at) <= self._most:
            return
        kept = sorted(((at, who) for who, at in self._free_at.items() if at > now), reverse=True)
        self._free_at = {who: at for at, who in kept[: self._most // 2]}
