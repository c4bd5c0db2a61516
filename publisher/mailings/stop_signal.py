"""How a sender process is told to stop: by a signal, or by the end of whoever started it."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from types import FrameType

PIPE_SECONDS = 0.05
"""How often the pipe is looked at: a provider asks before each mail, and a look costs as much as splicing one."""


class StopSignal:
    """Whether a sender process is asked to stop: SIGTERM or SIGINT came, or its parent is gone.

    The parent holds the other end of `pipe` (the sender's standard input) and never writes: its end is the end.
    Outside the main thread signals are left alone.
    """

    def __init__(self, pipe: int | None = None, *, every: float = PIPE_SECONDS) -> None:
        self._pipe = pipe
        self._every = every
        self._signalled = False
        self._look_at = 0.0
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)
            signal.signal(signal.SIGINT, self._on_signal)

    def __call__(self) -> bool:
        """Ask."""
        if not self._signalled and self._pipe is not None and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._every
            readable, _, _ = select.select([self._pipe], [], [], 0)
            self._signalled = bool(readable) and os.read(self._pipe, 1) == b""
        return self._signalled

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled = True
