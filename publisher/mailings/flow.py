"""The messages of a batch as one stream: whoever asks for the next one makes the ledger keep up.

A window rolls. When few of its deliveries are left to be asked for, what has its answer meanwhile is settled and
as much again is committed, in the background; so the server always has something to do while we commit, and never
more than a window is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from publisher.errors import LedgerError, PublisherError
from publisher.ledger import Batch, Delivery, Held, Message, Way, Window
from publisher.mailings.ports import Composer
from publisher.mailings.reporting import WindowReport


class Turn(Protocol):
    """A transaction under way, that settles what was answered and commits the next deliveries."""

    def result(self) -> Window:
        """Wait for it; what it settled is no longer held. Gives what was committed. Raises what went wrong."""


class Turns(Protocol):
    """Begins turns."""

    def __call__(self, flow: Flow, *, returned: bool) -> Turn | None:
        """Begin one; None when it is not worth it yet. `returned`: the provider is not at work any more."""


class Flow:
    """See `ledger.Messages`. A mail that cannot be composed is reported as failed, and passed over.

    Args:
        batch: whose deliveries they are.
        composer: makes their mails.
        report: what is said about them.
        clock: what a mail is dated by: the moment its delivery was committed.
        begin: makes the ledger keep up.
        low: how few deliveries are left when that begins.
        way: by which provider a delivery goes.
    """

    def __init__(
        self,
        batch: Batch,
        composer: Composer,
        report: WindowReport,
        clock: Callable[[], datetime],
        begin: Turns,
        low: int,
        way: Callable[[Delivery], Way],
    ) -> None:
        self.batch = batch
        self.report = report
        self.after_id = batch.first_id - 1
        self.offered = 0
        self.settled = 0
        self._composer = composer
        self._clock = clock
        self._begin = begin
        self._low = low
        self._way = way
        self._date = clock()
        self._held: dict[int, Held] = {}
        self._ready: list[Delivery] = []
        self._turn: Turn | None = None

    def __len__(self) -> int:
        """How many are committed and not asked for yet; more may follow."""
        return len(self._ready)

    def __iter__(self) -> Iterator[Message]:
        """Compose one after the other, as they are asked for. From one thread only."""
        while self._ready or self.refill():
            delivery = self._ready.pop()
            if self._turn is None and len(self._ready) <= self._low:
                self._turn = self._begin(self, returned=False)
            try:
                yield self._composer.compose(delivery, self._date, self._way(delivery))
            except PublisherError as error:
                self.report.failed(delivery.id, None, f"cannot be composed: {error}")

    @property
    def standing(self) -> int:
        """How many deliveries stand as `sending`."""
        return len(self._held)

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
            self.join()
        while not self._ready:
            turn, self._turn = self._turn or self._begin(self, returned=returned), None
            if turn is None or not self._take(turn.result()):
                return False
        return True

    def join(self) -> None:
        """The provider has returned: wait for what is under way. Whatever is ready is not handed over any more."""
        turn, self._turn = self._turn, None
        if turn is not None:
            self._take(turn.result())
        self._ready.clear()

    def settle(self, held: Iterable[Held], outcomes: int) -> None:
        """These stand as `sending` no more; so many of them have an outcome."""
        for each in held:
            del self._held[each.delivery_id]
            self.report.forget(each.delivery_id)
        self.settled += outcomes

    def _take(self, window: Window) -> bool:
        """Go on with what was committed; False when nothing was left to take."""
        if window.last_id is None:
            return False
        self.after_id = window.last_id
        self.offered += len(window.deliveries) + window.skipped
        self.settled += window.skipped
        self._date = self._clock()
        for delivery in window.deliveries:
            if delivery.id in self._held:
                raise LedgerError("a delivery was committed a second time", delivery=delivery.id)
            self._held[delivery.id] = Held(delivery.id, delivery.attempts, self.batch.started_at)
            self.report.expect(delivery.id, delivery.email)
        self._ready = list(reversed(window.deliveries))
        return True
