"""A provider in memory, and a report that remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable

from publisher.capabilities import Capabilities
from publisher.errors import ProviderError
from publisher.ledger import Mark, Message, Messages, Report
from publisher.providers.one_way import OneWay

Word = tuple[Mark, int, int | None, str]


class Recorder:
    """A `Report` that keeps every word in order: (mark, delivery id, code, text)."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.provider_ids: dict[int, str] = {}

    def begun(self, delivery_id: int, call: str = "") -> None:
        self.words.append((Mark.BEGUN, delivery_id, None, ""))

    def returned(self, delivery_id: int, text: str) -> None:
        self.words.append((Mark.RETURNED, delivery_id, None, text))

    def accepted(self, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = "") -> None:
        self.words.append((Mark.ACCEPTED, delivery_id, code, text))
        self.provider_ids[delivery_id] = provider_id

    def deferred(self, delivery_id: int, code: int | None, text: str) -> None:
        self.words.append((Mark.DEFERRED, delivery_id, code, text))

    def failed(self, delivery_id: int, code: int | None, text: str) -> None:
        self.words.append((Mark.FAILED, delivery_id, code, text))

    def uncertain(self, delivery_id: int, text: str) -> None:
        self.words.append((Mark.UNCERTAIN, delivery_id, None, text))

    def marks(self, delivery_id: int) -> str:
        """The marks of one delivery as letters, in order: "ba" is begun and accepted."""
        return "".join(mark for mark, found, _, _ in self.words if found == delivery_id)

    def last(self, delivery_id: int) -> Word:
        """The last word about a delivery."""
        return [word for word in self.words if word[1] == delivery_id][-1]


class MemoryProvider(OneWay):
    """Takes messages into a list.

    Args:
        idempotent: the same delivery again is no second message.
        verdict: what to report for a message instead of accepting it; None accepts.
    """

    name = "memory:here"
    capabilities = Capabilities()

    def __init__(
        self,
        *,
        idempotent: bool = False,
        verdict: Callable[[Message, Report], bool] | None = None,
    ) -> None:
        self.idempotent = idempotent
        self.taken: list[Message] = []
        self.down = False
        self.closed = False
        self._verdict = verdict

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        """Take them. `verdict` may report anything itself and then returns True."""
        for message in messages:
            if stop():
                return
            if self.down:
                raise ProviderError("the memory is full", remedy="Forget something")
            if self._verdict is not None and self._verdict(message, report):
                continue
            report.begun(message.delivery_id)
            if not (self.idempotent and message.delivery_id in {taken.delivery_id for taken in self.taken}):
                self.taken.append(message)
            report.accepted(message.delivery_id, 250, "taken")

    def close(self) -> None:
        self.closed = True
