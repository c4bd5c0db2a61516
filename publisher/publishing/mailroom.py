"""What is done with mailings: planned and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from publisher.digests.record import DigestRecord
from publisher.errors import StorageError, UsageError
from publisher.ledger import AT_ONCE, DeliveryState, Failure, Mailing, MailingKind, MailingState, Spread
from publisher.mailings.audience import audience, left_out, why_not
from publisher.mailings.ports import Waves
from publisher.publishing.ports import Store, Unit
from subscribers.segments.frozen import Frozen


@dataclass(frozen=True, slots=True)
class MailingFacts:
    """A mailing with its digest and the sums of its deliveries."""

    mailing: Mailing
    digest: DigestRecord
    counts: Mapping[DeliveryState, int]
    waves: Sequence[tuple[datetime, int]] = ()
    """The waves that have not begun: when, and how many mails."""
    next_due: datetime | None = None
    """When the next mails may leave, if none may now."""
    paused_because: str = ""
    """Of one that is paused: the reason that was given, or the answers that made it pause itself."""


Spreads = Callable[[Waves, str, datetime | None], Spread]
"""When which readers of a scheduled mailing get it, by its newsletter and slot."""


def everybody_at_once(_waves: Waves, _newsletter: str, _slot: datetime | None) -> Spread:
    """No newsletter has a local time, and there is no canary."""
    return AT_ONCE


class Mailroom:
    """Acts on mailings.

    Args:
        store: opens transactions.
        spreads: when which readers of a mailing get it.
    """

    def __init__(self, store: Store, spreads: Spreads = everybody_at_once) -> None:
        self._store = store
        self._spreads = spreads

    def start(self, mailing: Mailing, now: datetime, alert: str = "") -> bool:
        """Plan a waiting mailing and let it run; False when somebody else just did, or corrected it."""
        with self._store.write() as unit:
            # A resend that is ordered at this moment must see who is planned here, or be seen by the plan.
            unit.plans.lock_digest(mailing.digest_id)
            if unit.mailings.get(mailing.id).edition_id != mailing.edition_id:
                return False  # the page that was looked for is not the one that this mailing brings by now
            record = unit.digests.get(mailing.digest_id)
            begun = (
                unit.corrections.begin(mailing.id, now)  # its people are planned: by the act, or another mailing
                if mailing.kind is MailingKind.RESEND
                else plan_mailing(
                    unit,
                    mailing.id,
                    record.newsletter,
                    now,
                    mailing.segment,
                    self._spreads(unit.waves, record.newsletter, record.slot),
                )
            )
            if not begun:
                return False
            unit.events.append(
                "mailing.started",
                at=now,
                actor="schedule",
                digest_id=mailing.digest_id,
                mailing_id=mailing.id,
                data={"alert": alert} | ({"segment": mailing.segment.as_data()} if mailing.segment else {}),
            )
        return True

    def facts(self, mailing_id: int, now: datetime | None = None) -> MailingFacts:
        """One mailing; with `now`, also what it has that may not leave yet.

        Raises:
            UsageError: there is none of this number.
        """
        with self._store.read() as unit:
            try:
                found = _facts(unit, unit.mailings.get(mailing_id))
                return found if now is None else _with_waits(unit, _with_reason(unit, found), now)
            except StorageError as error:
                if "mailing" not in error.ids:  # the database itself is in trouble
                    raise
                remedy = "`publisher mailing list` shows those there are"
                raise UsageError(error.message, remedy=remedy) from error

    def all(self) -> Sequence[MailingFacts]:
        """Every mailing, the newest first."""
        with self._store.read() as unit:
            return [_facts(unit, mailing) for mailing in unit.mailings.all()]

    def running(self) -> Sequence[Mailing]:
        """The mailings that senders work on, the oldest first."""
        with self._store.read() as unit:
            return [each for each in reversed(unit.mailings.all()) if each.state is MailingState.RUNNING]

    def paused(self) -> Sequence[MailingFacts]:
        """The mailings that somebody has paused, the oldest first."""
        with self._store.read() as unit:
            paused = [each for each in reversed(unit.mailings.all()) if each.state is MailingState.PAUSED]
            return [_with_reason(unit, _facts(unit, mailing)) for mailing in paused]

    def troubled(self, mailing_id: int, limit: int | None) -> Sequence[Failure]:
        """Deliveries that did not go well, with the server's words."""
        with self._store.read() as unit:
            return unit.mailings.failures(mailing_id, limit)


def plan_mailing(
    unit: Unit,
    mailing_id: int,
    newsletter: str,
    now: datetime,
    segment: Frozen | None = None,
    spread: Spread = AT_ONCE,
) -> bool:
    """Plan a waiting mailing, and let it run; False when it did not wait.

    Of a resend the frozen selection says who is in the segment.
    """
    return unit.plans.plan(
        mailing_id,
        audience=audience(newsletter, now, segment),
        left_out=left_out(newsletter, now, segment),
        why_not=partial(why_not, newsletter=newsletter, now=now),
        now=now,
        spread=spread,
    )


def _with_reason(unit: Unit, facts: MailingFacts) -> MailingFacts:
    said = [
        event.data.get("reason", "")
        for event in unit.events.of_digest(facts.mailing.digest_id)
        if event.mailing_id == facts.mailing.id and event.kind == "mailing.paused"
    ]
    return replace(facts, paused_because=str(said[-1])) if said else facts


def _with_waits(unit: Unit, facts: MailingFacts, now: datetime) -> MailingFacts:
    number = facts.mailing.id
    return replace(facts, waves=tuple(unit.waves.planned(number)), next_due=unit.waves.next_due(number, now))


def _facts(unit: Unit, mailing: Mailing) -> MailingFacts:
    return MailingFacts(mailing, unit.digests.get(mailing.digest_id), unit.mailings.counts(mailing.id))
