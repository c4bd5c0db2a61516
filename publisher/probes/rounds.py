"""Asking many at once, and being back in time whatever they do."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from time import monotonic

from publisher.probes.asking import Outcome
from publisher.probes.targets import Target

_Said = tuple[Target, Outcome] | BaseException | None
"""What a thread says: an outcome, an error that it ended by, or that it is done."""


def ask_all(
    lanes: Sequence[Sequence[Target]], ask: Callable[[Target], Outcome], *, ends: float, threads: int
) -> Generator[tuple[Target, Outcome]]:
    """Outcomes as they come in, until `ends` on the monotonic clock; whoever stops listening stops the asking.

    A lane is asked by one thread, in its order. A thread that cannot be stopped, because it waits for the system's
    resolver, is left behind: it holds nothing, and no exit waits for it.

    Raises:
        Exception: whatever `ask` raised.
    """
    waiting: queue.SimpleQueue[Sequence[Target]] = queue.SimpleQueue()
    said: queue.SimpleQueue[_Said] = queue.SimpleQueue()
    over = threading.Event()
    for lane in lanes:
        waiting.put(lane)
    working = min(threads, len(lanes))
    for _ in range(working):
        threading.Thread(target=_work, args=(waiting, ask, said, over), name="probe", daemon=True).start()
    try:
        while working and (left := ends - monotonic()) > 0:
            try:
                heard = said.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(heard, BaseException):
                raise heard
            if heard is None:
                working -= 1
            else:
                yield heard
    finally:
        over.set()


def _work(
    waiting: queue.SimpleQueue[Sequence[Target]],
    ask: Callable[[Target], Outcome],
    said: queue.SimpleQueue[_Said],
    over: threading.Event,
) -> None:
    try:
        while not over.is_set():
            for asked, outcome in _in_a_row(waiting.get_nowait(), ask, over):
                said.put((asked, outcome))
    except queue.Empty:
        pass
    except BaseException as error:  # noqa: BLE001 - raised where somebody listens
        said.put(error)
    said.put(None)


def _in_a_row(
    lane: Sequence[Target], ask: Callable[[Target], Outcome], over: threading.Event
) -> Iterator[tuple[Target, Outcome]]:
    known: dict[tuple[str, str, int], Outcome] = {}
    for asked in lane:
        if over.is_set():
            return
        outcome = known.get(asked.origin) or ask(asked)
        if outcome.rest is not None:
            known[asked.origin] = Outcome(outcome.rest, outcome.failure, outcome.rest)
        yield asked, outcome
