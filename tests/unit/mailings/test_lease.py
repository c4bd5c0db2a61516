"""A sender's lease: how long it may trust it when the database does not take its word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from publisher.errors import StorageError
from publisher.mailings.lease import LEASE, RENEWAL, Lease
from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore


class Failing(LedgerStore):
    """Its transactions fail at their end, as on a full disk, or before they begin."""

    at_end: bool | None = None

    @contextmanager
    def write(self) -> Iterator[Ledger]:
        if self.at_end is False:
            raise StorageError("the database does not answer")
        with super().write() as ledger:
            yield ledger
            if self.at_end:
                raise StorageError("the disk is full")


@pytest.mark.parametrize("at_end", [True, False])
def test_a_lease_that_cannot_be_renewed_is_given_up_before_it_is_over(
    database: Database, now: datetime, at_end: bool
) -> None:
    clock = [now]
    store = Failing(database)
    lease = Lease(store, "slow", lambda: clock[0])
    with store.write() as ledger:
        lease.begin(ledger, "here")
    store.at_end = at_end
    while lease.keep(may_write=True):
        clock[0] += timedelta(seconds=5)
        assert clock[0] < now + LEASE - RENEWAL
    assert clock[0] > now + RENEWAL


def test_a_lease_is_given_up_while_a_transaction_hangs(database: Database, now: datetime) -> None:
    clock = [now]
    store = LedgerStore(database)
    lease = Lease(store, "slow", lambda: clock[0])
    with store.write() as ledger:
        lease.begin(ledger, "here")
    while lease.keep(may_write=False):
        clock[0] += timedelta(seconds=5)
        assert clock[0] < now + LEASE - RENEWAL
    assert clock[0] > now + RENEWAL
