"""A sender's word that it lives, renewed in each of its transactions; there it notices if a rescuer ended it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from publisher.errors import StorageError
from publisher.mailings.ports import Ledger, Transactions

LEASE = timedelta(minutes=3)
"""How long a sender is taken for alive after its last word, where its journal cannot be looked at."""

RENEWAL = timedelta(seconds=20)


class Lease:
    """The lease of one sender.

    Args:
        transactions: the ledger.
        sender_id: whose lease it is.
        clock: the present moment, aware UTC.
    """

    def __init__(self, transactions: Transactions, sender_id: str, clock: Callable[[], datetime]) -> None:
        self.sender_id = sender_id
        self.lost = False
        """Somebody has ended the sender, or must be expected to: nothing more may be handed over."""
        self._transactions = transactions
        self._clock = clock
        self._renew_at = self._until = clock()

    def begin(self, ledger: Ledger, host: str) -> None:
        """Make the sender known."""
        now = self._clock()
        self._renew_at, self._until = now + RENEWAL, now + LEASE
        ledger.register_sender(self.sender_id, host, now, self._until)

    def renew(self, ledger: Ledger) -> bool:
        """Renew it; False when it is lost. First in every transaction: on PostgreSQL a rescuer waits for it."""
        now = self._clock()
        self._renew_at, self._until = now + RENEWAL, now + LEASE
        self.lost = self.lost or not ledger.renew_lease(self.sender_id, self._until)
        return not self.lost

    def keep(self, *, may_write: bool) -> bool:
        """Renew it when it is time, if a transaction may be made now; whether it is still ours."""
        now, until = self._clock(), self._until
        if may_write and now >= self._renew_at and not self.lost:
            try:
                with self._transactions.write() as ledger:
                    self.renew(ledger)
            except StorageError:
                # Not worth an uncertain delivery in mid-air: the next settlement says whether the database is
                # gone. What was not committed did not renew anything.
                self._renew_at, self._until = now + RENEWAL, until
        # Well before it is over, whether the database refuses, or a transaction hangs.
        self.lost = self.lost or now >= self._until - 2 * RENEWAL
        return not self.lost
