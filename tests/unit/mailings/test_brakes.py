"""When a mailing pauses itself, and when the rest follows a canary: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher.ledger import Canary, DeliveryState, Outcome
from publisher.mailings import brakes, canary
from publisher.mailings.brakes import USUAL, Answer, Recent, Shares
from publisher.mailings.canary import Verdict

S = DeliveryState
NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
FINE = Outcome(1, S.ACCEPTED, 250, "2.0.0 Ok")
UNKNOWN = Outcome(1, S.FAILED, 550, "5.1.1 unknown")
BLOCKED = Outcome(1, S.FAILED, 550, "5.7.1 listed")
FULL = Outcome(1, S.DEFERRED, 452, "4.2.2 full")


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (FINE, Answer.FINE),
        (UNKNOWN, Answer.FAILURE),
        (BLOCKED, Answer.BLOCK),
        (Outcome(1, S.DEFERRED, 421, "4.7.28 too many"), Answer.BLOCK),
        (Outcome(1, S.DEFERRED, 450, "4.7.1 Greylisted, come back"), Answer.DEFERRAL),
        (FULL, Answer.DEFERRAL),
        (Outcome(1, S.UNCERTAIN, None, "no reply"), Answer.FAILURE),
        (Outcome(1, S.DELIVERED, 250, "2.0.0 Ok"), Answer.FINE),
        (Outcome(1, S.COMPLAINED, 250, "2.0.0 Ok"), Answer.FINE),
        (Outcome(1, S.BOUNCED, 550, "5.1.1 unknown"), Answer.FAILURE),
        (Outcome(1, S.FAILED, 550, "version 15.7.1 says no"), Answer.FAILURE),
    ],
)
def test_what_an_answer_tells_of_the_mails_after_it(outcome: Outcome, answer: Answer) -> None:
    assert brakes.answer_of(outcome) is answer


@pytest.mark.parametrize(
    ("bad", "most", "words"),
    [
        (UNKNOWN, 20, "21 of the last 50 answers were failures, the last one: 550 5.1.1 unknown"),
        (BLOCKED, 10, "11 of the last 50 answers were refusals of us as sender, the last one: 550 5.7.1 listed"),
        (FULL, 50, "51 of the last 100 answers were refusals for now, the last one: 452 4.2.2 full"),
    ],
)
def test_one_more_than_the_share_pauses_and_the_share_does_not(bad: Outcome, most: int, words: str) -> None:
    fine = (50 if most < 50 else 100) - most - 1
    recent = Recent(USUAL)
    recent.add([FINE] * (fine) + [bad] * most)
    assert recent.verdict() == ""
    recent.add([bad])
    assert recent.verdict() == words


def test_what_is_long_ago_counts_no_more() -> None:
    recent = Recent(USUAL)
    for _ in range(50):
        recent.add([UNKNOWN] * 20 + [FINE] * 80)
        assert recent.verdict() == ""


def test_a_share_of_one_never_pauses() -> None:
    recent = Recent(Shares(failures=1, blocks=1, deferrals=1))
    recent.add([UNKNOWN] * 40 + [BLOCKED] * 30 + [FULL] * 30)
    recent.add([UNKNOWN] * 100)
    assert recent.verdict() == ""


@pytest.mark.parametrize(
    ("complained", "accepted", "pauses"),
    [(2, 10, False), (3, 997, False), (4, 996, True), (300, 99_700, False), (301, 99_699, True)],
)
def test_complaints_above_their_share_pause(complained: int, accepted: int, pauses: bool) -> None:
    said = brakes.too_many_complaints({S.COMPLAINED: complained, S.ACCEPTED: accepted - 5, S.DELIVERED: 5}, USUAL)
    assert bool(said) == pauses
    assert not pauses or said.startswith(f"{complained} of {complained + accepted} readers complained")


WAIT = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (Canary(1, (FINE,) * 9, 1, NOW - WAIT), Verdict(waits=True)),
        (Canary(1, (UNKNOWN,) * 9, 1, NOW), Verdict(waits=True)),
        (Canary(1, (FINE,) * 10, 0, NOW), Verdict(waits=True)),
        (Canary(1, (FINE,) * 10, 0, NOW - WAIT), Verdict()),
        (Canary(1, (), 0, NOW - WAIT), Verdict()),  # all of them have left meanwhile
        (Canary(1, (FINE,) * 8 + (UNKNOWN,) * 2, 0, NOW - WAIT), Verdict()),
    ],
)
def test_the_rest_follows_when_all_have_answered_well_and_time_has_passed(seen: Canary, verdict: Verdict) -> None:
    assert canary.judge(seen, WAIT, USUAL, NOW) == verdict


def test_a_canary_that_is_refused_keeps_the_rest_at_once() -> None:
    seen = Canary(1, (FINE,) * 7 + (UNKNOWN,) * 3, 0, NOW)
    trouble = "the first 10 mails: 3 of the last 10 answers were failures, the last one: 550 5.1.1 unknown"
    assert canary.judge(seen, WAIT, USUAL, NOW) == Verdict(trouble=trouble)
