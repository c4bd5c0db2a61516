"""Stopping a command that sends: what is in flight is brought to an end first."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether SIGINT or SIGTERM came while its block ran; ask it by calling it."""

    def __init__(self) -> None:
        self._number = 0

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = [signal.signal(number, self._on_signal) for number in _SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, before in zip(_SIGNALS, self._before, strict=True):
                signal.signal(number, before)

    def __call__(self) -> bool:
        """Ask."""
        return self._number > 0

    def end_if_asked(self) -> None:
        """End the command as a shell expects of one that a signal stopped; `main` says the word to it."""
        if self._number:
            sys.exit(128 + self._number)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if not self._number and sys.stderr.isatty():
            os.write(2, b"Stopping: what is in flight is settled first\n")  # print is not for signal handlers
        self._number = number
