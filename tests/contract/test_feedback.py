"""What comes back is kept once, taken by one process at a time, acted on once, and forgotten in time; on both."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as events_of
from sqlalchemy import insert, select, update

from publisher.bounces import acting, processing
from publisher.bounces.deciding import Bounces
from publisher.bounces.identifying import Verdict
from publisher.errors import UsageError
from publisher.feedback import Feedback, FeedbackKind
from publisher.ledger import TRANSITIONS, UNFINISHED, DeliveryState, MailingState
from publisher.storage.database import Database
from publisher.storage.feedback import FeedbackRows
from publisher.storage.retention import OldDetails
from publisher.storage.store import Store
from publisher.storage.tables import deliveries, digests, events, mailings
from subscribers import tokens
from subscribers.model import SuppressionReason
from subscribers.suppression import suppression_page, unsuppress
from subscribers.tables import subscribers, subscriptions
from tests.fakes.mailing import mailing_state, planned
from tests.fakes.returning import NOBODY_THERE, SECRET, Returns

SLOW_ON_POSTGRES = True
K = FeedbackKind
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def returns(database: Database, now: datetime) -> Returns:
    """A mailing to three, all of them accepted."""
    planned(database, 3, now)
    found = Returns(database, now)
    found.sent()
    return found


# --- kept once -------------------------------------------------------------------------------------------------


def test_an_event_that_is_told_again_is_the_same(returns: Returns) -> None:
    told = returns.event(K.DELIVERED, 1)
    returns.come(told, told)
    returns.come(told)
    returns.come(told, source="other")
    assert [row.source for row in returns.rows()] == ["post", "other"]
    returns.act()
    returns.come(told)
    returns.act()
    assert len(returns.rows()) == 2


def test_events_are_taken_in_the_order_they_came(returns: Returns) -> None:
    returns.come(*(returns.event(K.DELIVERED, number, key=f"k{number}") for number in (3, 1, 2)))
    with returns.store.write() as unit:
        assert [each.event.key for each in unit.feedback.take(2, returns.now)] == ["k3", "k1"]


def test_the_same_events_may_come_at_once_in_any_order(returns: Returns) -> None:
    told = [returns.event(K.DELIVERED, 1 + number % 3, key=f"k{number}") for number in range(300)]
    orders = [told, told[::-1], told[150:] + told[:150], told[149::-1] + told[:149:-1]]
    together = threading.Barrier(len(orders))

    def come(order: list[Feedback]) -> None:
        together.wait(60)
        returns.come(*order)

    with ThreadPoolExecutor(len(orders)) as crowd:
        list(crowd.map(come, orders))

    assert len(returns.rows()) == 300


def test_no_address_is_stored(returns: Returns) -> None:
    returns.come(
        returns.bounce(
            1, key="for-reader1@example.org", text="550 <reader1@example.org> is unknown", type="to a@b.cd"
        )
    )
    (row,) = returns.rows()
    assert "@" not in repr(tuple(row))
    assert row.recipient_hash.startswith("hash:")
    assert row.recipient_hash in row.raw


# --- acted on by one -------------------------------------------------------------------------------------------


def test_two_processes_at_once_act_on_each_event_once(returns: Returns, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is held in the middle of its batch until the second has looked: it finds the rest, or nothing."""
    monkeypatch.setattr(processing, "AT_ONCE", 1)
    returns.come(*(returns.event(K.COMPLAINED, number) for number in (1, 2)))
    taken: list[int] = []
    inside, go_on = threading.Event(), threading.Event()
    genuine = acting.act

    def slow(unit: object, stored: object, *rest: object) -> object:
        taken.append(stored.id)  # type: ignore[attr-defined]
        if threading.current_thread().name == "first" and not inside.is_set():
            inside.set()
            assert go_on.wait(60)
        return genuine(unit, stored, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(acting, "act", slow)
    first = threading.Thread(target=returns.act, name="first")
    first.start()
    assert inside.wait(60)
    second = threading.Thread(target=returns.act, name="second")
    second.start()
    if returns.database.is_sqlite:
        go_on.set()  # BEGIN IMMEDIATE lets the second one wait
        second.join()
    else:
        second.join()
        assert taken == [1, 2]
        go_on.set()
    first.join()
    assert sorted(taken) == [1, 2]
    assert returns.verdicts() == ["suppressed", "suppressed"]
    assert returns.suppressed() == {"reader1@example.org", "reader2@example.org"}


def test_an_event_that_cannot_be_dealt_with_is_put_aside_and_the_rest_goes_on(
    returns: Returns, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    genuine = acting.suppress

    def broken(unit: object, email_key: str, *rest: object) -> bool:
        done = genuine(unit, email_key, *rest)  # type: ignore[arg-type]
        if email_key.startswith("reader1@"):
            raise ValueError(email_key)
        return done

    monkeypatch.setattr(acting, "suppress", broken)
    returns.come(returns.event(K.COMPLAINED, 1), returns.event(K.COMPLAINED, 2))
    returns.act()
    assert returns.verdicts() == ["broken", "suppressed"]
    assert returns.suppressed() == {"reader2@example.org"}  # what was half done is undone
    assert returns.state(1) == "accepted"
    assert "reader1" not in caplog.text
    assert "ValueError" in caplog.text


# --- the ledger ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", K)
@pytest.mark.parametrize("state", DeliveryState)
def test_a_delivery_moves_as_the_ledger_allows(
    sqlite_database: Database, now: datetime, kind: FeedbackKind, state: DeliveryState
) -> None:
    planned(sqlite_database, 1, now)
    returns = Returns(sqlite_database, now)
    returns.sent(state)
    returns.come(returns.event(kind, 1))
    returns.act()
    after = DeliveryState(returns.state())
    if state in UNFINISHED:
        assert after is state
    else:
        steps = {state} | TRANSITIONS[state] | {last for each in TRANSITIONS[state] for last in TRANSITIONS[each]}
        assert after in steps
    wanted = {K.DELIVERED: "delivered", K.BOUNCED: "bounced", K.DROPPED: "bounced", K.COMPLAINED: "complained"}
    if state in (DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN) and kind in wanted:
        assert after == wanted[kind]


def test_events_in_any_order_end_the_same(returns: Returns) -> None:
    for number, kinds in enumerate(((K.DELIVERED, K.BOUNCED), (K.BOUNCED, K.DELIVERED, K.ACCEPTED)), 1):
        returns.come(*(returns.event(kind, number) for kind in kinds))
    returns.act()
    assert [returns.state(1), returns.state(2)] == ["bounced", "bounced"]
    with returns.database.read() as connection:
        query = select(deliveries.c.code, deliveries.c.reason).where(deliveries.c.id == 1)
        assert tuple(connection.execute(query).one()) == (None, "")


def test_an_event_waits_for_its_delivery(returns: Returns) -> None:
    returns.sent("sending")
    returns.come(returns.event(K.DELIVERED, 1), returns.event(K.DELIVERED, 2))
    assert not returns.act().verdicts
    assert [row.processed_at for row in returns.rows()] == [None, None]
    returns.sent("accepted")
    returns.now += timedelta(seconds=20)
    returns.act()
    assert returns.state(1) == "delivered"


def test_after_an_hour_it_is_late_and_what_it_says_of_its_reader_is_done(returns: Returns) -> None:
    returns.sent("deferred")
    returns.come(returns.event(K.DELIVERED, 1), returns.event(K.COMPLAINED, 2))
    returns.now += HOUR
    returns.act()
    assert returns.verdicts() == ["late", "suppressed"]
    assert [returns.state(1), returns.state(2)] == ["deferred", "deferred"]


# --- many at a time --------------------------------------------------------------------------------------------


def test_deliveries_in_a_row_are_noted_together_and_in_few_words(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "TAKES", 1)
    planned(database, 50, now)
    returns = Returns(database, now)
    returns.sent()
    returns.come(*(returns.event(K.DELIVERED, number) for number in range(1, 51)))
    said: list[str] = []
    events_of.listen(database.engine, "before_cursor_execute", lambda _c, _k, words, *_rest: said.append(words))
    assert returns.act().verdicts == {Verdict.NOTED: 50}
    assert len(said) < 20  # of the batch, of judging its mailing, and of looking for another batch
    rows = returns.rows()
    assert [(row.delivery_id, row.mailing_id, row.digest_id, row.subscriber_id) for row in rows] == [
        (number, 1, 1, number) for number in range(1, 51)
    ]
    assert {(row.verdict, row.reference, row.processed_at) for row in rows} == {("noted", "", now)}
    assert {returns.state(number) for number in (1, 25, 50)} == {"delivered"}


def test_whatever_comes_among_deliveries_is_acted_on_in_its_turn(returns: Returns) -> None:
    returns.come(
        returns.event(K.DELIVERED, 1),
        returns.event(K.COMPLAINED, 1),
        returns.event(K.DELIVERED, 1),
        returns.bounce(2),
        returns.event(K.DELIVERED, 2),
        returns.event(K.DEFERRED, 3),
        returns.event(K.DELIVERED, 3),
    )
    returns.act()
    assert returns.verdicts() == ["noted", "suppressed", "noted", "suppressed", "noted", "noted", "noted"]
    assert [returns.state(number) for number in (1, 2, 3)] == ["complained", "bounced", "delivered"]


def test_no_transaction_acts_on_more_alone_than_it_may(returns: Returns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing, "AT_ONCE", 2)
    kinds = [K.DELIVERED] * 3 + [K.ANSWERED] * 7 + [K.DELIVERED, K.ANSWERED]
    returns.come(*(returns.event(kind, 1 + number % 3) for number, kind in enumerate(kinds)))
    alone: list[int] = []
    genuine = FeedbackRows.settle

    def settle(rows: FeedbackRows, feedback_id: int, *rest: Any, **said: Any) -> None:
        alone[-1] += 1
        genuine(rows, feedback_id, *rest, **said)

    monkeypatch.setattr(FeedbackRows, "settle", settle)
    events_of.listen(returns.database.engine, "begin", lambda _connection: alone.append(0))
    assert returns.act().verdicts == {Verdict.NOTED: len(kinds)}
    assert max(alone) == 2
    assert sum(alone) == 8


def test_among_deliveries_each_is_proven_for_itself(returns: Returns) -> None:
    genuine, other = returns.event(K.DELIVERED, 1), returns.event(K.DELIVERED, 2)
    returns.come(
        genuine,
        returns.event(K.DELIVERED, 2, reference=genuine.reference),  # of another delivery than its recipient
        returns.event(K.DELIVERED, 2, reference=other.reference[:-1] + "="),
        returns.event(K.DELIVERED, 2, reference=""),
        returns.event(K.DELIVERED, 3),
    )
    returns.act()
    assert returns.verdicts() == ["noted", "forged", "forged", "unknown", "noted"]
    assert [returns.state(number) for number in (1, 2, 3)] == ["delivered", "accepted", "delivered"]
    rows = returns.rows()
    assert [bool(row.recipient_hash) for row in rows] == [True, False, False, False, True]
    assert [row.delivery_id for row in rows] == [1, None, None, None, 3]


@pytest.mark.parametrize(
    ("state", "verdict", "after"),
    [("sending", "", "sending"), ("uncertain", "noted", "delivered"), ("failed", "noted", "failed")],
)
def test_a_delivery_that_is_not_simply_accepted_holds_nobody_up(
    returns: Returns, state: str, verdict: str, after: str
) -> None:
    with returns.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == 2).values(state=state))
    returns.come(*(returns.event(K.DELIVERED, number) for number in (1, 2, 3)))
    returns.act()
    assert returns.verdicts() == ["noted", verdict, "noted"]
    assert [returns.state(number) for number in (1, 2, 3)] == ["delivered", after, "delivered"]


def test_a_run_that_cannot_be_dealt_with_is_undone_and_acted_on_one_by_one(
    returns: Returns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError

    genuine = FeedbackRows.settle

    def picky(rows: FeedbackRows, feedback_id: int, verdict: str, *rest: Any, **said: Any) -> None:
        if feedback_id == 2 and verdict != "broken":
            raise ValueError
        genuine(rows, feedback_id, verdict, *rest, **said)

    monkeypatch.setattr(FeedbackRows, "settle_all", broken)
    monkeypatch.setattr(FeedbackRows, "settle", picky)
    returns.come(*(returns.event(K.DELIVERED, number) for number in (1, 2, 3)))
    returns.act()
    assert returns.verdicts() == ["noted", "broken", "noted"]
    assert [returns.state(number) for number in (1, 2, 3)] == ["delivered", "accepted", "delivered"]


# --- who it is about -------------------------------------------------------------------------------------------


def test_what_is_not_proven_does_nothing(returns: Returns) -> None:
    genuine = returns.bounce(1)
    other = returns.bounce(2)
    forged: list[dict[str, Any]] = [
        {"reference": "a" * 24},
        {"reference": other.reference},  # of another delivery than its recipient
        {"recipient": "somebody@example.org"},
        {"reference": genuine.reference[:-1] + ("a" if genuine.reference[-1] != "a" else "b")},
        {"reference": "nonsense"},
        {"reference": "bounces+@example.org"},
        {"reference": ""},
    ]
    returns.come(*(returns.bounce(1, **said) for said in forged))
    returns.act()
    assert returns.verdicts() == ["forged"] * 6 + ["unknown"]
    assert returns.suppressed() == set()
    assert {returns.state(number) for number in (1, 2, 3)} == {"accepted"}
    assert {row.recipient_hash for row in returns.rows()} == {""}


def test_a_reference_of_before_a_change_of_address_proves_nothing(returns: Returns) -> None:
    old = returns.bounce(1)
    with returns.database.write() as connection:
        changed = {"email": "new@example.org", "email_key": "new@example.org"}
        connection.execute(update(subscribers).where(subscribers.c.id == 1).values(changed))
    returns.come(old)
    returns.act()
    assert returns.verdicts() == ["forged"]


def test_a_whole_address_in_any_case_is_a_reference(returns: Returns) -> None:
    token = returns.bounce(1).reference
    returns.come(returns.bounce(1, reference=f"Bounces+{token.upper()}@news.example.org", recipient=""))
    returns.act()
    assert returns.verdicts() == ["suppressed"]


# --- what it does for its reader -------------------------------------------------------------------------------


def test_a_hard_bounce_and_a_complaint_suppress_and_say_why(returns: Returns) -> None:
    returns.come(returns.bounce(1), returns.event(K.COMPLAINED, 2))
    returns.act()
    with returns.database.read() as connection:
        found = {one.email_key: one for one in suppression_page(connection)}
    assert found["reader1@example.org"].reason is SuppressionReason.BOUNCED
    assert found["reader1@example.org"].detail == "post: 550 5.1.1 no such user here"
    assert found["reader2@example.org"].reason is SuppressionReason.COMPLAINED
    assert {one.newsletter for one in found.values()} == {None}
    returns.come(returns.bounce(1))
    returns.act()
    assert returns.verdicts() == ["suppressed", "suppressed", "noted"]


@pytest.mark.parametrize("kind", [K.BOUNCED, K.DROPPED, K.COMPLAINED])
def test_a_mail_that_came_back_suppresses_once_by_whatever_ways_it_is_told(returns: Returns, kind: K) -> None:
    returns.come(returns.event(kind, 1, **NOBODY_THERE))
    returns.act()
    with returns.database.write() as connection:
        unsuppress(connection, "reader1@example.org", newsletter=None, by="an editor", now=returns.now)
    returns.come(returns.event(kind, 1, **NOBODY_THERE | {"text": "550 5.1.1 otherwise"}))
    returns.come(returns.event(kind, 1, **NOBODY_THERE), source="mail")
    returns.act()
    assert returns.verdicts() == ["suppressed", "noted", "noted"]
    assert returns.suppressed() == set()
    other = K.BOUNCED if kind is K.COMPLAINED else K.COMPLAINED
    returns.come(returns.event(other, 1, **NOBODY_THERE))
    returns.act()
    assert returns.suppressed() == {"reader1@example.org"}  # that is another thing that happened


def test_one_mail_told_many_times_is_not_many_alike(database: Database, now: datetime) -> None:
    planned(database, 60, now)
    returns = Returns(database, now)
    returns.sent()
    returns.come(*(returns.bounce(1) for _ in range(30)), returns.bounce(2))
    returns.act()
    assert returns.verdicts() == ["suppressed", *["noted"] * 29, "suppressed"]


def test_unsubscribing_ends_the_subscription(returns: Returns) -> None:
    returns.come(returns.event(K.UNSUBSCRIBED, 1))
    returns.act()
    with returns.database.read() as connection:
        states = dict(connection.execute(select(subscriptions.c.subscriber_id, subscriptions.c.state)).all())
    assert states == {1: "left", 2: "active", 3: "active"}
    assert returns.verdicts() == ["left"]


def test_a_mail_with_a_links_token_ends_the_subscription_and_a_forged_one_does_not(returns: Returns) -> None:
    token = tokens.mint(SECRET, 1, "daily", 1)
    facts: dict[str, Any] = {"reference": token, "recipient": "", "type": "mailto"}
    returns.come(returns.event(K.UNSUBSCRIBED, 2, **facts | {"reference": token[:-2] + "xx"}), source="mail")
    returns.come(returns.event(K.UNSUBSCRIBED, 2, **facts), source="mail")
    returns.act()
    assert returns.verdicts() == ["forged", "left"]
    assert {row.reference for row in returns.rows()} == {""}
    with returns.database.read() as connection:
        left = select(subscriptions.c.subscriber_id).where(subscriptions.c.state == "left")
        assert list(connection.scalars(left)) == [1]


def test_blocks_and_content_are_nobodys_fault_but_ours(returns: Returns) -> None:
    returns.come(returns.bounce(1, code=554, status="5.7.1", text="blocked"))
    returns.act()
    assert (returns.verdicts(), returns.rows()[0].bounce) == (["noted"], "block")
    assert returns.suppressed() == set()


def test_five_soft_bounces_in_as_many_digests_suppress_and_a_mail_that_arrives_forgives(
    database: Database, now: datetime
) -> None:
    planned(database, 2, now)
    returns = Returns(database, now)
    returns.sent()
    full: dict[str, Any] = {"code": 452, "status": "4.2.2", "text": "mailbox full"}
    for number in range(5):
        if number:
            _another_digest(database, now, number)
        returns.now = now + number * 3 * DAY
        own, other = 1 + 2 * number, 2 + 2 * number
        twice = [returns.bounce(own, **full), returns.bounce(own, **full)]
        arrives = [returns.event(K.DELIVERED, other)] if number == 3 else [returns.bounce(other, **full)]
        returns.come(*twice, *arrives)
        returns.act()
    assert returns.suppressed() == {"reader1@example.org"}
    with database.read() as connection:
        (one,) = suppression_page(connection)
    assert one.detail.startswith("post: 5 times within 12 days")
    with returns.store.read() as unit:
        history = unit.feedback.soft_history(2, now)
        assert [(each.at, each.digest_id) for each in history] == [(now + 12 * DAY, 5)]


def test_who_was_allowed_again_begins_anew(database: Database, now: datetime) -> None:
    planned(database, 2, now)
    returns = Returns(database, now)
    returns.sent()
    for number in range(6):
        if number:
            _another_digest(database, now, number)
        returns.now = now + number * 3 * DAY
        if number == 5:
            with database.write() as connection:
                by, at = "op: the mailbox is empty again", now + 13 * DAY
                assert unsuppress(connection, "reader1@example.org", newsletter=None, by=by, now=at) == 1
        returns.come(returns.bounce(1 + 2 * number, code=452, status="4.2.2", text="mailbox full"))
        returns.act()
    assert returns.suppressed() == set()


def _another_digest(database: Database, now: datetime, number: int) -> None:
    """One more mailing, to the same two."""
    with database.write() as connection:
        row = dict(connection.execute(select(digests).where(digests.c.id == 1)).mappings().one())
        facts = row | {"id": number + 1, "slug": f"d{number}", "slot": None}
        connection.execute(insert(digests).values(facts))
        mailing = dict(connection.execute(select(mailings).where(mailings.c.id == 1)).mappings().one())
        connection.execute(insert(mailings).values(mailing | {"id": number + 1, "digest_id": number + 1}))
        for person in (1, 2):
            row = dict(connection.execute(select(deliveries).where(deliveries.c.id == person)).mappings().one())
            ids = {"id": 2 * number + person, "mailing_id": number + 1, "digest_id": number + 1}
            connection.execute(insert(deliveries).values(row | ids | {"state": "accepted"}))


# --- what it does for its mailing ------------------------------------------------------------------------------


def test_complaints_pause_a_running_mailing(database: Database, now: datetime) -> None:
    mailing_id = planned(database, 900, now)
    returns = Returns(database, now)
    returns.sent()
    returns.come(*(returns.event(K.COMPLAINED, number) for number in (1, 2)))
    assert returns.act().paused == []
    returns.come(returns.event(K.COMPLAINED, 3))
    assert returns.act().paused == [mailing_id]
    assert mailing_state(database, mailing_id) == "paused"
    assert len(returns.suppressed()) == 3
    with database.read() as connection:
        (said,) = connection.scalars(select(events.c.data).where(events.c.kind == "mailing.paused"))
    assert "3 of 900 readers complained" in said["reason"]


def test_blocks_pause_a_running_mailing_and_those_of_before_it_went_on_do_not(
    database: Database, now: datetime
) -> None:
    mailing_id = planned(database, 60, now)
    returns = Returns(database, now)
    returns.sent()
    block: dict[str, Any] = {"code": 554, "status": "5.7.1", "text": "blocked"}
    returns.come(*(returns.bounce(number, **block) for number in range(1, 12)))
    assert returns.act().paused == [mailing_id]
    with returns.store.write() as unit:
        unit.mailings.set_state(mailing_id, MailingState.RUNNING, [MailingState.PAUSED], now)
        unit.events.append("mailing.resumed", at=now + HOUR, digest_id=1, mailing_id=mailing_id)
    returns.now += 2 * HOUR
    returns.come(returns.bounce(20, **block))
    assert returns.act().paused == []


def test_too_many_hard_bounces_alike_wait_for_an_editor_and_those_of_before_are_taken_back(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "AT_ONCE", 7)
    mailing_id = planned(database, 300, now)
    returns = Returns(database, now)
    returns.sent()
    returns.come(returns.bounce(100, text="550 5.1.1 this account is closed"))
    alike = [returns.bounce(number, text=f"550 5.1.1 id{number} no such user here") for number in range(1, 26)]
    returns.come(*alike[:19])
    returns.act()
    assert len(returns.suppressed()) == 20
    returns.come(returns.event(K.COMPLAINED, 1), *alike[19:])
    assert returns.act().verdicts[Verdict.HELD] == 6
    assert returns.suppressed() == {"reader100@example.org", "reader1@example.org"}
    bounces = Bounces(returns.store)
    assert bounces.count_held(mailing_id) == 24
    assert {str(name): number for name, number in bounces.of(mailing_id).classes.items()} == {"hard": 26}
    with returns.store.read() as unit:
        assert unit.troubles.held_suppressions() == [(mailing_id, "daily/one", 24)]


@pytest.mark.parametrize("suppressed", [True, False])
def test_an_editors_word_is_carried_out_and_holds_for_what_comes_later(
    database: Database, now: datetime, suppressed: bool
) -> None:
    mailing_id = planned(database, 30, now)
    returns = Returns(database, now)
    returns.sent()
    returns.come(*(returns.bounce(number) for number in range(1, 22)))
    returns.act()
    assert returns.suppressed() == set()
    bounces = Bounces(returns.store)
    words: dict[str, Any] = {"suppressed": suppressed, "actor": "Jo"}
    with pytest.raises(UsageError, match="for a reason"):
        bounces.decide(mailing_id, now, reason=" ", **words)
    assert bounces.decide(mailing_id, now, reason="they say so", **words) == 21
    returns.come(returns.bounce(22))
    returns.act()
    assert len(returns.suppressed()) == (22 if suppressed else 0)
    assert returns.verdicts() == ["confirmed" if suppressed else "forgiven"] * 22
    assert bounces.count_held(mailing_id) == 0
    with pytest.raises(UsageError, match="waits"):
        bounces.decide(mailing_id, now, reason="again", **words)
    with database.read() as connection:
        kinds = list(connection.scalars(select(events.c.kind).order_by(events.c.id)))
    assert kinds == ["mailing.held", "mailing.decided"]


# --- forgotten -------------------------------------------------------------------------------------------------


def test_words_go_first_and_the_rest_when_nothing_needs_it(returns: Returns) -> None:
    returns.come(returns.bounce(1), returns.bounce(2, raw=""), returns.event(K.DELIVERED, 3))
    returns.act()
    old = OldDetails(returns.database)
    assert old.raw_events(returns.now, 100) == 0
    later = returns.now + timedelta(seconds=1)
    assert old.raw_events(later, 1) == 2
    assert old.raw_events(later, 100) == 1
    assert old.raw_events(later, 100) == 0
    rows = returns.rows()
    assert [(row.raw, row.text, row.bounce, row.code) for row in rows] == [(None, "", "hard", 550)] * 2
    assert old.bounces(returns.now, 100) == 0
    assert [old.bounces(later, 1) for _ in range(3)] == [1, 1, 0]
    assert returns.rows() == []


def test_an_erased_person_is_in_no_row_and_sums_stay(returns: Returns) -> None:
    returns.come(returns.bounce(1), returns.bounce(2))
    returns.act()
    returns.come(returns.event(K.DELIVERED, 1, key="unprocessed"))
    hash_ = returns.rows()[0].recipient_hash
    with returns.store.write() as unit:
        assert unit.feedback.forget(1, hash_) == 2
    first, other, waiting = returns.rows()
    assert (first.subscriber_id, first.delivery_id, first.recipient_hash, first.text, first.raw) == (
        *(None, None),
        *("", "", None),
    )
    assert (first.mailing_id, first.bounce) == (1, "hard")
    assert other.raw
    assert waiting.recipient_hash == ""
    returns.act()
    assert returns.verdicts() == ["suppressed", "suppressed", "unknown"]


def test_the_questions_of_each_batch_use_their_index(sqlite_database: Database, now: datetime) -> None:
    planned(sqlite_database, 3, now)
    returns = Returns(sqlite_database, now)
    returns.sent()
    asked: list[tuple[str, tuple[object, ...]]] = []
    returns.come(returns.bounce(1, code=452, status="4.2.2", text="full"), returns.bounce(2))

    def note(_c: object, _k: object, statement: str, values: tuple[object, ...], *_rest: object) -> None:
        if "FROM feedback" in statement and statement.startswith("SELECT"):
            asked.append((statement, values))

    events_of.listen(sqlite_database.engine, "before_cursor_execute", note)
    returns.act()
    old = OldDetails(sqlite_database)
    old.raw_events(now, 5)
    events_of.remove(sqlite_database.engine, "before_cursor_execute", note)
    assert len(asked) > 5
    with sqlite_database.read() as connection:
        for statement, values in asked:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            assert not [line for line in plan if line == "SCAN feedback"], (statement, plan)


def test_a_store_opens_it(database: Database) -> None:
    with Store(database).read() as unit:
        assert unit.feedback.classes(1) == {}
        assert unit.feedback.count_held(1) == 0
        assert unit.troubles.complaints(datetime.fromisoformat("2024-01-01T00:00:00+00:00")) == []
