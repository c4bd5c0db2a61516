"""Taking a digest back: nothing more of it is mailed, and its page and entry say that it was withdrawn.

What readers have in their mailboxes stays there. A withdrawn digest stays withdrawn, and its slug taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.errors import UsageError
from publisher.ledger import DeliveryState
from publisher.publishing.controlling import Leave, cancel, open_mailings
from publisher.publishing.ports import Store
from publisher.publishing.wording import notice_of, reason_of

ANY_EDITION = 0
"""No edition has this id."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What came of it.

    Args:
        record: the digest as it stands now.
        was: its state before.
        cancelled: the mailings that were ended by it.
        readers: those who have it, and those who may have it.
    """

    record: DigestRecord
    was: DigestState
    cancelled: tuple[int, ...]
    readers: int
    uncertain: int


class Withdrawing:
    """Withdraws digests.

    Args:
        store: opens transactions.
        leave: moves on what cancelled mailings have unsent.
    """

    def __init__(self, store: Store, leave: Leave) -> None:
        self._store = store
        self._leave = leave

    def withdraw(
        self, record: DigestRecord, now: datetime, *, actor: str, reason: str, notice: str = ""
    ) -> Withdrawal:
        """Take a digest back, whatever became of it so far; its endpoints are brought up by the next pass.

        Args:
            record: the digest.
            now: aware.
            actor: who says so.
            reason: why; kept in the log of acts, and shown to nobody outside.
            notice: what its page and entry say to readers, beside that it was withdrawn; may be empty.

        Raises:
            UsageError: it was withdrawn before, no reason was given, or the notice is too long.
        """
        reason, notice = reason_of(reason, "withdrawing a digest"), notice_of(notice)
        with self._store.write() as unit:
            unit.plans.lock_digest(record.id)
            was = unit.digests.get(record.id).state
            if not unit.digests.withdraw(record.id, because=notice, now=now):
                raise UsageError(f"{record.key} was withdrawn before", remedy="A withdrawn digest stays withdrawn")
            ended = [
                mailing.id
                for mailing in open_mailings(unit, record.id)
                if cancel(unit, mailing, now, actor=actor, reason=reason)
            ]
            unit.publications.renew(record.id, now)
            data = {"reason": reason, "notice": notice, "was": was, "mailings": ended}
            unit.events.append("digest.withdrawn", at=now, actor=actor, digest_id=record.id, data=data)
        self._leave(now)
        with self._store.read() as unit:
            reached = unit.corrections.reached_by_others(record.id, ANY_EDITION)
            return Withdrawal(
                unit.digests.get(record.id),
                was,
                tuple(ended),
                readers=sum(number for state, number in reached.items() if state is not DeliveryState.UNCERTAIN),
                uncertain=reached.get(DeliveryState.UNCERTAIN, 0),
            )
