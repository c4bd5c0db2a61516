"""A sender's transactions while its provider works: what is answered is settled, and as much again is committed.

They run in a thread of their own. A commit waits for the disk, and a mail server that waits for us is idle; of
the two threads the one that sends decides everything, and this one only carries it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.ledger import DeliveryState, Held, Outcome, Window
from publisher.mailings import audience, outcomes
from publisher.mailings.admission import Admission
from publisher.mailings.brakes import Recent, Shares
from publisher.mailings.flow import Flow
from publisher.mailings.journal import Journal
from publisher.mailings.lease import Lease
from publisher.mailings.outcomes import RetryPolicy, Settlement
from publisher.mailings.ports import Ledger, Transactions

SHARE = 4
"""With a quarter of a window left to ask for, and room for a quarter, the next turn begins."""

ITSELF = "schedule"
"""The actor of what no person did."""

_NOTHING = Window((), 0, None)


@dataclass(frozen=True, slots=True)
class TurnParts:
    """What turns work with; see `sending.SenderParts`."""

    transactions: Transactions
    lease: Lease
    journal: Journal
    policy: RetryPolicy
    idempotent: bool
    window: Callable[[], int]
    clock: Callable[[], datetime]
    admission: Admission
    brakes: Shares


class Turns:
    """Begins turns, one at a time.

    Args:
        parts: what they work with.
        stop: whether nothing more may be committed.
    """

    def __init__(self, parts: TurnParts, stop: Callable[[], bool]) -> None:
        self.counts: Counter[DeliveryState] = Counter()
        """Deliveries by the state that turns have left them in."""
        self._parts = parts
        self._stop = stop
        self._recents: dict[int, Recent] = {}
        self._last: Future[Window] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turns")

    @property
    def under_way(self) -> bool:
        """Whether a transaction is being made."""
        return self._last is not None and not self._last.done()

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown()

    @property
    def low(self) -> int:
        """How few deliveries are left to be asked for when the next turn begins."""
        return self._parts.window() // SHARE

    def begin(self, flow: Flow, *, returned: bool) -> Turn | None:
        """See `flow.Turns`. Never more than a window stands as `sending`.

        While the provider is at work, what has its answer is settled; when it has `returned`, everything,
        whatever was said: then the journal has done its work.
        """
        # A number, not a list: with few deliveries left this is asked for each of them.
        over = flow.standing if returned else flow.report.answers
        room = self._parts.window() - flow.standing + over
        if not returned and room < (max(self.low, 1) if len(flow) else 1):
            return None
        held = flow.held if returned else flow.answered
        return self._turn(flow, held, 0 if self._stop() else room, returned=returned)

    def settle(self, flow: Flow) -> None:
        """Settle everything, and take nothing more."""
        self._turn(flow, flow.held, 0, returned=True).result()

    def _turn(self, flow: Flow, held: tuple[Held, ...], room: int, *, returned: bool) -> Turn:
        now, parts = self._parts.clock(), self._parts
        settlement = outcomes.settle(
            held, flow.report.said, idempotent=parts.idempotent, now=now, policy=parts.policy
        )

        answered = [(flow.report.recipient(each.delivery_id), each) for each in settlement.outcomes]

        def transact() -> Window:
            with parts.transactions.write() as ledger:
                alive = parts.lease.renew(ledger)
                record(ledger, parts.lease.sender_id, settlement, now)
                self._learn(ledger, flow, held, answered, now)
                return self._commit(ledger, flow, room, now) if alive and room > 0 else _NOTHING

        def done(window: Window) -> None:
            if returned:
                parts.journal.clear()
            flow.settle(held, len(settlement.outcomes))
            self.counts.update(outcome.state for outcome in settlement.outcomes)
            if window.skipped:
                self.counts[DeliveryState.SKIPPED] += window.skipped

        self._last = self._thread.submit(transact)
        return Turn(self._last, done)

    # --- in the other thread ---------------------------------------------------------------------------------

    def _learn(
        self,
        ledger: Ledger,
        flow: Flow,
        held: Sequence[Held],
        answered: Sequence[tuple[str, Outcome]],
        now: datetime,
    ) -> None:
        """What answers mean for the mails after them: a domain is slowed, or the mailing pauses itself."""
        self._parts.admission.settled(each.delivery_id for each in held)
        self._parts.admission.answered(ledger, answered, now)
        trouble = self._recent(flow.batch.mailing_id, [outcome for _, outcome in answered])
        if trouble and ledger.pause(flow.batch.mailing_id, trouble, now, actor=ITSELF):
            self._recents.clear()  # whoever lets it go on has mended something

    def _recent(self, mailing_id: int, outcomes: Sequence[Outcome]) -> str:
        recent = self._recents.setdefault(mailing_id, Recent(self._parts.brakes))
        recent.add(outcomes)
        return recent.verdict()

    def _commit(self, ledger: Ledger, flow: Flow, room: int, now: datetime) -> Window:
        """Commit as many as the pace allows; who may not leave yet is put off before anything was begun."""
        parts = self._parts
        room = parts.admission.room(ledger, room, now)
        if room <= 0:
            return _NOTHING
        window = ledger.commit_window(
            parts.lease.sender_id,
            flow.batch,
            after_id=flow.after_id,
            limit=room,
            why_not=audience.why_not,
            now=now,
        )
        put_off = parts.admission.admit(ledger, window.deliveries, now)
        if not put_off:
            return window
        ledger.put_off(parts.lease.sender_id, put_off, now)
        later = {delivery_id for delivery_id, _ in put_off}
        return replace(window, deliveries=tuple(each for each in window.deliveries if each.id not in later))


class Turn:
    """See `flow.Turn`.

    Args:
        future: the transaction.
        done: what is to be done, in the thread that sends, when it was committed.
    """

    def __init__(self, future: Future[Window], done: Callable[[Window], None]) -> None:
        self._future = future
        self._done = done

    def result(self) -> Window:
        """See `flow.Turn`. Once only."""
        window = self._future.result()
        self._done(window)
        return window


def record(ledger: Ledger, sender_id: str, settlement: Settlement, now: datetime) -> None:
    """Write a settlement down."""
    if settlement.outcomes:
        ledger.settle(sender_id, settlement.outcomes, now)
    ledger.give_back(sender_id, settlement.untouched, now, begun=False)
    ledger.give_back(sender_id, settlement.again, now, begun=True)
