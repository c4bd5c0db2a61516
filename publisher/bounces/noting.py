"""Events that only move the ledger, many at a time: a mailing to a million brings a million of them.

Nothing follows from them for their readers (`policy.act`). What is about a delivery that a sender still has in
hand, or whose answer was lost, is left to whoever acts on one event after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from publisher.bounces.identifying import Verdict, identify, way
from publisher.bounces.ports import Rows, Stored, Target
from publisher.feedback import FeedbackKind
from publisher.ledger import UNFINISHED, DeliveryState
from publisher.messages import verp

KINDS = frozenset({FeedbackKind.ACCEPTED, FeedbackKind.DELIVERED, FeedbackKind.DEFERRED})

_ONE_BY_ONE = UNFINISHED | {DeliveryState.UNCERTAIN}


@dataclass(slots=True)
class Noted:
    """What was done about a run of events; `left` are those that were not touched, in order."""

    verdicts: list[Verdict] = field(default_factory=list)
    mailings: set[int] = field(default_factory=set)
    left: list[Stored] = field(default_factory=list)


def note(rows: Rows, run: Sequence[Stored], secret: bytes, now: datetime) -> Noted:
    """Identify and prove events of KINDS, move their deliveries and settle them.

    Args:
        rows: where they stand; in the transaction that took them.
        run: the events, in the order they came.
        secret: the instance's.
        now: aware UTC.
    """
    numbers = {number for stored in run if (number := verp.number(stored.event.reference)) is not None}
    targets = rows.targets(numbers)
    noted = Noted()
    settled: list[tuple[int, Verdict, Target | None]] = []
    moves: defaultdict[DeliveryState, set[int]] = defaultdict(set)
    for stored in run:
        target = identify(targets.get, stored, secret)
        if isinstance(target, Verdict):
            settled.append((stored.id, target, None))
        elif target.state in _ONE_BY_ONE:
            noted.left.append(stored)
        else:
            settled.append((stored.id, Verdict.NOTED, target))
            noted.mailings.add(target.mailing_id)
            for state in way(stored.event.kind, target.state):
                moves[state].add(target.delivery_id)
    for state, deliveries in moves.items():
        rows.move_all(deliveries, state, now)
    rows.settle_all(settled, now)
    noted.verdicts += [verdict for _, verdict, _ in settled]
    return noted
