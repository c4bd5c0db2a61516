"""What comes back about mail, as rows: kept once, taken by one process at a time, settled. SQL only.

What an event means is decided in `publisher.bounces`. The events here hold no address: in the place of the
recipient's stands its keyed hash (`subscribers.hashing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select, update

from publisher.feedback import BounceClass, Feedback, FeedbackKind
from publisher.ledger import UNFINISHED, DeliveryState, sources_of
from publisher.storage import locks
from publisher.storage.held import HeldRows
from publisher.storage.tables import deliveries, digests, feedback
from subscribers.portable import insert_missing
from subscribers.tables import subscribers

row = feedback.c

ALL_IS_WELL = (FeedbackKind.ACCEPTED, FeedbackKind.DELIVERED, FeedbackKind.DEFERRED, FeedbackKind.ANSWERED)
"""Most of what comes; the ledger knows what follows from it, and nothing of it has to be kept long."""

LOOKED_AT = 5_000
"""Rows among which the last answers are looked for."""

REFUSALS = (FeedbackKind.BOUNCED, FeedbackKind.DROPPED)
SOFT = (BounceClass.SOFT, BounceClass.UNKNOWN)


class Stored(NamedTuple):
    """A row that nobody has processed yet. In place of its recipient the event has the keyed hash, or nothing."""

    id: int
    source: str
    event: Feedback
    received_at: datetime


class Target(NamedTuple):
    """The delivery that an event is about, where it stands, and whose it is."""

    delivery_id: int
    mailing_id: int
    digest_id: int
    newsletter: str
    subscriber_id: int
    email: str
    email_key: str
    state: DeliveryState


class SoftBounce(NamedTuple):
    """One mail that did not arrive for a reason that may pass."""

    at: datetime
    digest_id: int


class FeedbackRows(HeldRows):
    """Appends, takes and settles on one connection; the caller owns the transaction."""

    def append(self, source: str, events: Iterable[Feedback], now: datetime) -> None:
        """Keep events of a source; those that are here already stay as they are.

        Args:
            source: the provider's name, or "mail".
            events: made discreet by `bounces.receiving`.
            now: when they came.
        """
        rows = [_written(source, event, now) for event in events]
        if len(rows) > 1:
            # Of two that bring the same events in another order, each would wait for a row of the other.
            locks.in_turn(self._connection, f"feedback of {source}")
        if rows:
            self._connection.execute(insert_missing(self._connection, feedback), rows)

    def take(self, most: int, now: datetime) -> list[Stored]:
        """The next events in the order they came; nobody else is given them before the transaction's end."""
        due = row.due_at.is_(None) | (row.due_at <= now)
        query = select(feedback).where(row.processed_at.is_(None), due).order_by(row.id).limit(most)
        return [_stored(found) for found in self._connection.execute(query.with_for_update(skip_locked=True))]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A savepoint: an error inside undoes what was done inside, and nothing else of the transaction."""
        with self._connection.begin_nested():
            yield

    def target(self, delivery_id: int) -> Target | None:
        """A delivery and its subscriber; None when there is none, or the subscriber was erased."""
        return self.targets([delivery_id]).get(delivery_id)

    def targets(self, delivery_ids: Collection[int]) -> dict[int, Target]:
        """Deliveries and their subscribers, by their ids."""
        query = (
            select(
                deliveries.c.id,
                deliveries.c.mailing_id,
                deliveries.c.digest_id,
                digests.c.newsletter,
                deliveries.c.subscriber_id,
                subscribers.c.email,
                subscribers.c.email_key,
                deliveries.c.state,
            )
            .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .join(digests, digests.c.id == deliveries.c.digest_id)
            .where(deliveries.c.id.in_(delivery_ids))
        )
        found = self._connection.execute(query)
        return {each[0]: Target(*each[:-1], state=DeliveryState(each[-1])) for each in found}

    def move(self, delivery_id: int, states: Sequence[DeliveryState], event: Feedback, now: datetime) -> bool:
        """Take a delivery through these states, as far as the ledger allows; whether anything changed.

        What a sender has in hand is the sender's to settle. Of a bounce, code and words are kept.
        """
        changed = False
        for state in states:
            values: dict[str, Any] = {"state": str(state), "changed_at": now}
            if state is DeliveryState.BOUNCED:
                values |= {"code": event.code, "reason": event.text}
            allowed = sorted(sources_of(state) - UNFINISHED)
            mine = (deliveries.c.id == delivery_id, deliveries.c.state.in_(allowed))
            changed |= bool(self._connection.execute(update(deliveries).where(*mine).values(values)).rowcount)
        return changed

    def move_all(self, delivery_ids: Collection[int], state: DeliveryState, now: datetime) -> int:
        """Take deliveries to a state other than `bounced`, those that may go there; gives how many. See `move`."""
        allowed = sorted(sources_of(state) - UNFINISHED)
        mine = (deliveries.c.id.in_(delivery_ids), deliveries.c.state.in_(allowed))
        moved = update(deliveries).where(*mine).values(state=str(state), changed_at=now)
        return self._connection.execute(moved).rowcount

    def settle_all(self, settled: Iterable[tuple[int, str, Target | None]], now: datetime) -> None:
        """Say what was done about many events, each with its delivery, if it has one; see `settle`."""
        about: dict[bool, list[dict[str, Any]]] = {
            True: [],
            False: [],
        }  # one statement sets the same columns for all
        for feedback_id, verdict, target in settled:
            about[target is None].append({"feedback_id": feedback_id} | _settled(verdict, target, now))
        mine = update(feedback).where(row.id == bindparam("feedback_id"))
        for rows in filter(None, about.values()):
            self._connection.execute(mine, rows)

    def settle(
        self,
        feedback_id: int,
        verdict: str,
        now: datetime,
        *,
        target: Target | None = None,
        bounce: BounceClass | None = None,
        alike: str = "",
        held: bool = False,
        wordless: bool = False,
    ) -> None:
        """Say what was done about an event; it is not taken again.

        Its reference is forgotten, and of nobody that we know, the hash of the address, too. `wordless`: so is
        what it said, of which somebody may have sent any amount.
        """
        said = {"held": held, "bounce": bounce or "", "alike": alike}
        values = _settled(verdict, target, now) | said | ({"raw": None, "text": ""} if wordless else {})
        self._connection.execute(update(feedback).where(row.id == feedback_id).values(values))

    def put_off(self, feedback_id: int, due_at: datetime) -> None:
        """Look at an event again, not before then."""
        self._connection.execute(update(feedback).where(row.id == feedback_id).values(due_at=due_at))

    def was_said(self, target: Target, kinds: Collection[FeedbackKind], verdicts: Collection[str]) -> bool:
        """Whether an event of one of these kinds, about the same mail, was settled with one of these verdicts."""
        mine = (row.subscriber_id == target.subscriber_id, row.delivery_id == target.delivery_id)
        query = select(row.id).where(*mine, row.kind.in_(kinds), row.verdict.in_(verdicts)).limit(1)
        return self._connection.scalar(query) is not None

    def soft_history(self, subscriber_id: int, since: datetime) -> list[SoftBounce]:
        """The soft bounces of a subscriber since then, the oldest first, one for each mail.

        What was before the last mail that arrived is over, and not among them.
        """
        mine = row.subscriber_id == subscriber_id
        arrived = select(func.max(row.at)).where(mine, row.kind == FeedbackKind.DELIVERED)
        last = self._connection.scalar(arrived)
        first = func.min(row.at, type_=row.at.type).label("first")
        query = (
            select(first, row.digest_id)
            .where(mine, row.kind.in_(REFUSALS), row.bounce.in_(SOFT), row.at >= since)
            .where(row.processed_at.is_not(None), *([] if last is None else [row.at > last]))
            .group_by(row.delivery_id, row.digest_id)
            .order_by(first)
        )
        return [SoftBounce(*found) for found in self._connection.execute(query)]

    def classes(self, mailing_id: int) -> dict[BounceClass, int]:
        """How many deliveries of a mailing were refused after all, by whose trouble it was."""
        number = func.count(row.delivery_id.distinct())
        query = (
            select(row.bounce, number)
            .where(row.mailing_id == mailing_id, row.bounce != "")
            .group_by(row.bounce)
            .order_by(row.bounce)
        )
        return {BounceClass(name): found for name, found in self._connection.execute(query)}

    def last_answers(self, mailing_id: int, most: int, since: datetime | None = None) -> list[BounceClass | None]:
        """The classes of what came back last about a mailing, the oldest first; None: a mail arrived.

        Only the newest of all rows are looked at, and what came after `since`: a mailing that is under way is
        among them.
        """
        newest = select(func.max(row.id)).scalar_subquery()
        answers = row.kind.in_((*REFUSALS, FeedbackKind.DELIVERED))
        query = (
            select(row.bounce)
            # The plus keeps the index by mailing out: all that a million mails brought would be sorted.
            .where(row.id > newest - LOOKED_AT, row.mailing_id + 0 == mailing_id, answers)
            .where(*([] if since is None else [row.received_at > since]))
            .order_by(row.id.desc())
            .limit(most)
        )
        found = self._connection.scalars(query).all()
        return [BounceClass(name) if name else None for name in reversed(found)]

    def forget(self, subscriber_id: int | None, recipient_hash: str) -> int:
        """Take an erased person out: what stays says what came back, not about whom; gives how many rows."""
        theirs = row.recipient_hash == recipient_hash
        if subscriber_id is not None:
            theirs |= row.subscriber_id == subscriber_id
        nothing = {"recipient_hash": "", "reference": "", "text": "", "raw": None}
        nobody = nothing | {"subscriber_id": None, "delivery_id": None, "held": False}
        return self._connection.execute(update(feedback).where(theirs).values(nobody)).rowcount


def _settled(verdict: str, target: Target | None, now: datetime) -> dict[str, Any]:
    """What an event's row says when it was acted on."""
    over = {"verdict": verdict, "processed_at": now, "due_at": None, "reference": ""}
    if target is None:
        return over | {"recipient_hash": ""}
    ids = ("delivery_id", "mailing_id", "digest_id", "subscriber_id")
    return over | {name: getattr(target, name) for name in ids}


def _written(source: str, event: Feedback, now: datetime) -> dict[str, Any]:
    return {
        "source": source,
        "key": event.key,
        "kind": str(event.kind),
        "bounce": event.bounce or "",
        "reference": event.reference,
        "recipient_hash": event.recipient,
        "code": event.code,
        "status": event.status,
        "text": event.text,
        "type": event.type,
        "raw": event.raw or (None if event.kind in ALL_IS_WELL else ""),
        "at": event.at,
        "received_at": now,
    }


def _stored(found: Row[Any]) -> Stored:
    event = Feedback(
        key=found.key,
        kind=FeedbackKind(found.kind),
        at=found.at,
        reference=found.reference,
        recipient=found.recipient_hash,
        code=found.code,
        status=found.status,
        bounce=BounceClass(found.bounce) if found.bounce else None,
        text=found.text,
        type=found.type,
        raw=found.raw or "",
    )
    return Stored(found.id, found.source, event, found.received_at)
