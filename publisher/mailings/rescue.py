"""What dead senders left behind: their journals are replayed, their windows decided, their batches opened.

Everything about one sender happens in one transaction, under the lock of its journal and of its row: two rescuers
at once, or one that is killed in the middle, settle it once. The journal is removed after the commit.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.ledger import DeliveryState, Mark, Outcome
from publisher.mailings import journal, outcomes
from publisher.mailings.journal import Replay
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import Ledger, Provider, Transactions, provider_key

_NOTHING_KNOWN = Replay(whole=False)
_PROOF = {Mark.ACCEPTED: DeliveryState.ACCEPTED, Mark.FAILED: DeliveryState.FAILED}


@dataclass(frozen=True, slots=True)
class Rescuer:
    """Rescues, with the provider that is in use now.

    Args:
        transactions: the ledger.
        journals: the folder of this machine's journals.
        provider: judges what may be repeated: only what the same idempotent provider had.
        policy: how long refused deliveries are tried.
        judge: acts on what became of running mailings so far.
    """

    transactions: Transactions
    journals: Path
    provider: Provider
    policy: RetryPolicy
    judge: Callable[[Ledger, datetime], None] = lambda _ledger, _now: None

    def rescue(self, now: datetime) -> tuple[str, ...]:
        """Settle every dead sender, and what cancelled mailings had unsent; gives the senders' ids.

        Senders that live are left alone.
        """
        rescued = (*self._by_journal(now), *self._by_lease(now))
        self.leave(now)
        return rescued

    def leave(self, now: datetime) -> None:
        """Skip what cancelled mailings have unsent, or plan it anew where another mailing took over."""
        with self.transactions.read() as ledger:
            moving = bool(ledger.closing())
        while moving:
            with self.transactions.write() as ledger:
                moving = ledger.leave_unsent(now, idempotent=self.provider.idempotent) > 0

    def sweep(self, now: datetime) -> int:
        """Rescue, bring back what is due, close what is done; gives how many batches are open to be sent."""
        self.rescue(now)
        while True:
            with self.transactions.write() as ledger:
                if not ledger.release_due(now):
                    break
        with self.transactions.write() as ledger:
            self.judge(ledger, now)
            ledger.reopen_batches(now)
            ledger.finish_mailings(now)
            ledger.keep_open()
            return ledger.open_batches(now)

    def _by_journal(self, now: datetime) -> Iterator[str]:
        """A journal on this machine whose lock is free: the process is dead, whatever its lease says."""
        for path in journal.found(self.journals):
            with journal.dead(path) as said:
                if said is None:
                    continue
                with self.transactions.write() as ledger:
                    ledger.end_sender(path.name, now)
                    self._settle(ledger, path.name, said, now, here=True)
                journal.discard(path)
            yield path.name

    def _by_lease(self, now: datetime) -> Iterator[str]:
        """No journal to look at, and the lease is over: lost with its machine, or on another one."""
        with self.transactions.read() as ledger:
            expired = ledger.expired_senders(now)
        for sender_id, host in expired:
            if journal.alive(self.journals / sender_id):
                continue  # slow or stopped; it renews its lease, or its lock comes free
            with self.transactions.write() as ledger:
                if ledger.end_sender(sender_id, now, expired=True):
                    self._settle(ledger, sender_id, _NOTHING_KNOWN, now, here=host == socket.gethostname())
                    yield sender_id

    def _settle(self, ledger: Ledger, sender_id: str, said: Replay, now: datetime, *, here: bool) -> None:
        same = sender_id.startswith(provider_key(self.provider.name) + "-")
        held = ledger.sending_of(sender_id)
        settlement = outcomes.settle(
            held, said, idempotent=here and same and self.provider.idempotent, now=now, policy=self.policy
        )
        ledger.settle(sender_id, settlement.outcomes, now)
        ledger.give_back(sender_id, settlement.untouched, now, begun=False)
        ledger.give_back(sender_id, settlement.again, now, begun=True)
        # Marked uncertain by a rescuer elsewhere before this journal was found: what it proves still counts.
        known = {delivery.delivery_id for delivery in held}
        late = [
            Outcome(delivery_id, _PROOF[answer.mark], answer.code, answer.text, answer.provider_id)
            for delivery_id, answer in said.answers.items()
            if delivery_id not in known and answer.mark in _PROOF
        ]
        ledger.settle(sender_id, late, now)
