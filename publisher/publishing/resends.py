"""Resends: who would get one, ordering it, and the list of everybody it concerns.

The same three functions for the command line, a desk and an API. Who gets a mail is decided in
`mailings.verdicts`; here it is asked of the database, recorded and planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from publisher.digests.record import DigestRecord
from publisher.editions import Edition
from publisher.errors import SubscriberError, UsageError
from publisher.ledger import Concerned, Latest, Mailing, MailingKind, MailingState, Standing
from publisher.mailings.audience import outside, why_not
from publisher.mailings.ports import Outside, WhyNot
from publisher.mailings.resending import ResendPlan, check_one, plan_resend
from publisher.mailings.verdicts import Act, Verdict, Wish, decide, states_for
from publisher.publishing.channels import pages_stored
from publisher.publishing.inspecting import Inspection
from publisher.publishing.mailroom import plan_mailing
from publisher.publishing.ports import Store, Unit
from publisher.publishing.preflighting import BlockedError, Gate
from publisher.publishing.resend_refusals import another, edition_to_send, nobody, stale
from publisher.publishing.segmenting import Segmenting
from publisher.publishing.wording import reason_of
from subscribers.addresses import normalise
from subscribers.segments.frozen import Frozen
from subscribers.segments.stored import EVERYBODY


@dataclass(frozen=True, slots=True)
class Ordered:
    """A resend that was ordered. `repeated`: it had been, with the same token, and nothing was done now."""

    mailing: Mailing
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of the list of a resend. `verdict` is never UNCONCERNED."""

    person: Concerned
    verdict: Verdict


class Resends:
    """Acts of mailing a digest again.

    Args:
        store: opens transactions.
        gate: looks at what was never mailed before a resend mails it.
        first_target: the first endpoint, as `endpoint:NAME`; None when there is none: mail leaves at once.
        segmenting: knows the segments that are asked for.
    """

    def __init__(
        self,
        store: Store,
        gate: Gate,
        first_target: str | None = None,
        segmenting: Segmenting | None = None,
    ) -> None:
        self._store = store
        self._segmenting = segmenting or Segmenting()
        self._gate = gate
        self._first_target = first_target

    def plan(self, record: DigestRecord, wish: Wish, now: datetime, *, token: str | None = None) -> ResendPlan:
        """Who a resend would reach now.

        Raises:
            UsageError: nobody can be meant, or it is not the plan of `token`; it says why, and what to do.
        """
        with self._store.read() as unit:
            plan = self._plan(unit, record, wish, now)
        if token and token != plan.token:
            raise stale(record, wish)
        return plan

    def ordered(self, record: DigestRecord, wish: Wish, now: datetime, token: str) -> Ordered | None:
        """The resend that was ordered with this token, if any was.

        Raises:
            UsageError: it was another act than this one.
        """
        with self._store.read() as unit:
            return _ordered(unit, record, wish, now, token)

    def order(
        self,
        record: DigestRecord,
        wish: Wish,
        now: datetime,
        *,
        actor: str,
        reason: str,
        token: str | None = None,
    ) -> Ordered:
        """Order a resend: recorded and planned in one transaction. It waits for the edition's page, if it has to.

        Everybody is looked at before that transaction, which only makes sure that nothing has changed since:
        reading a million people takes seconds in which nobody else could write.

        Args:
            record: the digest.
            wish: what is meant.
            now: aware.
            actor: who orders it.
            reason: why; kept with the mailing.
            token: of the plan that was shown; then exactly that plan is ordered, and once.

        Raises:
            UsageError: there is nobody to mail, the plan is not what it was, or as for `plan`.
            BlockedError: it was never mailed, and preflight keeps it here.
        """
        reason = reason_of(reason, "a resend")
        if token and (ordered := self.ordered(record, wish, now, token)):
            return ordered
        looked_at = self._look_at_backlog(record, now)
        with self._store.read() as unit:
            plan, mark = self._plan(unit, record, wish, now), unit.standings.mark(record.id)
        with self._store.write() as unit:
            unit.plans.lock_digest(record.id)
            if done := _ordered(unit, record, wish, now, token or plan.token):
                return done
            seen, record = record, unit.digests.get(record.id)
            if record != seen or unit.standings.mark(record.id) != mark:
                plan = self._plan(unit, record, wish, now)
            if token and token != plan.token:
                raise stale(record, wish)
            if not plan.mailed:
                raise nobody(record, plan)
            return Ordered(self._record(unit, record, plan, now, actor, reason, looked_at))

    def people(self, record: DigestRecord, wish: Wish, now: datetime) -> Iterator[Listed]:
        """Everybody a resend concerns, mailed or left out, one after the other.

        Raises:
            UsageError: as for `plan`.
        """
        with self._store.read() as unit:
            edition, asked, only = _edition(unit, record, wish), _asked(record, now), None
            if wish.act is Act.TO:
                person = unit.standings.one(record.id, _email_key(wish.to), asked)
                check_one(wish, person, edition.number)
                only = person and person.subscriber_id
            segment = self._segmenting.of_resend(unit, record, wish)
            outsiders = _outsiders(record, segment, now)
            for each in unit.standings.concerned(record.id, record.newsletter, asked, only, outsiders):
                verdict = decide(wish, each.standing, edition.number)
                if verdict is not Verdict.UNCONCERNED:
                    yield Listed(each, verdict)

    def standing(self, record: DigestRecord, now: datetime) -> Mapping[Standing, int]:
        """How all the people of a digest stand, over all its mailings; the numbers add up to everybody."""
        with self._store.read() as unit:
            return unit.standings.sums(record.id, record.newsletter, _asked(record, now))

    def addresses(self, subscriber_ids: Sequence[int]) -> Sequence[str]:
        """The addresses of a few subscribers, as a plan names them."""
        with self._store.read() as unit:
            return unit.standings.addresses(subscriber_ids)

    def _record(
        self,
        unit: Unit,
        record: DigestRecord,
        plan: ResendPlan,
        now: datetime,
        actor: str,
        reason: str,
        looked_at: Inspection | None,
    ) -> Mailing:
        """The mailing, its deliveries and the event of the log."""
        if looked_at:
            self._gate.keep(unit, record, looked_at, plan.edition_id)
        mailing_id = unit.mailings.add(
            digest_id=record.id,
            edition_id=plan.edition_id,
            kind=MailingKind.RESEND,
            state=MailingState.WAITING,
            actor=actor,
            reason=reason,
            selection=plan.selection,
            now=now,
            act=str(plan.wish.act),
            token=plan.token,
            again=plan.again,
            segment=plan.segment,
        )
        if mailing_id is None or not plan_mailing(unit, mailing_id, record.newsletter, now):
            raise UsageError(f"the resend of {record.key} could not be planned", remedy="Try it again")
        if self._first_target and not pages_stored(unit, plan.edition_id, self._first_target):
            unit.corrections.await_page(mailing_id)  # its people stay planned, so that no other act takes them
        unit.events.append(
            "mailing.resend",
            at=now,
            actor=actor,
            digest_id=record.id,
            mailing_id=mailing_id,
            data={
                "act": str(plan.wish.act),
                "again": plan.again,
                "reason": reason,
                "edition": plan.edition,
                "subscribers": plan.mailed,
                "left_out": {str(verdict): number for verdict, number in plan.left_out.items()},
                "token": plan.token,
            }
            | ({"segment": plan.segment.as_data()} if plan.segment else {}),
        )
        return unit.mailings.get(mailing_id)

    def _plan(self, unit: Unit, record: DigestRecord, wish: Wish, now: datetime) -> ResendPlan:
        edition, asked = _edition(unit, record, wish), _asked(record, now)
        segment = self._segmenting.of_resend(unit, record, wish)
        others: Mapping[Standing, int] = {}
        if wish.act is Act.TO:
            person = unit.standings.one(record.id, _email_key(wish.to), asked)
            people: Sequence[Latest] = [check_one(wish, person, edition.number)]
        else:
            outsiders = _outsiders(record, segment, now)
            states = states_for(wish.act)
            people = unit.standings.latest(record.id, record.newsletter, asked, states, outsiders)
            others = unit.standings.sums(record.id, record.newsletter, asked, outsiders)
        return plan_resend(
            wish,
            people,
            others,
            digest_id=record.id,
            edition_id=edition.id,
            newest=edition.number,
            segment=segment,
        )

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


def _ordered(unit: Unit, record: DigestRecord, wish: Wish, now: datetime, token: str) -> Ordered | None:
    mailing = unit.mailings.by_token(token)
    if mailing is None or mailing.digest_id != record.id:
        return None
    segment = mailing.segment.name if mailing.segment else EVERYBODY
    if mailing.act != wish.act or (wish.segment and wish.segment != segment):
        raise another(record, wish, mailing)
    if wish.act is Act.TO:
        person = unit.standings.one(record.id, _email_key(wish.to), _asked(record, now))
        if person is None or person.subscriber_id not in unit.mailings.selection(mailing.id):
            raise another(record, wish, mailing)
    return Ordered(mailing, repeated=True)


def _asked(record: DigestRecord, now: datetime) -> WhyNot:
    return partial(why_not, newsletter=record.newsletter, now=now)


def _outsiders(record: DigestRecord, segment: Frozen | None, now: datetime) -> Outside | None:
    if segment is None:
        return None
    return partial(outside, newsletter=record.newsletter, now=now, segment=segment)


def _edition(unit: Unit, record: DigestRecord, wish: Wish) -> Edition:
    return edition_to_send(record, wish, unit.editions.newest(record.id), unit.mailings.all(record.id))


def _email_key(address: str) -> str:
    try:
        return normalise(address)[1]
    except SubscriberError as error:
        raise UsageError(error.message, remedy=error.remedy or "Write --to reader@example.org") from error
