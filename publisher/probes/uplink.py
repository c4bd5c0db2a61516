"""Whether this machine gets out at all, judged by what became of its questions."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from publisher.http import Failure
from publisher.probes.asking import Outcome
from publisher.probes.targets import Target

_ENOUGH = 3
"""Hosts that have to be out of reach before it is thought to be our own fault, and not theirs."""

_PATIENCE = 2.0
"""Seconds for the DNS's root."""


class Uplink:
    """Collects what became of questions.

    No host has an address: either the links are wrong, or the DNS cannot be asked from here; the root of the DNS
    always has an answer, and tells the two apart. None of several hosts takes a connection: a wall is around us.

    Args:
        dns_answers: whether the DNS can be asked, found out in so many seconds; called at most once.
        ends: the moment of the monotonic clock by which that has to be.
    """

    def __init__(self, dns_answers: Callable[[float], bool], *, ends: float) -> None:
        self._dns_answers = dns_answers
        self._ends = ends
        self._works: bool | None = None
        self._failed: dict[str, Failure] = {}

    def note(self, asked: Target, outcome: Outcome) -> None:
        """Take an outcome into account."""
        if outcome.failure in {Failure.UNRESOLVED, Failure.UNREACHABLE}:
            self._failed[asked.host] = outcome.failure
        elif outcome.failure is not Failure.PRIVATE:
            self._works = True  # somebody out there was heard

    def is_down(self, *, over: bool) -> bool:
        """Whether this machine is offline. Before all is `over`, several hosts have to speak for it."""
        if self._works is None and self._failed and (over or len(self._failed) >= _ENOUGH):
            if set(self._failed.values()) == {Failure.UNREACHABLE}:
                return len(self._failed) >= _ENOUGH
            self._works = self._dns_answers(min(_PATIENCE, max(self._ends - monotonic(), 0.1)))
        return self._works is False
