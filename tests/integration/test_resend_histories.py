"""Random histories of mailings, outcomes, people who come and go, corrections and acts, on the real store.

Whatever happens in whatever order: nobody is mailed the same edition twice without a word of an editor (`--again`,
`--uncertain`), and no address that left or is suppressed is mailed at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import insert, select, update

from publisher.digests.model import DigestState
from publisher.digests.record import MailChoice
from publisher.errors import UsageError
from publisher.ledger import DeliveryState, MailingKind, MailingState, Outcome
from publisher.mailings import audience
from publisher.mailings.verdicts import Act, Wish
from publisher.publishing.mailroom import plan_mailing
from publisher.publishing.preflighting import Gate
from publisher.publishing.resends import Resends
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.store import Store
from publisher.storage.tables import deliveries, mailings
from subscribers.model import SuppressionReason
from subscribers.suppression import suppress as forbid
from subscribers.suppression import unsuppress
from subscribers.tables import subscribers, subscriptions
from tests.contract.test_stores import digest, rendered

pytestmark = pytest.mark.slow


S = DeliveryState
MOMENT = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
MOST = 8
"""People of a history: few, so that things happen to the same person."""

FEW, EXPRESSION, IN_FEW = "few", 'name = "few"', (0, 2, 4, 7)
"""A segment that some of them are in, by their places."""

NUMBERS = count(1)
PERSON = st.integers(0, MOST - 1)
ARRIVED, LOST = "uncertain, and it arrived", "uncertain, and it did not"
ENDS = st.lists(
    st.sampled_from([S.ACCEPTED, S.ACCEPTED, S.FAILED, S.DEFERRED, ARRIVED, LOST]), min_size=1, max_size=5
)


class Histories(RuleBasedStateMachine):
    """The store, and beside it what really happened to each person."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database, self.store, self.ledgers = database, Store(database), LedgerStore(database)
        self.resends = Resends(self.store, cast(Gate, None))  # asks it only about what was never mailed
        self.newsletter = f"daily{next(NUMBERS)}"
        with self.store.write() as unit:
            unit.segments.save(FEW, EXPRESSION, actor="anna", now=MOMENT)
        self.now = MOMENT
        self.people: list[int] = []
        self.forbidden: set[int] = set()
        self.gone: set[int] = set()
        self.received: Counter[tuple[int, int]] = Counter()
        self.allowed: Counter[tuple[int, int]] = Counter()
        self.truth: dict[int, tuple[tuple[int, int], bool]] = {}

    # --- the beginning ---------------------------------------------------------------------------------------

    @initialize(number=st.integers(3, 6), late=st.sampled_from([False, False, False, True]), ends=ENDS)
    def begin(self, number: int, late: bool, ends: list[Any]) -> None:
        for _ in range(number):
            self.join()
        made = digest("2024-11-21", self.newsletter)
        with self.store.write() as unit:
            self.digest_id = unit.digests.add(
                made, state=DigestState.FINALIZED, source="x.md", source_hash="c" * 64, assets=(), now=self.now
            )
            unit.digests.publish(
                self.digest_id,
                slot=None,
                mail=MailChoice.MAILED,
                entry_id=f"tag:example.org,2024:{self.newsletter}",
                now=self.now,
                from_states={DigestState.FINALIZED},
            )
            self.record = unit.digests.get(self.digest_id)
        self.edition = 0
        self._freeze()
        with self.store.write() as unit:
            scheduled = unit.mailings.add(
                digest_id=self.digest_id,
                edition_id=self.edition_id,
                kind=MailingKind.SCHEDULED,
                state=MailingState.WAITING,
                actor="schedule",
                reason="",
                selection=None,
                now=self.now,
            )
        assert scheduled is not None
        self.scheduled: int | None = scheduled
        if not late:
            self.start()
            self.send(ends, limit=4, windows=2)

    def start(self) -> None:
        """The scheduled mailing is planned; acts on single people may have come before it."""
        if self.scheduled is not None:
            with self.store.write() as unit:
                assert plan_mailing(unit, self.scheduled, self.newsletter, self.now)
            self.scheduled = None

    # --- people ----------------------------------------------------------------------------------------------

    @rule(
        person=PERSON,
        does=st.sampled_from(["joins", "leaves", "comes back", "is suppressed", "is suppressed no more"]),
    )
    def somebody(self, person: int, does: str) -> None:
        """Something about a person."""
        if does == "joins":
            self.join()
        elif "suppressed" in does:
            self.forbid(person, lift=does.endswith("no more"))
        else:
            self.leave(person, comes_back=does == "comes back")

    def join(self) -> None:
        if len(self.people) == MOST:
            return
        address = f"reader{len(self.people)}@{self.newsletter}.example.org"
        with self.database.write() as connection:
            name = "few" if len(self.people) in IN_FEW else "others"
            row = {"email": address, "email_key": address, "name": name, "created_at": self.now}
            number = connection.execute(insert(subscribers).values(row).returning(subscribers.c.id)).scalar_one()
            mine = {"newsletter": self.newsletter, "state": "active", "created_at": self.now}
            connection.execute(insert(subscriptions).values(mine | {"subscriber_id": number}))
        self.people.append(number)

    def leave(self, person: int, comes_back: bool) -> None:
        if person < len(self.people):
            number = self.people[person]
            (self.gone.discard if comes_back else self.gone.add)(number)
            with self.database.write() as connection:
                mine = (subscriptions.c.subscriber_id == number, subscriptions.c.newsletter == self.newsletter)
                state = "active" if comes_back else "left"
                connection.execute(update(subscriptions).where(*mine).values(state=state))

    def forbid(self, person: int, lift: bool) -> None:
        if person < len(self.people):
            number, key = self.people[person], self._address(person)
            (self.forbidden.discard if lift else self.forbidden.add)(number)
            with self.database.write() as connection:
                if lift:
                    unsuppress(connection, key, newsletter=None, by="an operator", now=self.now)
                else:
                    why = SuppressionReason.OPERATOR
                    forbid(connection, key, newsletter=None, reason=why, detail="", now=self.now)

    # --- what becomes of mail --------------------------------------------------------------------------------

    @rule(ends=ENDS, limit=st.integers(1, 4), windows=st.integers(1, 3))
    def sender(self, ends: list[Any], limit: int, windows: int) -> None:
        self.send(ends, limit, windows)

    def send(self, ends: list[Any], limit: int, windows: int) -> None:
        """A sender's windows; each mail ends as `ends` says, over and over."""
        sender, endings = f"sender{next(NUMBERS)}", iter(ends * 20)
        with self.ledgers.write() as ledger:
            ledger.release_due(self.now)
            ledger.reopen_batches(self.now)
            ledger.register_sender(sender, "here", self.now, self.now + timedelta(hours=1))
        for _ in range(windows):
            with self.ledgers.write() as ledger:
                batch = ledger.lease_batch(sender, self.now)
                if batch is None:
                    break
                window = ledger.commit_window(
                    sender, batch, after_id=batch.first_id - 1, limit=limit, why_not=audience.why_not, now=self.now
                )
                outcomes = [self._end(batch, each, next(endings)) for each in window.deliveries]
                ledger.settle(sender, outcomes, self.now)
                if not ledger.finish_batch(batch.id, sender, self.now):
                    ledger.release_batch(batch.id, sender, self.now)
        with self.ledgers.write() as ledger:
            ledger.end_sender(sender, self.now)
            ledger.finish_mailings(self.now)

    def _end(self, batch: Any, delivery: Any, end: Any) -> Outcome:
        person, edition = delivery.subscriber_id, self.numbers[batch.edition_id]
        assert person not in self.gone | self.forbidden
        assert delivery.again == (batch.mailing_id if batch.again else 0)
        if end in (ARRIVED, LOST):
            self.truth[delivery.id] = ((person, edition), end == ARRIVED)
        if end in (S.ACCEPTED, ARRIVED):
            self.received[person, edition] += 1
        state = S.UNCERTAIN if end in (ARRIVED, LOST) else S(end)
        return Outcome(delivery.id, state, due_at=self.now if state is S.DEFERRED else None)

    @rule(person=PERSON, says=st.sampled_from([None, S.DELIVERED, S.BOUNCED, S.COMPLAINED]))
    def event(self, person: int, says: DeliveryState | None) -> None:
        """Something is learnt about a mail after it left."""
        if says is None:
            self.late_proof()
        else:
            self.told(person, says)

    def late_proof(self) -> None:
        """A journal turns up, and says what really became of an uncertain mail."""
        if self.truth:
            delivery_id, (_, arrived) = self.truth.popitem()
            self._move(delivery_id, S.UNCERTAIN, S.ACCEPTED if arrived else S.FAILED)

    def told(self, person: int, state: DeliveryState) -> None:
        """A provider says more about a mail that it had accepted; what bounced did not arrive after all."""
        query = (
            select(deliveries.c.id, mailings.c.edition_id, deliveries.c.subscriber_id)
            .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
            .where(deliveries.c.digest_id == self.digest_id, deliveries.c.state == "accepted")
            .order_by(deliveries.c.id.desc())
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        mine = [row for row in rows if person < len(self.people) and row.subscriber_id == self.people[person]]
        if mine:
            self._move(mine[0].id, S.ACCEPTED, state)
            if state is S.BOUNCED:
                self.received[mine[0].subscriber_id, self.numbers[mine[0].edition_id]] -= 1

    @rule(does=st.sampled_from(["start", "correct", "cancel"]))
    def editor(self, does: str) -> None:
        """An editor does something else than a resend."""
        getattr(self, does)()

    def cancel(self) -> None:
        """What is unsent of every mailing is never sent by it."""
        self._leave_unsent("cancelled")

    def correct(self) -> None:
        """There is a newer edition; what is unsent is never sent in the older one."""
        self._leave_unsent("corrected")
        self._freeze()
        if self.scheduled is not None:
            with self.database.write() as connection:
                mine = update(mailings).where(mailings.c.id == self.scheduled)
                connection.execute(mine.values(edition_id=self.edition_id))

    def _leave_unsent(self, reason: str) -> None:
        unsent = (deliveries.c.digest_id == self.digest_id, deliveries.c.state.in_(["pending", "deferred"]))
        with self.database.write() as connection:
            values = {"state": "skipped", "reason": reason, "changed_at": self.now}
            connection.execute(update(deliveries).where(*unsent).values(values))

    # --- acts ------------------------------------------------------------------------------------------------

    @rule(
        act=st.sampled_from([Act.FAILED, Act.MISSED, Act.UNCERTAIN, Act.CORRECTION]),
        ends=ENDS,
        segment=st.sampled_from(["", "", FEW]),
    )
    def resend(self, act: Act, ends: list[Any], segment: str = "") -> None:
        """A resend is ordered, if it is not refused, and begun."""
        self._order(Wish(act, segment=segment))
        self.send(ends, limit=2, windows=1)

    @rule(ends=ENDS)
    def correct_and_resend(self, ends: list[Any]) -> None:
        """What editors do: the next edition, and at once to those who have an older one."""
        self.correct()
        self.resend(Act.CORRECTION, ends)

    @rule(person=PERSON, again=st.booleans(), ends=ENDS)
    def resend_to(self, person: int, again: bool, ends: list[Any]) -> None:
        if person < len(self.people):
            self._order(Wish(Act.TO, self._address(person), again))
            self.send(ends, limit=2, windows=1)

    def _order(self, wish: Wish) -> None:
        """Order it, if it is not refused; the same once more is never a second mailing."""
        order = partial(self.resends.order, self.record, wish, self.now, actor="an editor", reason="asked for")
        try:
            plan = self.resends.plan(self.record, wish, self.now)
            mailing = order(token=plan.token).mailing
        except UsageError:
            return
        again = order(token=plan.token)
        assert (again.repeated, again.mailing.id) == (True, mailing.id)
        query = select(deliveries.c.subscriber_id).where(deliveries.c.mailing_id == mailing.id)
        with self.database.read() as connection:
            people = connection.scalars(query).all()
        assert len(people) == plan.mailed
        if wish.segment:
            assert set(people) <= {self.people[number] for number in IN_FEW if number < len(self.people)}
        if wish.act is Act.UNCERTAIN or mailing.again:
            self.allowed.update((person, self.edition) for person in people)
        with suppress(UsageError):
            assert order().mailing.id != mailing.id
            raise AssertionError("the same act was ordered twice")

    # --- what always holds -----------------------------------------------------------------------------------

    @invariant()
    def nobody_got_an_edition_twice_without_a_word(self) -> None:
        for key, number in self.received.items():
            assert number <= 1 + self.allowed[key], f"subscriber {key[0]} got edition {key[1]} {number} times"

    @invariant()
    def the_sums_are_everybody(self) -> None:
        if hasattr(self, "record"):
            sums: Mapping[Any, int] = self.resends.standing(self.record, self.now)
            assert sum(sums.values()) == len(self.people)

    def teardown(self) -> None:
        """The next history must not find anything to send."""
        with self.database.write() as connection:
            connection.execute(update(mailings).values(state="cancelled"))

    # --- inside ----------------------------------------------------------------------------------------------

    def _freeze(self) -> None:
        self.now += timedelta(minutes=1)
        self.edition += 1
        with self.store.write() as unit:
            self.edition_id = unit.editions.add(
                digest_id=self.digest_id,
                number=self.edition,
                digest=digest("2024-11-21", self.newsletter),
                rendered=rendered(),
                source_hash="c" * 64,
                note="",
                created_at=self.now,
                updated_at=self.now,
            )
        self.numbers = getattr(self, "numbers", {}) | {self.edition_id: self.edition}

    def _move(self, delivery_id: int, source: DeliveryState, target: DeliveryState) -> None:
        mine = (deliveries.c.id == delivery_id, deliveries.c.state == source)
        with self.database.write() as connection:
            connection.execute(update(deliveries).where(*mine).values(state=str(target), changed_at=self.now))

    def _address(self, person: int) -> str:
        return f"reader{person}@{self.newsletter}.example.org"


ROUNDS = 8
"""Of histories, each from a seed of its own, in which everything that is to occur has to."""


def run(database: Database, examples: int, steps: int, acts: Collection[str] = ()) -> None:
    """Run histories one after the other on one database, with a newsletter each, until everything has occurred.

    What a seed makes of the machine depends on what else is loaded, so no single round can be trusted to hold it
    all: they go on, and each is checked as it runs, until there were these acts and every way a mail can end.
    """
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )

    class Here(Histories):
        def __init__(self) -> None:
            super().__init__(database)

    for number in range(ROUNDS):
        run_state_machine_as_test(seed(number)(Here), settings=chosen)
        with database.read() as connection:
            were = set(connection.scalars(select(mailings.c.act).distinct()))  # "": the scheduled ones
            ends = set(connection.scalars(select(deliveries.c.state).distinct()))
        assert were <= {"", *map(str, Act)}
        if were >= set(acts) and ends >= {S.ACCEPTED, S.FAILED, S.UNCERTAIN, S.SKIPPED}:
            return
    raise AssertionError(f"in {ROUNDS} rounds were only {sorted(were)} and {sorted(ends)}: the rest is unproven")


def test_no_history_mails_anybody_twice_or_anybody_who_left(sqlite_database: Database) -> None:
    run(sqlite_database, examples=10, steps=20, acts=["correction", "to"])


def test_no_history_does_on_postgresql(postgres_database: Database) -> None:
    run(postgres_database, examples=4, steps=20)


@pytest.mark.slow
def test_no_long_history_does(sqlite_database: Database) -> None:
    run(sqlite_database, examples=60, steps=50, acts=["", *map(str, Act)])
