"""What many mails that come back say of their mailing."""

from __future__ import annotations

import pytest

from publisher.bounces.judging import Hold, Pause, Warn, complaints, refusals, same_hards, same_words
from publisher.feedback import BounceClass
from publisher.ledger import DeliveryState
from publisher.mailings.brakes import Shares

C = BounceClass


def unknown(number: int) -> str:
    """A server's words about one of its people."""
    return f"550 5.1.1 <reader{number}@example.net>: no mailbox here (id q{number}x-{number * 7}, mx{number})"


def test_words_are_the_same_whoever_they_are_about() -> None:
    assert len({same_words(unknown(number)) for number in range(50)}) == 1
    assert same_words(unknown(1)) == "no mailbox here (id"
    assert same_words("550 5.1.1 user unknown") != same_words("550 5.1.1 mailbox disabled")
    assert same_words("554 2001:db8::7 Blocked, see https://example.net/?q=2001") == "blocked, see"


def test_a_twentieth_of_a_mailing_with_the_same_words_waits_for_an_editor() -> None:
    texts = [unknown(number) for number in range(21)]
    (hold,) = same_hards([*texts, "550 5.1.1 user unknown"], 400)
    assert (hold.words, hold.number) == (same_words(texts[0]), 21)
    assert hold.covers(unknown(99))
    assert not hold.covers("550 5.1.1 user unknown")


@pytest.mark.parametrize(("number", "mails"), [(19, 30), (20, 400), (21, 420), (0, 0)])
def test_a_few_or_the_share_itself_wait_for_nobody(number: int, mails: int) -> None:
    assert same_hards(map(unknown, range(number)), mails) == ()


def test_many_bounces_each_in_its_own_words_are_no_fault_of_one_server() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert same_hards((f"no {a}{b}{a}" for a in letters for b in letters), 700) == ()
    assert same_hards([unknown(1)] * 20, 30) == (Hold(same_words(unknown(1)), 20),)


def test_more_refusals_of_us_than_the_share_pause_and_the_share_does_not() -> None:
    ours = (*[C.BLOCK] * 6, *[C.CONTENT] * 3, C.THROTTLE)
    assert refusals([*[None] * 90, *ours]) is None
    assert refusals([*[None] * 89, *ours, C.BLOCK]) == Pause(
        "of the last 100 answers that came back: 7 refusals of us as sender, 3 refusals of the mail itself,"
        " 1 requests to slow down"
    )


def test_what_is_about_readers_pauses_nothing_here() -> None:
    assert refusals([C.HARD, C.SOFT, C.UNKNOWN] * 100) is None


def test_refusals_of_long_ago_count_no_more() -> None:
    assert refusals([C.BLOCK] * 50 + [None] * 100) is None
    assert refusals([C.BLOCK] * 100, Shares(blocks=1)) is None


@pytest.mark.parametrize(
    ("complained", "arrived", "found"),
    [
        (2, 100, None),  # so few say nothing
        (3, 4000, None),
        (3, 2900, Warn),
        (8, 2900, Warn),
        (10, 2900, Pause),
    ],
)
def test_complaints_warn_at_a_thousandth_and_pause_at_three(
    complained: int, arrived: int, found: type[Warn | Pause] | None
) -> None:
    counts = {DeliveryState.ACCEPTED: arrived - complained, DeliveryState.COMPLAINED: complained}
    told = complaints(counts)
    assert type(told) is (found or type(None))
    if told:
        assert told.reason.startswith(f"{complained} of {arrived} readers complained")


def test_limits_below_the_warning_pause_without_one() -> None:
    counts = {DeliveryState.ACCEPTED: 9997, DeliveryState.COMPLAINED: 3}
    assert isinstance(complaints(counts, Shares(complaints=0.0002)), Pause)
    assert complaints(counts, Shares(complaints=0.0005)) is None
