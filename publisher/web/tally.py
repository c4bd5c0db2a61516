"""Counting who polls how, in memory, until somebody takes it away. No address is looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from publisher.served import Poll
from publisher.web.agents import OTHER, family_of, subscribers_of

MOST_FAMILIES = 500
"""Names on one day; whoever invents more of them is counted as OTHER, and no table grows by it."""
_MOST_AGENTS = 4096
_CONDITIONAL, _NOT_MODIFIED, _REFUSED = range(1, 4)


class Tally:
    """Counters by family and feed. Called from several threads at once.

    Args:
        today: the day that it counts for.
    """

    def __init__(self, today: Callable[[], date] = lambda: datetime.now(UTC).date()) -> None:
        self._today = today
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._agents: dict[bytes, tuple[str, int]] = {}
        self._families: set[str] = set()
        self._day = today()

    def count(
        self, agent: bytes, document: str, *, conditional: bool, not_modified: bool = False, refused: bool = False
    ) -> None:
        """Count one request for a feed."""
        with self._lock:
            family, subscribers = self._agents.get(agent) or self._learnt(agent)
            counts = self._counts.setdefault((family, document), [0, 0, 0, 0, 0])
            counts[0] += 1
            counts[_CONDITIONAL] += conditional
            counts[_NOT_MODIFIED] += not_modified
            counts[_REFUSED] += refused
            counts[-1] = subscribers or counts[-1]

    def _learnt(self, agent: bytes) -> tuple[str, int]:
        text = agent.decode("latin-1")
        family = family_of(text)
        if family not in self._families and len(self._families) >= MOST_FAMILIES:
            family = OTHER
        self._families.add(family)
        if len(self._agents) >= _MOST_AGENTS:
            self._agents.clear()
        self._agents[agent] = (family, subscribers_of(text))
        return self._agents[agent]

    def taken(self) -> Sequence[Poll]:
        """Everything counted since the last time."""
        with self._lock:
            counts, self._counts = self._counts, {}
            day, self._day = self._day, self._today()
            if day != self._day:
                self._families.clear()
                self._agents.clear()
        return [Poll(day, family, document, *numbers) for (family, document), numbers in counts.items()]
