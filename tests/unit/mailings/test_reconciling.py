"""What became of uncertain mails: asked for, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from publisher.capabilities import Capabilities
from publisher.errors import ProviderError, UsageError
from publisher.feedback import Asked, Feedback, FeedbackKind
from publisher.ledger import AS_IT_IS, Delivery, Doubt, Mark, Message, Report, Way
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import provider_key
from publisher.mailings.reconciling import AT_THE_END, KNOWN_BY, Reconciling, Witnesses
from publisher.mailings.sending import SenderParts, run_sender
from publisher.providers.calls import Verdict
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.store import Store
from publisher.storage.tables import deliveries, events
from tests.fakes.mailing import PlainComposer, count_states, planned
from tests.fakes.provider import MemoryProvider

A_DAY = Capabilities(repeats_for=timedelta(hours=24))
KEY = provider_key("memory:here") + "-"


@dataclass
class Log:
    """An event log."""

    kinds: dict[str, FeedbackKind] = field(default_factory=dict)
    error: ProviderError | None = None
    asked: list[Asked] = field(default_factory=list)

    def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
        self.asked += asked
        if self.error:
            raise self.error
        return [
            Feedback(f"event {each.reference}", self.kinds[each.reference], until, each.reference, each.recipient)
            for each in asked
            if each.reference in self.kinds
        ]


@dataclass
class Remembering:
    """A provider that makes nothing of a call that it had before."""

    verdicts: Mapping[str, Sequence[Verdict]]
    capabilities: Capabilities = A_DAY
    calls: list[tuple[str, list[int]]] = field(default_factory=list)

    def way(self, _delivery: Delivery) -> Way:
        return AS_IT_IS

    def repeat(self, messages: Sequence[Message], name: str) -> Sequence[Verdict] | None:
        self.calls.append((name, [message.delivery_id for message in messages]))
        return self.verdicts.get(name)


def reference(doubt: Doubt) -> str:
    return f"ref-{doubt.delivery.id}"


@dataclass
class Scene:
    database: Database
    mailing_id: int
    lost_at: datetime
    kept: list[tuple[str, Sequence[Feedback]]] = field(default_factory=list)

    def reconciling(self, **witnesses: object) -> Reconciling:
        known = Witnesses(**{"key": KEY, **witnesses})  # type: ignore[arg-type]

        def compose(doubt: Doubt, way: Way) -> Message:
            return PlainComposer().compose(doubt.delivery, self.lost_at, way)

        return Reconciling(
            Store(self.database),
            lambda: known,
            compose,
            reference,
            lambda name, events: self.kept.append((name, events)),
        )


@pytest.fixture
def scene(database: Database, tmp_path: Path, now: datetime) -> Scene:
    """A mailing to eight, of which the answers to 3, 4 and 5 were lost."""

    def lose(message: Message, report: Report) -> bool:
        if message.delivery_id not in (3, 4, 5):
            return False
        report.begun(message.delivery_id, "call:one" if message.delivery_id < 5 else "call:two")
        report.uncertain(message.delivery_id, "no answer")
        return True

    mailing_id = planned(database, 8, now)
    policy = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
    provider = MemoryProvider(verdict=lose)
    parts = SenderParts(LedgerStore(database), provider, PlainComposer, tmp_path, policy, 4, lambda: now)
    run_sender(parts, lambda: False)
    assert count_states(database) == {"accepted": 5, "uncertain": 3}
    return Scene(database, mailing_id, now)


def states_of(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(deliveries.c.state).order_by(deliveries.c.id)))[2:5]


def test_what_a_log_has_is_accepted_and_what_it_would_have_to_have_has_failed(scene: Scene) -> None:
    log = Log({"ref-3": FeedbackKind.ACCEPTED, "ref-5": FeedbackKind.DELIVERED})
    found = scene.reconciling(lookups={"here": log}, complete=True).reconcile(
        scene.mailing_id, scene.lost_at + KNOWN_BY, actor="an editor"
    )
    assert states_of(scene.database) == ["accepted", "failed", "accepted"]
    assert (found.accepted, found.failed, found.left) == (2, 1, 0)
    assert [(name, [event.reference for event in said]) for name, said in scene.kept] == [
        ("here", ["ref-3", "ref-5"])
    ]
    assert [each.recipient for each in log.asked] == [f"reader{number}@example.org" for number in (3, 4, 5)]


def test_who_is_not_in_the_log_yet_may_still_appear_there(scene: Scene) -> None:
    at = scene.lost_at + KNOWN_BY - timedelta(seconds=1)
    found = scene.reconciling(lookups={"here": Log()}, complete=True).reconcile(scene.mailing_id, at, actor="")
    assert states_of(scene.database) == ["uncertain"] * 3
    assert (found.young, found.again_at) == (3, scene.lost_at + KNOWN_BY)


@pytest.mark.parametrize("why", ["no log", "not all have one", "another provider had it", "it cannot be asked"])
def test_silence_of_who_cannot_know_proves_nothing(scene: Scene, why: str) -> None:
    log = Log(error=ProviderError("slowly", remedy="Wait") if why == "it cannot be asked" else None)
    witnesses: dict[str, object] = {
        "lookups": {} if why == "no log" else {"here": log},
        "complete": why in ("another provider had it", "it cannot be asked"),
        "key": "smtp-" if why == "another provider had it" else KEY,
    }
    found = scene.reconciling(**witnesses).reconcile(scene.mailing_id, scene.lost_at + timedelta(days=2), actor="")
    assert states_of(scene.database) == ["uncertain"] * 3
    assert (found.open, found.young) == (3, 0)
    assert bool(found.troubles) == (why == "it cannot be asked")


def test_what_was_dropped_by_the_provider_has_failed(scene: Scene) -> None:
    log = Log({"ref-3": FeedbackKind.DROPPED, "ref-4": FeedbackKind.UNKNOWN})
    scene.reconciling(lookups={"here": log}).reconcile(scene.mailing_id, scene.lost_at, actor="")
    assert states_of(scene.database) == ["failed", "uncertain", "uncertain"]


def test_the_very_same_call_is_made_again_and_settles_its_mails(scene: Scene) -> None:
    again = Remembering({"call:one": [Verdict(Mark.ACCEPTED, 200, "ok", "id-1"), Verdict(Mark.FAILED, 422, "no")]})
    scene.reconciling(repeaters=[Remembering({}), again]).reconcile(scene.mailing_id, scene.lost_at, actor="")
    assert again.calls == [("call:one", [3, 4]), ("call:two", [5])]
    assert states_of(scene.database) == ["accepted", "failed", "uncertain"]


def test_a_call_that_its_provider_forgets_is_not_made_again(scene: Scene) -> None:
    again = Remembering({"call:one": [Verdict(Mark.ACCEPTED)] * 2})
    at = scene.lost_at + timedelta(hours=24) - AT_THE_END
    scene.reconciling(repeaters=[again]).reconcile(scene.mailing_id, at, actor="")
    assert again.calls == []
    assert states_of(scene.database) == ["uncertain"] * 3


def test_mails_that_are_not_that_call_any_more_stay_uncertain(scene: Scene) -> None:
    scene.reconciling(repeaters=[Remembering({})]).reconcile(scene.mailing_id, scene.lost_at, actor="")
    assert states_of(scene.database) == ["uncertain"] * 3


def test_proof_that_came_meanwhile_stays(scene: Scene) -> None:
    """A webhook was quicker."""

    class Meanwhile(Log):
        def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
            with scene.database.write() as connection:
                connection.execute(update(deliveries).where(deliveries.c.id == 3).values(state="delivered"))
            return super().look_up(asked, until)

    at = scene.lost_at + KNOWN_BY
    scene.reconciling(lookups={"here": Meanwhile()}, complete=True).reconcile(scene.mailing_id, at, actor="")
    assert states_of(scene.database) == ["delivered", "failed", "failed"]


def test_it_is_said_who_asked_and_what_came_of_it(scene: Scene) -> None:
    log = Log({"ref-3": FeedbackKind.ACCEPTED})
    scene.reconciling(lookups={"here": log}).reconcile(scene.mailing_id, scene.lost_at, actor="an editor")
    with scene.database.read() as connection:
        row = connection.execute(select(events).where(events.c.kind == "mailing.reconciled")).one()
    assert (row.actor, row.data) == ("an editor", {"accepted": 1, "failed": 0, "left": 2})


def test_where_nothing_is_uncertain_it_is_said(scene: Scene, now: datetime) -> None:
    with scene.database.write() as connection:
        connection.execute(update(deliveries).values(state="accepted"))
    with pytest.raises(UsageError, match="nothing of mailing 1 is uncertain"):
        scene.reconciling().reconcile(scene.mailing_id, now, actor="")
