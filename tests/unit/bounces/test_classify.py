"""Whose trouble a refusal is, by code and words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.bounces.classify import BY_REPLY, BY_STATUS, BY_WORDS, classify, reply_in, status_in
from publisher.feedback import BounceClass, Feedback, FeedbackKind

C = BounceClass
AT = datetime(2026, 11, 25, 7, tzinfo=UTC)


def refused(code: int | None = None, status: str = "", text: str = "", bounce: C | None = None) -> C:
    """The class of a bounce."""
    return classify(Feedback("k", FeedbackKind.BOUNCED, AT, code=code, status=status, text=text, bounce=bounce))


@pytest.mark.parametrize(
    ("status", "found"),
    [
        *((status, C.HARD) for status in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
        *((status, C.SOFT) for status in ("4.1.1", "4.2.1", "4.2.2", "5.2.2", "4.3.0", "4.3.2", "5.3.2")),
        *((status, C.SOFT) for status in ("4.4.1", "4.4.2", "4.4.7", "4.5.3", "5.4.4", "5.4.1", "5.4.14")),
        *((status, C.CONTENT) for status in ("5.3.4", "5.2.3", "5.6.0", "5.6.7", "4.6.1")),
        *((status, C.BLOCK) for status in ("5.7.1", "5.7.0", "4.7.0", "4.7.1", "5.7.23", "5.7.20", "5.7.25")),
        *((status, C.BLOCK) for status in ("5.7.26", "5.7.27", "5.7.30", "5.7.509", "5.7.515", "5.7.606")),
        *((status, C.BLOCK) for status in ("5.7.511", "5.7.708", "5.1.7", "5.1.8")),
        *((status, C.THROTTLE) for status in ("4.7.650", "4.7.28")),
        *((status, C.UNKNOWN) for status in ("5.0.0", "5.5.0", "5.5.2", "5.9.9", "2.0.0", "nonsense")),
    ],
)
def test_an_enhanced_code_alone(status: str, found: C) -> None:
    assert refused(status=status) is found


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        (550, "user unknown", C.HARD),
        (550, "No such user here", C.HARD),
        (550, "<spam@policy.example.net>: unknown user", C.HARD),
        (551, "mailbox does not exist", C.HARD),
        (553, "sorry, no mailbox here by that name", C.HARD),
        (550, "NXDOMAIN", C.HARD),
        (550, "Empfänger leider unbekannt", C.HARD),
        (550, "", C.UNKNOWN),
        (554, "transaction failed", C.UNKNOWN),
        (550, "Requested action not taken: mailbox unavailable", C.UNKNOWN),
        (552, "mailbox is full", C.SOFT),
        (552, "message size exceeds fixed maximum", C.CONTENT),
        (550, "over quota", C.SOFT),
        (451, "temporary local problem", C.SOFT),
        (450, "user unknown, try later", C.SOFT),
        (421, "service not available", C.THROTTLE),
        (451, "rate limited, slow down", C.THROTTLE),
        (450, "Greylisted for 300 seconds", C.SOFT),
        (421, "greylisting in action", C.SOFT),
        (554, "your IP 192.0.2.1 is listed at zen.spamhaus.org", C.BLOCK),
        (550, "sender address rejected: domain not found", C.BLOCK),
        (550, "Domain of sender address news@example.org does not exist", C.BLOCK),
        (554, "virus found in attachment", C.CONTENT),
        (None, "user unknown", C.HARD),
        (None, "Quota exceeded", C.SOFT),
        (None, "", C.UNKNOWN),
        (None, "it did not work", C.UNKNOWN),
    ],
)
def test_a_reply_code_needs_words(code: int | None, text: str, found: C) -> None:
    assert refused(code, text=text) is found


def test_the_sources_own_word_wins_over_any_code() -> None:
    assert refused(550, "5.1.1", "user unknown", C.BLOCK) is C.BLOCK


def test_the_enhanced_code_wins_over_reply_code_and_words() -> None:
    assert refused(550, "5.2.2", "user unknown") is C.SOFT
    assert refused(550, text="5.7.1 user unknown") is C.BLOCK
    assert refused(450, "5.1.1") is C.HARD


def test_a_code_that_says_nothing_leaves_it_to_the_next() -> None:
    assert refused(550, "5.0.0", "550 5.1.1 nobody") is C.HARD
    assert refused(550, "5.5.0", "no such user") is C.HARD
    assert refused(None, "5.1.0", "smtp; 550 unknown recipient") is C.HARD


@pytest.mark.parametrize(
    ("status", "text", "found"),
    [
        ("4.7.1", "Greylisting in effect, please come back later", C.SOFT),
        ("4.7.0", "too many connections from your host", C.THROTTLE),
        ("4.7.0", "[TS03] all messages from 192.0.2.1 will be deferred", C.THROTTLE),
        ("4.3.2", "throttled", C.THROTTLE),
        ("4.7.1", "your mail looks odd", C.BLOCK),
        ("5.7.1", "message content rejected", C.CONTENT),
        ("5.2.1", "The user you are trying to contact is receiving mail at a rate that prevents it", C.SOFT),
        ("4.2.1", "The user is receiving mail too quickly", C.SOFT),
        ("5.1.1", "rejected, see https://www.spamhaus.org", C.BLOCK),
    ],
)
def test_greylisting_throttling_and_blocks_are_told_apart(status: str, text: str, found: C) -> None:
    assert refused(status=status, text=text) is found


def test_every_rule_of_the_tables_is_of_use() -> None:
    """A rule that an earlier one hides would be a mistake that nobody sees."""
    for rules in (BY_STATUS, BY_REPLY, BY_WORDS):
        for number, rule in enumerate(rules):
            hidden = [
                code
                for code in rule.codes
                if any(code in each.codes and each.words is None for each in rules[:number])
            ]
            assert hidden == [], rule


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("smtp; 550-5.1.1 The email account", "5.1.1", 550),
        ("550 5.1.1 <x>", "5.1.1", 550),
        ("(#5.1.1)", "5.1.1", None),
        ("host mx[192.5.1.1] said: no", "", None),
        ("version 15.1.1", "", None),
        ("5.1.1.1", "", None),
        ("call 555-1234 or 550", "", 555),
        ("1550 x", "", None),
        ("452 4.2.2 full, 550 5.1.1 no", "4.2.2", 452),
    ],
)
def test_codes_are_found_where_they_are_codes(text: str, status: str, code: int | None) -> None:
    assert (status_in(text), reply_in(text)) == (status, code)


@given(st.text(max_size=300), st.text(max_size=12), st.none() | st.integers(0, 999))
def test_anything_has_a_class(text: str, status: str, code: int | None) -> None:
    assert isinstance(refused(code, status, text), BounceClass)
