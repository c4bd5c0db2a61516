"""What answers mean: every choice about a delivery's state, as plain data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.ledger import Answer, DeliveryState, Held, Mark
from publisher.mailings.journal import Replay
from publisher.mailings.outcomes import LONGEST_DELAY, RetryPolicy, delay, outcome, redact, settle

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))


def held(number: int = 1, attempts: int = 1, started_at: datetime = NOW) -> Held:
    return Held(number, attempts, started_at)


@pytest.mark.parametrize(
    ("said", "idempotent", "expected"),
    [
        (Replay(True), False, "untouched"),
        (Replay(True), True, "untouched"),
        (Replay(True, begun=frozenset({1})), False, DeliveryState.UNCERTAIN),
        (Replay(True, begun=frozenset({1})), True, "again"),
        (Replay(True, returned=frozenset({1})), False, "again"),
        (Replay(False, returned=frozenset({1})), False, DeliveryState.UNCERTAIN),  # perhaps begun again, and lost
        (Replay(False), False, DeliveryState.UNCERTAIN),
        (Replay(False), True, "again"),
        (Replay(True, answers={1: Answer(Mark.ACCEPTED)}), False, DeliveryState.ACCEPTED),
        (Replay(False, answers={1: Answer(Mark.ACCEPTED)}), False, DeliveryState.ACCEPTED),
        (Replay(False, answers={1: Answer(Mark.ACCEPTED)}), True, DeliveryState.ACCEPTED),
        (Replay(True, answers={1: Answer(Mark.FAILED)}), True, DeliveryState.FAILED),
        (Replay(True, answers={1: Answer(Mark.DEFERRED)}), False, DeliveryState.DEFERRED),
        (Replay(True, answers={1: Answer(Mark.UNCERTAIN)}), False, DeliveryState.UNCERTAIN),
        (Replay(True, answers={1: Answer(Mark.UNCERTAIN)}), True, "again"),
    ],
)
def test_no_error_never_means_accepted(said: Replay, idempotent: bool, expected: str) -> None:
    found = settle([held()], said, idempotent=idempotent, now=NOW, policy=POLICY)
    names: list[str] = [outcome.state for outcome in found.outcomes]
    names += ["untouched"] * len(found.untouched) + ["again"] * len(found.again)
    assert names == [expected]


IDS = st.integers(min_value=1, max_value=6)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    whole=st.booleans(),
    begun=st.frozensets(IDS),
    returned=st.frozensets(IDS),
    answers=st.dictionaries(IDS, st.sampled_from([Mark.ACCEPTED, Mark.DEFERRED, Mark.FAILED, Mark.UNCERTAIN])),
    idempotent=st.booleans(),
)
def test_every_delivery_gets_exactly_one_fate(
    whole: bool, begun: frozenset[int], returned: frozenset[int], answers: dict[int, Mark], idempotent: bool
) -> None:
    said = Replay(whole, begun, returned, {number: Answer(mark) for number, mark in answers.items()})
    found = settle([held(n) for n in range(1, 7)], said, idempotent=idempotent, now=NOW, policy=POLICY)
    fates = [outcome.delivery_id for outcome in found.outcomes] + [*found.untouched, *found.again]
    assert sorted(fates) == [1, 2, 3, 4, 5, 6]
    accepted = {found.delivery_id for found in found.outcomes if found.state is DeliveryState.ACCEPTED}
    assert accepted == {number for number, mark in answers.items() if mark is Mark.ACCEPTED}
    repeated = {*found.untouched, *found.again}
    if not idempotent:
        assert not repeated & (begun - returned)


def test_delays_double_up_to_four_hours_and_are_spread() -> None:
    plain = [delay(held(0, attempts), POLICY) for attempts in range(1, 9)]
    assert [found // timedelta(minutes=1) for found in plain] == [5, 10, 20, 40, 80, 160, 240, 240]
    spread = {delay(held(number), POLICY) for number in range(1, 65)}
    assert len(spread) > 50
    assert timedelta(minutes=5) <= min(spread)
    assert max(spread) <= timedelta(minutes=5, seconds=30)
    assert delay(held(1, 10_000), POLICY) <= LONGEST_DELAY * 1.1


def test_a_refusal_for_now_waits_and_keeps_the_servers_words() -> None:
    found = outcome(Answer(Mark.DEFERRED, 451, "4.7.1 greylisted"), held(0), now=NOW, policy=POLICY)
    assert (found.state, found.code, found.text) == (DeliveryState.DEFERRED, 451, "4.7.1 greylisted")
    assert found.due_at == NOW + timedelta(minutes=5)


def test_retries_end_some_time_after_the_mailing_began() -> None:
    answer = Answer(Mark.DEFERRED, 451, "4.7.1 greylisted")
    long_ago = NOW - timedelta(hours=23)
    found = outcome(answer, held(0, 9, long_ago), now=NOW, policy=POLICY)
    assert (found.state, found.code, found.due_at) == (DeliveryState.FAILED, 451, None)
    assert found.text == "given up after 9 attempts: 4.7.1 greylisted"


def test_an_old_mailing_still_survives_greylisting() -> None:
    days_ago = NOW - timedelta(days=3)
    states = [
        outcome(Answer(Mark.DEFERRED, 451), held(0, attempts, days_ago), now=NOW, policy=POLICY).state
        for attempts in (1, 2, 3, 4)
    ]
    assert states == [DeliveryState.DEFERRED] * 3 + [DeliveryState.FAILED]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1.1 <jane.doe@example.org>: no such user", "5.1.1 <recipient>: no such user"),
        ("5.1.1 Jane.Doe@Example.ORG unknown", "5.1.1 <recipient> unknown"),
        ("mailbox jane.doe@example.org is full.", "mailbox <recipient> is full."),
        (
            "see http://example.net/why?id=jane.doe%40example.org&ip=1",
            "see http://example.net/why?id=<recipient>&ip=1",
        ),
        ("forwarded to other@example.net, rejected", "forwarded to <recipient>, rejected"),
        (
            "5.7.1 see https://support.example.com/mail/?p=Policy",
            "5.7.1 see https://support.example.com/mail/?p=Policy",
        ),
        ("two\r\nlines\x00 and\ttabs", "two lines and tabs"),
        ("", ""),
    ],
)
def test_addresses_are_taken_out_of_the_servers_words(text: str, expected: str) -> None:
    assert redact(text, "jane.doe@example.org") == expected


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    local=st.sampled_from(["a", "o'neil", "x+y", "jürgen"]),
)
def test_the_recipients_own_address_never_stays(before: str, after: str, local: str) -> None:
    recipient = f"{local}@example.org"
    found = redact(f"{before}{recipient}{after}", recipient)
    assert recipient not in found
    assert "\n" not in found
    assert len(found) <= 500
