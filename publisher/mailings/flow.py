"""The messages of a batch as one stream: whoever asks for the next one makes the ledger keep up.

A window rolls. When everything that was committed has been asked for, what has its answer meanwhile is settled,
and as much again is committed; so the server always has something to do, and never more than a window is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from publisher.errors import PublisherError
from publisher.ledger import Batch, Delivery, Held, Message, Window
from publisher.mailings.ports import Composer
from publisher.mailings.reporting import WindowReport


class Turn(Protocol):
    """Settles what is answered, and commits the next deliveries."""

    def __call__(self, flow: Flow, *, returned: bool) -> Window:
        """Gives what was committed. `returned`: the provider is not at work any more."""


class Flow:
    """See `ledger.Messages`. A mail that cannot be composed is reported as failed, and passed over.

    Args:
        batch: whose deliveries they are.
        composer: makes their mails.
        report: what is said about them.
        clock: what a mail is dated by: the moment its delivery was committed.
        turn: makes the ledger keep up.
    """

    def __init__(
        self,
        batch: Batch,
        composer: Composer,
        report: WindowReport,
        clock: Callable[[], datetime],
        turn: Turn,
    ) -> None:
        self.batch = batch
        self.report = report
        self.after_id = batch.first_id - 1
        self.offered = 0
        self.settled = 0
        self._composer = composer
        self._clock = clock
        self._turn = turn
        self._date = clock()
        self._held: dict[int, Held] = {}
        self._ready: list[Delivery] = []

    def __len__(self) -> int:
        """How many are committed and not asked for yet; more may follow."""
        return len(self._ready)

    def __iter__(self) -> Iterator[Message]:
        """Compose one after the other, as they are asked for. From one thread only."""
        while self._ready or self.refill():
            delivery = self._ready.pop()
            try:
                yield self._composer.compose(delivery, self._date)
            except PublisherError as error:
                self.report.failed(delivery.id, None, f"cannot be composed: {error}")

    @property
    def held(self) -> tuple[Held, ...]:
        """The deliveries that stand as `sending`."""
        return tuple(self._held.values())

    @property
    def answered(self) -> tuple[Held, ...]:
        """Those of them that have their last word."""
        return tuple(held for held in self._held.values() if self.report.is_answered(held.delivery_id))

    def refill(self, *, returned: bool = False) -> bool:
        """Have more committed; whether there is anything to hand over.

        `returned`: the provider is not at work any more. What it left is given back.
        """
        if returned:
            self._ready.clear()
        while not self._ready:
            window = self._turn(self, returned=returned)
            if window.last_id is None:
                return False
            self.after_id = window.last_id
            self.offered += len(window.deliveries) + window.skipped
            self.settled += window.skipped
            self._date = self._clock()
            self._take(window.deliveries)
        return True

    def settle(self, held: Iterable[Held], outcomes: int) -> None:
        """These stand as `sending` no more; so many of them have an outcome."""
        for each in held:
            del self._held[each.delivery_id]
            self.report.forget(each.delivery_id)
        self.settled += outcomes

    def _take(self, deliveries: tuple[Delivery, ...]) -> None:
        for delivery in deliveries:
            self._held[delivery.id] = Held(delivery.id, delivery.attempts, self.batch.started_at)
            self.report.expect(delivery.id, delivery.email)
        self._ready = list(reversed(deliveries))
