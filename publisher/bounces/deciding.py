"""What an editor sees of what came back about a mailing, and decides about suppressions that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.bounces import policy
from publisher.bounces.acting import suppress
from publisher.bounces.identifying import Verdict
from publisher.bounces.ports import Held, Store, Unit
from publisher.errors import StorageError, UsageError
from publisher.feedback import BounceClass
from publisher.ledger import Mailing
from subscribers.model import SuppressionReason

AT_ONCE = 200
"""Decisions of one transaction: it stays below half a second."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back about a mailing: refusals by whose trouble it was, and who waits for a decision."""

    classes: Mapping[BounceClass, int]
    held: Sequence[Held]


class Bounces:
    """What came back about mailings.

    Args:
        store: opens transactions.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, mailing_id: int) -> Returned:
        """What came back about a mailing.

        Raises:
            UsageError: there is no such mailing.
        """
        with self._store.read() as unit:
            _known(unit, mailing_id)
            return Returned(unit.feedback.classes(mailing_id), unit.feedback.held(mailing_id))

    def count_held(self, mailing_id: int) -> int:
        """How many suppressions because of it wait for an editor's word."""
        with self._store.read() as unit:
            return unit.feedback.count_held(mailing_id)

    def decide(self, mailing_id: int, now: datetime, *, suppressed: bool, actor: str, reason: str) -> int:
        """Suppress those who wait, or forgive them; what comes back later with the same words follows.

        Cut short, the rest waits on. Gives how many there were.

        Raises:
            UsageError: there is no such mailing, nobody waits, or no reason is given.
        """
        words = " ".join(reason.split())
        if not words:
            raise UsageError("this is decided for a reason", remedy="Add --reason TEXT")
        with self._store.read() as unit:
            mailing, held = _known(unit, mailing_id), unit.feedback.held(mailing_id)
        if not held:
            raise UsageError(f"no suppression because of mailing {mailing_id} waits", remedy="Nothing was changed")
        verdict = Verdict.CONFIRMED if suppressed else Verdict.FORGIVEN
        done = 0
        for start in range(0, len(held), AT_ONCE):
            with self._store.write() as unit:
                done += sum(_decide(unit, each, verdict, now) for each in held[start : start + AT_ONCE])
        with self._store.write() as unit:
            unit.events.append(
                "mailing.decided",
                at=now,
                actor=actor,
                digest_id=mailing.digest_id,
                mailing_id=mailing_id,
                data={"reason": words, "suppressed" if suppressed else "forgiven": done},
            )
        return done


def _decide(unit: Unit, held: Held, verdict: Verdict, now: datetime) -> bool:
    """One of them; False when somebody else has decided meanwhile."""
    if not unit.feedback.decide([held.id], verdict):
        return False
    if verdict is Verdict.CONFIRMED:
        wanted = policy.Suppress(SuppressionReason.BOUNCED, said(held))
        suppress(unit, held.email_key, held.source, wanted, now)
    return True


def said(held: Held) -> str:
    """Code, status and words of a refusal, as far as they are still known."""
    heads = [each for each in (str(held.code or ""), held.status) if each and each not in held.text]
    return " ".join([*heads, held.text]).strip()


def _known(unit: Unit, mailing_id: int) -> Mailing:
    try:
        return unit.mailings.get(mailing_id)
    except StorageError as error:
        if "mailing" not in error.ids:  # the database itself is in trouble
            raise
        raise UsageError(error.message, remedy="`publisher mailing list` shows those there are") from error
