"""Acting on what came back: a thin loop over stored events, in the order they came.

Each batch is one transaction that nobody else has the same events in; each event is a savepoint, so that one which
cannot be dealt with is put aside and the rest goes on. Those that only move the ledger (`noting`) are dealt with
together, as many as come one after the other. Afterwards the mailings that it was about are judged.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy.exc import InterfaceError, OperationalError

from publisher.bounces import acting, leaving, noting, pausing
from publisher.bounces.acting import Alike, Done
from publisher.bounces.identifying import Verdict, identify, way
from publisher.bounces.ports import Store, Stored, Unit
from publisher.bounces.receiving import MAIL
from publisher.errors import StorageError
from publisher.ledger import UNFINISHED
from publisher.mailings.brakes import USUAL, Shares

AT_ONCE = 50
"""Events of one transaction that are acted on one by one: it stays below half a second."""

TOGETHER = 250
"""Events that are taken at once where all before them in the transaction only moved the ledger."""

TAKES = 3
"""How often events are taken in one transaction, when most of them only move the ledger."""

PATIENCE = timedelta(hours=1)
"""How long an event waits for its delivery: a webhook may be quicker than the sender's own record."""

LOOK_AGAIN = timedelta(seconds=15)

_TROUBLE = (StorageError, OperationalError, InterfaceError)
"""Not about one event: the whole batch is undone, and taken again."""

_log = logging.getLogger("publisher")


@dataclass(slots=True)
class Processed:
    """What came of a pass. `paused`: the mailings that were stopped because of it."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    paused: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{number} {verdict}" for verdict, number in sorted(self.verdicts.items()))


@dataclass(slots=True)
class _Batch:
    """What one transaction has come to: how many events it took, and how many of them it acted on one by one."""

    now: datetime
    taken: int = 0
    alone: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    mailings: set[int] = field(default_factory=set)


class Processing:
    """Acts on feedback. Several processes may do it at once.

    Args:
        store: opens transactions.
        secret: gives the instance's.
        limits: from where on a mailing is paused.
    """

    def __init__(self, store: Store, secret: Callable[[], bytes], limits: Shares = USUAL) -> None:
        self._store = store
        self._secret = secret
        self._limits = limits

    def process(self, clock: Callable[[], datetime], stop: Callable[[], bool] = lambda: False) -> Processed:
        """Act on everything that has come and can be acted on; `stop` ends it between two batches.

        Raises:
            StorageError: the database does not answer; what was not acted on is, the next time.
        """
        done = Processed()
        while not stop() and self._batch(clock(), done):
            pass
        return done

    def _batch(self, now: datetime, done: Processed) -> bool:
        """One batch, and what follows from it; whether there was one."""
        batch = _Batch(now)
        with self._store.write() as unit:
            alike = Alike(unit, now)
            for _ in range(TAKES):
                smooth = batch.taken > 0 and not batch.alone
                rows = unit.feedback.take(TOGETHER if smooth else AT_ONCE - batch.alone, now)
                self._act(unit, rows, alike, batch)
                if not rows or batch.alone >= AT_ONCE:
                    break
        done.verdicts += batch.verdicts
        for mailing_id, mark in sorted(alike.held):
            pausing.take_back(self._store, mailing_id, mark, now)
        mailings = sorted(batch.mailings)
        done.paused += [each for each in mailings if pausing.judge(self._store, each, self._limits, now)]
        return batch.taken > 0

    def _act(self, unit: Unit, rows: Sequence[Stored], alike: Alike, batch: _Batch) -> None:
        """Act on events in their order: runs of those that only move the ledger at once, any other alone.

        Those that are too many to be acted on alone are taken again by another transaction.
        """
        batch.taken += len(rows)
        for together, group in groupby(rows, lambda stored: stored.event.kind in noting.KINDS):
            run: Sequence[Stored] = list(group)
            for stored in self._noted(unit, run, batch) if together else run:
                if batch.alone >= AT_ONCE:
                    return
                batch.alone += 1
                verdict = self._alone(unit, stored, alike, batch.mailings, batch.now)
                if verdict is not None:
                    batch.verdicts[verdict] += 1

    def _noted(self, unit: Unit, run: Sequence[Stored], batch: _Batch) -> Sequence[Stored]:
        """Deal with a run; gives what has to be looked at one by one: all, when one cannot be dealt with."""
        try:
            with unit.feedback.alone():
                noted = noting.note(unit.feedback, run, self._secret(), batch.now)
        except _TROUBLE:
            raise
        except Exception:  # noqa: BLE001 - undone; one by one it is found, told and put aside
            return run
        batch.verdicts.update(noted.verdicts)
        batch.mailings |= noted.mailings
        return noted.left

    def _alone(
        self, unit: Unit, stored: Stored, alike: Alike, mailings: set[int], now: datetime
    ) -> Verdict | None:
        """One event, whatever it is; None when it waits."""
        try:
            with unit.feedback.alone():
                return self._one(unit, stored, alike, mailings, now)
        except _TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 - told, and kept as broken: the rest must go on
            # Not its words: they may hold what the event held.
            _log.error("feedback %d of %s is put aside: %s", stored.id, stored.source, type(error).__name__)
            unit.feedback.settle(stored.id, Verdict.BROKEN, now)
            return Verdict.BROKEN

    def _one(self, unit: Unit, stored: Stored, alike: Alike, mailings: set[int], now: datetime) -> Verdict | None:
        rows, event = unit.feedback, stored.event
        if event.type == leaving.TYPE and stored.source == MAIL:
            verdict = acting.leave(unit, event.reference, self._secret(), now)
            rows.settle(stored.id, verdict, now, wordless=verdict is Verdict.FORGED)
            return verdict
        target = identify(rows.target, stored, self._secret())
        if isinstance(target, Verdict):
            rows.settle(stored.id, target, now, wordless=target is Verdict.FORGED)
            return target
        states = way(event.kind, target.state)
        unsettled = bool(states) and target.state in UNFINISHED
        if unsettled and now - stored.received_at < PATIENCE:
            rows.put_off(stored.id, now + LOOK_AGAIN)
            return None
        rows.move(target.delivery_id, states, event, now)
        done = acting.act(unit, stored, target, alike, now)
        if unsettled and done.verdict is Verdict.NOTED:
            done = Done(Verdict.LATE, done.bounce)
        rows.settle(
            stored.id,
            done.verdict,
            now,
            target=target,
            bounce=done.bounce,
            alike=done.alike,
            held=done.verdict is Verdict.HELD,
        )
        mailings.add(target.mailing_id)
        return done.verdict
