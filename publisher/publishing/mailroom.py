"""What is done with mailings: planned, shown, and sent again to exactly those who are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.errors import StorageError, SubscriberError, UsageError
from publisher.ledger import DeliveryState, Failure, Mailing, MailingKind, MailingState
from publisher.mailings.audience import audience, left_out, why_not
from publisher.mailings.resending import ResendKind, ResendPlan, plan_resend, states_for
from publisher.publishing.inspecting import Inspection
from publisher.publishing.ports import Store, Unit
from publisher.publishing.preflighting import BlockedError, Gate
from subscribers.addresses import normalise


@dataclass(frozen=True, slots=True)
class MailingFacts:
    """A mailing with its digest and the sums of its deliveries."""

    mailing: Mailing
    digest: DigestRecord
    counts: Mapping[DeliveryState, int]


class Mailroom:
    """Acts on mailings.

    Args:
        store: opens transactions.
        gate: looks at what was never mailed before a resend mails it.
    """

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def start(self, mailing: Mailing, now: datetime, alert: str = "") -> bool:
        """Plan a waiting mailing and let it run; False when somebody else just did."""
        with self._store.write() as unit:
            newsletter = unit.digests.get(mailing.digest_id).newsletter
            if not _plan(unit, mailing.id, newsletter, now):
                return False
            unit.events.append(
                "mailing.started",
                at=now,
                actor="schedule",
                digest_id=mailing.digest_id,
                mailing_id=mailing.id,
                data={"alert": alert},
            )
        return True

    def facts(self, mailing_id: int) -> MailingFacts:
        """One mailing.

        Raises:
            UsageError: there is none of this number.
        """
        with self._store.read() as unit:
            try:
                return _facts(unit, unit.mailings.get(mailing_id))
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

    def troubled(self, mailing_id: int, limit: int | None) -> Sequence[Failure]:
        """Deliveries that did not go well, with the server's words."""
        with self._store.read() as unit:
            return unit.mailings.failures(mailing_id, limit)

    def plan_resend(self, record: DigestRecord, now: datetime, *, to: str | None) -> ResendPlan:
        """Who a resend would reach now: one address, or all whose latest delivery failed.

        Raises:
            UsageError: the digest is not published, `to` is no address, or the one subscriber is not to get it; it
                says why.
        """
        with self._store.read() as unit:
            return _resend_plan(unit, record, now, to)

    def resend(self, record: DigestRecord, now: datetime, *, to: str | None, actor: str, reason: str) -> int:
        """Order a resend: chosen, recorded and planned in one transaction. Gives the mailing's number.

        Raises:
            UsageError: there is nobody left to mail, or as for `plan_resend`.
            BlockedError: it was never mailed, and preflight keeps it here.
        """
        looked_at = self._look_at_backlog(record, now)
        with self._store.write() as unit:
            unit.plans.lock_digest(record.id)
            plan = _resend_plan(unit, record, now, to)
            edition = unit.editions.newest(record.id)
            if not plan.mailed or edition is None:
                raise UsageError(f"there is nobody to send {record.key} to", remedy=nobody(record))
            if looked_at:
                self._gate.keep(unit, record, looked_at, edition.id)
            mailing_id = unit.mailings.add(
                digest_id=record.id,
                edition_id=edition.id,
                kind=MailingKind.RESEND,
                state=MailingState.WAITING,
                actor=actor,
                reason=reason,
                selection=plan.selection,
                now=now,
            )
            if mailing_id is None or not _plan(unit, mailing_id, record.newsletter, now):
                raise UsageError(f"the resend of {record.key} could not be planned", remedy="Try it again")
            unit.events.append(
                "mailing.resend",
                at=now,
                actor=actor,
                digest_id=record.id,
                mailing_id=mailing_id,
                data={"reason": reason, "subscribers": plan.mailed, "left_out": dict(plan.left_out)},
            )
        return mailing_id

    def _look_at_backlog(self, record: DigestRecord, now: datetime) -> Inspection | None:
        """Look at a digest that went to page and feeds only: nobody has looked at it as a mail yet.

        Raises:
            BlockedError: it is kept here; `digest release --mail --despite RULE` lets it go.
        """
        with self._store.read() as unit:
            edition = unit.editions.newest(record.id)
            if edition is None or any(each.kind is MailingKind.SCHEDULED for each in unit.mailings.all(record.id)):
                return None
        try:
            return self._gate.let_pass(edition, now)
        except BlockedError as blocked:
            self._gate.refuse(record, blocked)
            raise


def nobody(record: DigestRecord) -> str:
    """What to look at when a resend has nobody to reach."""
    return f"`publisher digest show {record.key}` shows its mailings"


def _plan(unit: Unit, mailing_id: int, newsletter: str, now: datetime) -> bool:
    return unit.plans.plan(
        mailing_id,
        audience=audience(newsletter, now),
        left_out=left_out(newsletter, now),
        why_not=partial(why_not, newsletter=newsletter, now=now),
        now=now,
    )


def _resend_plan(unit: Unit, record: DigestRecord, now: datetime, to: str | None) -> ResendPlan:
    if record.state is DigestState.WITHDRAWN:
        raise UsageError(f"{record.key} was withdrawn", remedy="A withdrawn digest is not sent again")
    if record.published_at is None:
        raise UsageError(
            f"{record.key} is not published yet", remedy=f"`publisher digest release {record.key}` publishes it"
        )
    kind = ResendKind.FAILED if to is None else ResendKind.TO
    latest = unit.plans.latest(
        record.id,
        why_not=partial(why_not, newsletter=record.newsletter, now=now),
        states=states_for(kind),
        email_key=None if to is None else _email_key(to),
    )
    return plan_resend(kind, latest, address=to or "")


def _email_key(address: str) -> str:
    try:
        return normalise(address)[1]
    except SubscriberError as error:
        raise UsageError(error.message, remedy=error.remedy or "Write --to reader@example.org") from error


def _facts(unit: Unit, mailing: Mailing) -> MailingFacts:
    return MailingFacts(mailing, unit.digests.get(mailing.digest_id), unit.mailings.counts(mailing.id))
