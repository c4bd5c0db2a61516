"""What a call of `send` still has to do, shared by its connections: who is next, and when it is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from publisher.errors import ProviderError
from publisher.ledger import Message, Messages, Report
from publisher.providers.smtp_replies import Lost

TRIES = 3
"""How often one message is begun before it waits for a later run."""

SETBACKS = 5
"""Messages in a row without any answer about themselves, after which the server is given up for this run."""


@dataclass(slots=True)
class Task:
    """A message and how often its connection was lost."""

    message: Message
    losses: int = 0


class Queue:
    """The messages of one window.

    Args:
        messages: in the order they are begun.
        report: told what becomes of each.
        stop: whether the sender has to stop.
        provider: its name, for errors.
    """

    def __init__(self, messages: Messages, report: Report, stop: Callable[[], bool], provider: str) -> None:
        self.report = report
        self.error: BaseException | None = None
        self.halted = False
        self._fresh = iter(messages)
        self._dry = False
        self._back: deque[Task] = deque()
        self._stop = stop
        self._provider = provider
        self._setbacks = 0

    def __bool__(self) -> bool:
        """Whether there may be more."""
        return bool(self._back) or not self._dry

    def take(self) -> Task | None:
        """The next message; None when there is none, or it is time to stop."""
        if self.over():
            return None
        if self._back:
            return self._back.popleft()
        message = next(self._fresh, None)
        self._dry = message is None
        return None if message is None else Task(message)

    def over(self) -> bool:
        """Whether nothing more may begin."""
        self.halted = self.halted or self.error is not None or self._stop()
        return self.halted

    def put_back(self, task: Task) -> None:
        """Leave a message that was not begun."""
        self._back.appendleft(task)

    def lost(self, task: Task, lost: Lost) -> None:
        """A connection was lost before the message was complete: it is tried again, a few times."""
        task.losses += 1
        if task.losses < TRIES:
            self.put_back(task)
        elif not self.over():
            self.report.deferred(task.message.delivery_id, lost.code, lost.text)
            self.setback(lost.text)

    def answered(self) -> None:
        """The server had a word about a message or its recipient."""
        self._setbacks = 0

    def setback(self, text: str) -> None:
        """It had none, or one about us.

        Raises:
            ProviderError: once too often in a row.
        """
        self._setbacks += 1
        if self._setbacks >= SETBACKS:
            raise ProviderError(
                f"{self._provider} has turned {SETBACKS} messages away in a row: {text}",
                remedy="Ask its operator; the next run goes on where this one stopped",
                provider=self._provider,
            )

    def fail(self, error: BaseException) -> None:
        """End everything that has not begun; the first error is the one that is told."""
        self.error = self.error or error
