"""A sender: it leases batches, commits windows, hands messages to the provider and settles what came of them.

The order is the promise of docs/design/ledger.md: journal, sender's row, window committed, each message begun in
the journal, its answer in the journal, window settled, journal cleared. Killed between any two of these, a rescuer
finds enough to decide every delivery.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from publisher.errors import LedgerError, ProviderError, PublisherError, StorageError
from publisher.ledger import Batch, DeliveryState
from publisher.mailings.admission import NO_PACES, Admission, Paces
from publisher.mailings.brakes import USUAL, Shares
from publisher.mailings.flow import Flow
from publisher.mailings.journal import Journal
from publisher.mailings.lease import Lease
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import Composer, Provider, Transactions, provider_key
from publisher.mailings.reporting import WindowReport
from publisher.mailings.turns import TurnParts, Turns

Clock = Callable[[], datetime]

LINGER = timedelta(seconds=45)
"""How long a sender waits for the next mail that may leave, rather than ending: by then the first pause of a
domain is over."""

POLL_SECONDS = 0.25
"""How often somebody who waits asks whether to stop."""


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
        window: deliveries committed as `sending` at a time, when the provider does not say.
        clock: the present moment, aware UTC.
        paces: how many may leave when.
        brakes: when a mailing pauses itself.
        before_batch: what has to be looked after before a batch is taken.
        pause: waits so many seconds.
    """

    transactions: Transactions
    provider: Provider
    composer: Callable[[int], Composer]
    journals: Path
    policy: RetryPolicy
    window: int = 64
    clock: Clock = utc_now
    paces: Paces = NO_PACES
    brakes: Shares = USUAL
    before_batch: Callable[[datetime], object] = lambda _now: None
    pause: Callable[[float], object] = time.sleep


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
        sender_id = f"{provider_key(parts.provider.name)}-{uuid4().hex[:20]}"
        self._lease = Lease(parts.transactions, sender_id, parts.clock)
        self.counts: Mapping[DeliveryState, int] = {}

    def work(self) -> PublisherError | None:
        sender_id, settled = self._lease.sender_id, False
        self._journal = Journal(self._parts.journals, sender_id)
        try:
            with self._parts.transactions.write() as ledger:
                self._lease.begin(ledger, socket.gethostname())
            error = self._turning()
            with self._parts.transactions.write() as ledger:
                if ledger.sending_of(sender_id):
                    raise LedgerError("a sender would have ended with deliveries unsettled", sender=sender_id)
                ledger.end_sender(sender_id, self._parts.clock())
            settled = True
        finally:
            self._journal.close(remove=settled)
        return error

    def stop(self) -> bool:
        """Whether to stop: asked to, or the lease is lost. Renews the lease when it is time."""
        return not self._lease.keep(may_write=not self._turns.under_way) or self._asked_to_stop()

    def _turning(self) -> PublisherError | None:
        parts, self._admission = self._parts, Admission(self._parts.paces, self._parts.provider.way)
        self._turns = Turns(
            TurnParts(
                parts.transactions,
                self._lease,
                self._journal,
                parts.policy,
                parts.provider.idempotent,
                lambda: parts.provider.window or parts.window,
                parts.clock,
                self._admission,
                parts.brakes,
            ),
            self.stop,
        )
        try:
            return self._batches()
        finally:
            self._turns.close()
            self.counts = self._turns.counts

    def _batches(self) -> PublisherError | None:
        while not self.stop():
            batch, waits = self._lease_batch()
            if batch is None:
                if waits is None or not self._rest(waits):
                    return None
                continue
            try:
                closed = self._batch(batch)
            except StorageError:
                raise  # what is settled is not known: the journal stays for a rescuer
            except PublisherError as error:
                return error
            if closed:
                return None
        return None

    def _lease_batch(self) -> tuple[Batch | None, datetime | None]:
        """A batch; when there is none, the moment at which there will be one."""
        self._parts.before_batch(self._parts.clock())
        with self._parts.transactions.write() as ledger:
            if not self._lease.renew(ledger):
                return None, None
            now = self._parts.clock()
            batch = ledger.lease_batch(self._lease.sender_id, now)
            return batch, None if batch else ledger.next_due(now)

    def _batch(self, batch: Batch) -> bool:
        """Windows until nothing of the batch is due: what came back behind the cursor is taken in again.

        Gives whether the pace lets nothing more leave for longer than this sender waits.
        """
        composer, sender_id = self._parts.composer(batch.edition_id), self._lease.sender_id
        barren = 0
        while not self.stop():
            flow = self._pass(batch, composer)
            opens = None if flow.offered else self._admission.opens
            if opens is not None and self._rest(opens):
                continue
            with self._parts.transactions.write() as ledger:
                now = self._parts.clock()
                if not self._lease.renew(ledger) or ledger.finish_batch(batch.id, sender_id, now):
                    return False
                if not flow.offered:  # the mailing is paused, or what is left is not due yet
                    ledger.release_batch(batch.id, sender_id, now)
                    return opens is not None
            barren = 0 if flow.settled else barren + 1
            if barren >= self._parts.provider.ways and not self.stop():
                raise ProviderError(f"{self._parts.provider.name} takes nothing, and does not say why")
        return False

    def _rest(self, until: datetime) -> bool:
        """Wait until a moment that is near; False when it is not, or it is time to stop."""
        if until - self._parts.clock() > LINGER:
            return False
        while not self.stop():
            left = (until - self._parts.clock()).total_seconds()
            if left <= 0:
                return True
            self._parts.pause(min(left, POLL_SECONDS))
        return False

    def _pass(self, batch: Batch, composer: Composer) -> Flow:
        """A batch, once through."""
        report, turns = WindowReport(self._journal), self._turns
        flow = Flow(batch, composer, report, self._parts.clock, turns.begin, turns.low, self._parts.provider.way)
        try:
            while flow.refill(returned=True):
                self._parts.provider.send(flow, report, self.stop)
        finally:
            try:
                flow.join()
            finally:
                turns.settle(flow)
        return flow
