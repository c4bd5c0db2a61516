"""What a provider says while it sends one window: journalled at once, settled at the end."""

from __future__ import annotations

from publisher.errors import LedgerError
from publisher.ledger import Answer, Mark
from publisher.mailings.journal import Journal, Replay
from publisher.mailings.outcomes import redact


class WindowReport:
    """A `Report` for the deliveries that stand as `sending`.

    Args:
        journal: where each fact goes before anything else happens.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._recipients: dict[int, str] = {}
        self._begun: set[int] = set()
        self._returned: set[int] = set()
        self._answers: dict[int, Answer] = {}
        self._calls: dict[int, str] = {}

    def begun(self, delivery_id: int, call: str = "") -> None:
        """See `Report`. In the journal before the provider goes on."""
        self._open(delivery_id)
        self._journal.write(Mark.BEGUN, delivery_id, provider_id=call)
        if call:
            self._calls[delivery_id] = call
        self._begun.add(delivery_id)
        self._returned.discard(delivery_id)

    def returned(self, delivery_id: int, text: str) -> None:
        """See `Report`."""
        self._open(delivery_id)
        self._begun.discard(delivery_id)
        self._returned.add(delivery_id)
        self._journal.write(Mark.RETURNED, delivery_id, None, redact(text, self._recipients[delivery_id]))

    def accepted(self, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = "") -> None:
        """See `Report`."""
        if delivery_id not in self._begun:
            raise LedgerError("a provider accepted a delivery that it had not begun", delivery=delivery_id)
        self._last_word(delivery_id, Mark.ACCEPTED, code, text, provider_id)

    def deferred(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self._last_word(delivery_id, Mark.DEFERRED, code, text)

    def failed(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self._last_word(delivery_id, Mark.FAILED, code, text)

    def uncertain(self, delivery_id: int, text: str) -> None:
        """See `Report`."""
        self._last_word(delivery_id, Mark.UNCERTAIN, None, text, self._calls.get(delivery_id, ""))

    @property
    def said(self) -> Replay:
        """Everything that was reported so far. Nothing is missing: it never left this process."""
        return Replay(
            True, frozenset(self._begun), frozenset(self._returned), dict(self._answers), dict(self._calls)
        )

    def expect(self, delivery_id: int, recipient: str) -> None:
        """Be ready for words about a delivery; the address is taken out of every text, before it is stored."""
        self._recipients[delivery_id] = recipient

    def recipient(self, delivery_id: int) -> str:
        """The address of a delivery that was expected and is not settled yet."""
        return self._recipients[delivery_id]

    @property
    def answers(self) -> int:
        """How many deliveries have their last word, and are not settled yet."""
        return len(self._answers)

    def is_answered(self, delivery_id: int) -> bool:
        """Whether a delivery has its last word."""
        return delivery_id in self._answers

    def forget(self, delivery_id: int) -> None:
        """The delivery is settled: nothing more is to be said about it."""
        del self._recipients[delivery_id]
        self._answers.pop(delivery_id, None)
        self._calls.pop(delivery_id, None)
        self._begun.discard(delivery_id)
        self._returned.discard(delivery_id)

    def _open(self, delivery_id: int) -> None:
        if delivery_id not in self._recipients or delivery_id in self._answers:
            raise LedgerError("a provider spoke about a delivery that it does not have", delivery=delivery_id)

    def _last_word(self, delivery_id: int, mark: Mark, code: int | None, text: str, provider_id: str = "") -> None:
        self._open(delivery_id)
        answer = Answer(mark, code, redact(text, self._recipients[delivery_id]), provider_id)
        # Before the journal: when that cannot be written, the database still gets to know it.
        self._answers[delivery_id] = answer
        self._begun.discard(delivery_id)
        self._returned.discard(delivery_id)
        self._journal.write(mark, delivery_id, code, answer.text, provider_id)
