"""A sender: it leases batches, commits windows, hands messages to the provider and settles what came of them.

The order is the promise of docs/design/ledger.md: journal, sender's row, window committed, each message begun in
the journal, its answer in the journal, window settled, journal cleared. Killed between any two of these, a rescuer
finds enough to decide every delivery.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from uuid import uuid4

from publisher.errors import LedgerError, ProviderError, PublisherError, StorageError
from publisher.ledger import Batch, DeliveryState, Window
from publisher.mailings import audience, outcomes
from publisher.mailings.flow import Flow
from publisher.mailings.journal import Journal
from publisher.mailings.outcomes import RetryPolicy, Settlement
from publisher.mailings.ports import Composer, Ledger, Provider, Transactions, provider_key
from publisher.mailings.reporting import WindowReport

LEASE = timedelta(minutes=3)
"""How long a sender is taken for alive after its last word, where its journal cannot be looked at."""

RENEWAL = timedelta(seconds=20)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SenderParts:
    """Everything a sender works with.

    Args:
        transactions: the ledger.
        provider: who carries the mail.
        composer: makes the composer of an edition id; asked once a batch, so it should remember the last ones.
        journals: the folder of the journals, one for the whole instance on this machine.
        policy: how long refused deliveries are tried.
        window: deliveries committed as `sending` at a time.
        clock: the present moment, aware UTC.
    """

    transactions: Transactions
    provider: Provider
    composer: Callable[[int], Composer]
    journals: Path
    policy: RetryPolicy
    window: int = 64
    clock: Clock = utc_now


@dataclass(frozen=True, slots=True)
class SenderResult:
    """What a sender did: deliveries by the state it left them in, and why it ended before the work did."""

    counts: Mapping[DeliveryState, int] = field(default_factory=dict)
    error: PublisherError | None = None


def run_sender(parts: SenderParts, asked_to_stop: Callable[[], bool]) -> SenderResult:
    """Send until no batch is open, the provider fails, or it is asked to stop; what was begun is settled first.

    Returns:
        The counts; `error` is the provider's or the journal's, with every delivery settled nevertheless.

    Raises:
        StorageError: the database cannot be used. The journal stays behind for a rescuer.
    """
    sender = _Sender(parts, asked_to_stop)
    try:
        error = sender.work()
    finally:
        parts.provider.close()
    return SenderResult(dict(sender.counts), error)


class _Sender:
    def __init__(self, parts: SenderParts, asked_to_stop: Callable[[], bool]) -> None:
        self._parts = parts
        self._asked_to_stop = asked_to_stop
        self._id = f"{provider_key(parts.provider.name)}-{uuid4().hex[:20]}"
        self.counts: Counter[DeliveryState] = Counter()
        self._lost = False
        self._renew_at = self._lease_until = parts.clock()

    def work(self) -> PublisherError | None:
        self._journal = Journal(self._parts.journals, self._id)
        settled = False
        try:
            with self._parts.transactions.write() as ledger:
                now = self._parts.clock()
                ledger.register_sender(self._id, socket.gethostname(), now, now + LEASE)
            error = self._batches()
            with self._parts.transactions.write() as ledger:
                if ledger.sending_of(self._id):
                    raise LedgerError("a sender would have ended with deliveries unsettled", sender=self._id)
                ledger.end_sender(self._id, self._parts.clock())
            settled = True
        finally:
            self._journal.close(remove=settled)
        return error

    def stop(self) -> bool:
        """Whether to stop: asked to, or the lease is lost. Renews the lease when it is time."""
        now = self._parts.clock()
        if now >= self._renew_at and not self._lost:
            try:
                with self._parts.transactions.write() as ledger:
                    self._renew(ledger)
            except StorageError:
                # Not worth an uncertain delivery in mid-air: the next settlement says whether the database is
                # gone, and well before the lease is over this stops by itself.
                self._renew_at = now + RENEWAL
                self._lost = now >= self._lease_until - 2 * RENEWAL
        return self._lost or self._asked_to_stop()

    def _batches(self) -> PublisherError | None:
        while not self.stop():
            with self._parts.transactions.write() as ledger:
                batch = ledger.lease_batch(self._id) if self._renew(ledger) else None
            if batch is None:
                return None
            try:
                self._batch(batch)
            except StorageError:
                raise  # what is settled is not known: the journal stays for a rescuer
            except PublisherError as error:
                return error
        return None

    def _batch(self, batch: Batch) -> None:
        """Windows until nothing of the batch is pending: what came back behind the cursor is taken in again."""
        composer = self._parts.composer(batch.edition_id)
        while not self.stop():
            offered, settled = self._pass(batch, composer)
            with self._parts.transactions.write() as ledger:
                if not self._renew(ledger) or ledger.finish_batch(batch.id, self._id, self._parts.clock()):
                    return
                if not offered:  # the mailing is paused
                    ledger.release_batch(batch.id, self._id)
                    return
            if not settled and not self.stop():
                raise ProviderError(f"{self._parts.provider.name} takes nothing, and does not say why")

    def _pass(self, batch: Batch, composer: Composer) -> tuple[int, int]:
        """A batch, once through; how many deliveries it had, and how many have an outcome now."""
        flow = Flow(batch, composer, WindowReport(self._journal), self._parts.clock, self._turn)
        try:
            while flow.refill(returned=True):
                self._parts.provider.send(flow, flow.report, self.stop)
        finally:
            self._settle(flow, returned=True)
        return flow.offered, flow.settled

    def _turn(self, flow: Flow, *, returned: bool) -> Window:
        """Settle what there is to settle, and commit as much again; nothing when it is time to stop."""
        return self._settle(flow, returned=returned, commits=not self.stop())

    def _settle(self, flow: Flow, *, returned: bool, commits: bool = False) -> Window:
        """One transaction that settles and, if it `commits`, takes the next deliveries.

        Never more than a window stands as `sending`. While the provider is at work, what has its answer is
        settled; when it has `returned`, everything, whatever was said: then the journal has done its work.
        """
        now, window = self._parts.clock(), Window((), 0, None)
        held = flow.held if returned else flow.answered
        settlement = outcomes.settle(
            held,
            flow.report.said,
            idempotent=self._parts.provider.idempotent,
            now=now,
            policy=self._parts.policy,
        )
        room = self._parts.window - len(flow.held) + len(held)
        with self._parts.transactions.write() as ledger:
            alive = self._renew(ledger)
            self._record(ledger, settlement, now)
            if alive and commits and room > 0:
                window = ledger.commit_window(
                    self._id, flow.batch, after_id=flow.after_id, limit=room, why_not=audience.why_not, now=now
                )
        if returned:
            self._journal.clear()
        flow.settle(held, len(settlement.outcomes))
        self.counts.update(outcome.state for outcome in settlement.outcomes)
        if window.skipped:
            self.counts[DeliveryState.SKIPPED] += window.skipped
        return window

    def _record(self, ledger: Ledger, settlement: Settlement, now: datetime) -> None:
        if settlement.outcomes:
            ledger.settle(self._id, settlement.outcomes, now)
        ledger.give_back(self._id, settlement.untouched, now, begun=False)
        ledger.give_back(self._id, settlement.again, now, begun=True)

    def _renew(self, ledger: Ledger) -> bool:
        now = self._parts.clock()
        self._renew_at, self._lease_until = now + RENEWAL, now + LEASE
        self._lost = self._lost or not ledger.renew_lease(self._id, self._lease_until)
        return not self._lost


class StopSignal:
    """Whether a sender process is asked to stop: SIGTERM or SIGINT came, or its parent is gone.

    The parent holds the other end of `pipe` (the sender's standard input) and never writes: its end is the end.
    Outside the main thread signals are left alone.
    """

    def __init__(self, pipe: int | None = None) -> None:
        self._pipe = pipe
        self._signalled = False
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)
            signal.signal(signal.SIGINT, self._on_signal)

    def __call__(self) -> bool:
        """Ask."""
        if not self._signalled and self._pipe is not None:
            readable, _, _ = select.select([self._pipe], [], [], 0)
            self._signalled = bool(readable) and os.read(self._pipe, 1) == b""
        return self._signalled

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled = True
