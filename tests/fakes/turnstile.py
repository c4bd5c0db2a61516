"""A mail server that stops in the middle of a mailing until a test has done what it wanted to do meanwhile."""

from __future__ import annotations

import threading

from tests.fakes.smtp import FakeSmtp

PATIENCE_SECONDS = 60


class _Stopping(list[tuple[str, bytes]]):
    """What was received; whoever brings the `stop_at`-th message, or a later one, waits until it may go on."""

    def __init__(self, stop_at: int) -> None:
        super().__init__()
        self.stop_at = stop_at
        self.reached = threading.Event()
        self.carry_on = threading.Event()

    def append(self, item: tuple[str, bytes]) -> None:
        super().append(item)
        if len(self) >= self.stop_at:
            self.reached.set()
            self.carry_on.wait(PATIENCE_SECONDS)


class Turnstile(FakeSmtp):
    """A server that answers nobody from its `stop_at`-th message on, until `carry_on`."""

    def __init__(self, stop_at: int) -> None:
        super().__init__()
        self._stopping = _Stopping(stop_at)
        self.received = self._stopping

    def wait(self) -> None:
        """Until it has stopped."""
        assert self._stopping.reached.wait(PATIENCE_SECONDS), "the mailing never came so far"

    def carry_on(self) -> None:
        """Answer everybody again."""
        self._stopping.carry_on.set()

    def stop_again(self, at: int) -> None:
        """Let those go on who wait, and stop once more at a later message."""
        waiting = self._stopping.carry_on
        self._stopping.stop_at = at
        self._stopping.reached.clear()
        self._stopping.carry_on = threading.Event()
        waiting.set()

    def __exit__(self, *words: object) -> None:
        self.carry_on()
        super().__exit__(*words)  # type: ignore[arg-type]
