"""Acting on what came back: a thin loop over stored events, in the order they came.

Each batch is one transaction that nobody else has the same events in; each event is a savepoint, so that one which
cannot be dealt with is put aside and the rest goes on. Afterwards the mailings that it was about are judged.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import InterfaceError, OperationalError

from publisher.bounces import acting, leaving, pausing
from publisher.bounces.acting import Alike, Done
from publisher.bounces.identifying import Verdict, identify, way
from publisher.bounces.ports import Store, Stored, Unit
from publisher.bounces.receiving import MAIL
from publisher.errors import StorageError
from publisher.ledger import UNFINISHED
from publisher.mailings.brakes import USUAL, Shares

AT_ONCE = 50
"""Events of one transaction: it stays below half a second."""

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
        verdicts: Counter[Verdict] = Counter()
        mailings: set[int] = set()
        with self._store.write() as unit:
            rows = unit.feedback.take(AT_ONCE, now)
            alike = Alike(unit, now)
            for stored in rows:
                verdict = self._alone(unit, stored, alike, mailings, now)
                if verdict is not None:
                    verdicts[verdict] += 1
        done.verdicts += verdicts
        for mailing_id, mark in sorted(alike.held):
            pausing.take_back(self._store, mailing_id, mark, now)
        done.paused += [each for each in sorted(mailings) if pausing.judge(self._store, each, self._limits, now)]
        return bool(rows)

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
        target = identify(rows, stored, self._secret())
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
