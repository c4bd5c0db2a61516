"""Finding out what became of uncertain mails, before anybody thinks of sending them again.

A provider with an event log is asked for our reference; one that makes nothing of a repeated call is given the
very same call once more. What it has is accepted; what it has not, though it would have to by now, was never taken
and has failed, so that `publisher resend --failed` reaches it. What nobody can be asked about stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from publisher.errors import PublisherError, UsageError
from publisher.feedback import Asked, Feedback, FeedbackKind
from publisher.ledger import DeliveryState, Doubt, Mailing, Mark, Message, Outcome, Way
from publisher.mailings.doubt_ports import DoubtStore, Lookup, Repeater, Verdict
from publisher.mailings.outcomes import redact

KNOWN_BY = timedelta(minutes=15)
"""Event logs are behind: what is younger, and not in one, may still appear there."""

AT_THE_END = timedelta(hours=1)
"""A call is not repeated when its provider is about to forget it."""

TAKEN = frozenset(FeedbackKind) - {FeedbackKind.UNKNOWN, FeedbackKind.DROPPED}
"""What only happens to a mail that the provider has taken."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found out about the uncertain deliveries of a mailing.

    Args:
        accepted: how many the provider has.
        failed: how many it has not, or has refused.
        young: how many may still appear in its log; ask again after `again_at`.
        open: how many nobody can be asked about.
        troubles: why somebody could not be asked.
    """

    accepted: int = 0
    failed: int = 0
    young: int = 0
    open: int = 0
    again_at: datetime | None = None
    troubles: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """How many are uncertain still."""
        return self.young + self.open


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who knows what became of mails.

    Args:
        key: begins the ids of senders that used the present providers: those of others cannot be judged here.
        lookups: event logs, by the provider's name in the configuration.
        complete: whether every provider that mails may go by has one.
        repeaters: providers that make nothing of a repeated call.
    """

    key: str
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    complete: bool = False
    repeaters: Sequence[Repeater] = ()


class Reconciling:
    """Asks, and writes down what is proven.

    Args:
        store: opens transactions.
        witnesses: opened when somebody is to be asked.
        compose: the mail of a doubt, as a provider takes it.
        reference: of a doubt's delivery.
        keep: takes in what an event log says, of a provider.
    """

    def __init__(
        self,
        store: DoubtStore,
        witnesses: Callable[[], Witnesses],
        compose: Callable[[Doubt, Way], Message],
        reference: Callable[[Doubt], str],
        keep: Callable[[str, Sequence[Feedback]], None],
    ) -> None:
        self._store = store
        self._witnesses = witnesses
        self._compose = compose
        self._reference = reference
        self._keep = keep

    def reconcile(self, mailing_id: int, now: datetime, *, actor: str) -> Reconciled:
        """Find out what can be found out about a mailing.

        Raises:
            UsageError: nothing of it is uncertain.
            StorageError: there is no such mailing.
        """
        mailing, doubts = self._doubtful(mailing_id)
        witnesses, troubles = self._witnesses(), list[str]()
        repeated = self._repeat(doubts, witnesses, now, troubles)
        settled = {outcome.delivery_id for outcome in repeated}
        asked = [doubt for doubt in doubts if doubt.delivery.id not in settled]
        found = self._look_up(asked, witnesses, now, troubles)
        complete = witnesses.complete and not troubles
        outcomes, left = judge(asked, found, witnesses.key if complete else None, now)
        reconciled = replace(_summed([*repeated, *outcomes], left), troubles=tuple(dict.fromkeys(troubles)))
        with self._store.write() as unit:
            unit.doubts.settle([*repeated, *outcomes], now)
            said = {"accepted": reconciled.accepted, "failed": reconciled.failed, "left": reconciled.left}
            of = {"digest_id": mailing.digest_id, "mailing_id": mailing_id}
            unit.events.append("mailing.reconciled", at=now, actor=actor, **of, data=said)
        return reconciled

    def _doubtful(self, mailing_id: int) -> tuple[Mailing, Sequence[Doubt]]:
        with self._store.read() as unit:
            mailing, doubts = unit.mailings.get(mailing_id), unit.doubts.of_mailing(mailing_id)
        if not doubts:
            raise UsageError(
                f"nothing of mailing {mailing_id} is uncertain",
                remedy=f"`publisher mailing show {mailing_id}` shows what became of it",
                mailing=mailing_id,
            )
        return mailing, doubts

    def _look_up(
        self, doubts: Sequence[Doubt], witnesses: Witnesses, now: datetime, troubles: list[str]
    ) -> Mapping[int, Feedback]:
        """What event logs say, by delivery; of several events about one mail, one that says it was taken."""
        found: dict[int, Feedback] = {}
        for name, lookup in witnesses.lookups.items():
            asked = {self._reference(doubt): doubt for doubt in doubts if doubt.delivery.id not in found}
            try:
                said = lookup.look_up([_question(*each) for each in asked.items()], now) if asked else ()
            except PublisherError as error:
                troubles.append(str(error))
                continue
            events = [event for event in said if event.reference in asked]
            self._keep(name, events)
            for event in sorted(events, key=lambda event: event.kind in TAKEN):
                if event.kind in TAKEN or event.kind is FeedbackKind.DROPPED:
                    found[asked[event.reference].delivery.id] = event
        return found

    def _repeat(
        self, doubts: Sequence[Doubt], witnesses: Witnesses, now: datetime, troubles: list[str]
    ) -> list[Outcome]:
        """The very same calls once more, as long as their provider remembers them."""
        in_calls = sorted((doubt for doubt in doubts if doubt.call), key=attrgetter("call"))
        calls = [list(members) for _, members in groupby(in_calls, attrgetter("call"))]
        outcomes = [outcome for call in calls for outcome in self._repeated(call, witnesses, now, troubles)]
        return [outcome for outcome in outcomes if outcome.state is not DeliveryState.UNCERTAIN]

    def _repeated(
        self, call: Sequence[Doubt], witnesses: Witnesses, now: datetime, troubles: list[str]
    ) -> Sequence[Outcome]:
        oldest = min(doubt.since for doubt in call)
        for repeater in witnesses.repeaters:
            if now - oldest >= repeater.capabilities.repeats_for - AT_THE_END:
                continue
            try:
                mails = [self._compose(doubt, repeater.way(doubt.delivery)) for doubt in call]
                verdicts = repeater.repeat(mails, call[0].call)
            except PublisherError as error:
                troubles.append(str(error))
                continue
            if verdicts is not None:
                return [_repeated(doubt, verdict) for doubt, verdict in zip(call, verdicts, strict=True)]
        return ()


def judge(
    doubts: Sequence[Doubt], found: Mapping[int, Feedback], key: str | None, now: datetime
) -> tuple[Sequence[Outcome], Sequence[tuple[Doubt, bool]]]:
    """What is proven, and what is left, each with whether it may still be found. Pure.

    Args:
        doubts: the mails that were asked about.
        found: what event logs say of them, by delivery.
        key: begins the ids of senders whose providers were all asked; None when somebody was not.
        now: aware UTC.
    """
    outcomes: list[Outcome] = []
    left: list[tuple[Doubt, bool]] = []
    for doubt in doubts:
        event = found.get(doubt.delivery.id)
        asked = key is not None and doubt.sender_id.startswith(key)
        if event is not None:
            outcomes.append(_found(doubt, event))
        elif asked and now - doubt.since >= KNOWN_BY:
            text = "the provider has no record of it: it was never taken"
            outcomes.append(Outcome(doubt.delivery.id, DeliveryState.FAILED, text=text))
        else:
            left.append((doubt, asked))
    return outcomes, left


def _question(reference: str, doubt: Doubt) -> Asked:
    return Asked(reference, doubt.delivery.email, doubt.since)


def _found(doubt: Doubt, event: Feedback) -> Outcome:
    state = DeliveryState.ACCEPTED if event.kind in TAKEN else DeliveryState.FAILED
    text = redact(event.text, doubt.delivery.email) or "found in the provider's log"
    return Outcome(doubt.delivery.id, state, event.code, text, event.provider_id)


def _repeated(doubt: Doubt, verdict: Verdict) -> Outcome:
    state = _STATES.get(verdict.mark, DeliveryState.UNCERTAIN)
    text = redact(verdict.text, doubt.delivery.email)
    return Outcome(doubt.delivery.id, state, verdict.code, text, verdict.provider_id)


def _summed(outcomes: Sequence[Outcome], left: Sequence[tuple[Doubt, bool]]) -> Reconciled:
    young = [doubt for doubt, may_appear in left if may_appear]
    return Reconciled(
        accepted=sum(outcome.state is DeliveryState.ACCEPTED for outcome in outcomes),
        failed=sum(outcome.state is DeliveryState.FAILED for outcome in outcomes),
        young=len(young),
        open=len(left) - len(young),
        again_at=max(doubt.since for doubt in young) + KNOWN_BY if young else None,
    )


_STATES = {Mark.ACCEPTED: DeliveryState.ACCEPTED, Mark.FAILED: DeliveryState.FAILED}
