"""What is stored of an event holds no address, no secret, and nothing that a database refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.bounces.hook_paths import hook_path, hook_secret
from publisher.bounces.receiving import LONGEST_RAW, discreet, hash_of
from publisher.feedback import Feedback, FeedbackKind
from publisher.messages import verp
from subscribers.hashing import is_ours

SECRET = b"a secret of sixteen octets"
NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
ADDRESS = "Zara.Quist@Bücher.example"
PLAIN = Feedback("key-1", FeedbackKind.BOUNCED, NOW, recipient=ADDRESS)


@pytest.mark.parametrize(
    "raw",
    [
        f"To: <{ADDRESS}>",
        json.dumps({"to": ADDRESS}),
        f"to={ADDRESS.lower()}",
        "zara.quist@xn--bcher-kva.example said no",
        "mailto:zara.quist%40b%C3%BCcher.example",
        "bounces+zara.quist=40xn--bcher-kva.example",
        "somebody.else@example.org is where it was forwarded to",
    ],
)
def test_no_spelling_of_an_address_stays_in_what_came(raw: str) -> None:
    kept = discreet(replace(PLAIN, raw=raw, text=raw, type=raw, key=raw), SECRET)
    for text in (kept.raw, kept.text, kept.type, kept.key):
        assert "quist" not in text.lower()
        assert "somebody" not in text
        assert "@" not in text


def test_the_recipient_is_a_hash_in_every_spelling() -> None:
    form = hash_of(ADDRESS, SECRET)
    assert is_ours(SECRET, form)
    assert {
        hash_of(each, SECRET) for each in (ADDRESS.upper(), f" <{ADDRESS}> ", "zara.quist@xn--bcher-kva.example")
    } == {form}
    assert hash_of("", SECRET) == ""
    assert hash_of("no address", SECRET).startswith("hash:")


def test_tokens_of_links_do_not_stay_in_a_mail_that_came_back() -> None:
    token = "AbCd-_" * 8
    raw = f"<https://x.example/u/{token}>\r\nSubject: unsubscribe {token}\r\nhttps://x.example%2fs%2F{token}"
    assert "AbCd" not in discreet(replace(PLAIN, raw=raw), SECRET).raw
    broken = f"https://x.example/u/{token[:9]}=\r\n{token[9:]}"
    assert "AbCd" not in discreet(replace(PLAIN, raw=broken), SECRET).raw


def test_what_arrived_keeps_nothing_of_what_came() -> None:
    assert discreet(replace(PLAIN, kind=FeedbackKind.DELIVERED, raw="{}"), SECRET).raw == ""


def test_a_reference_is_a_token_or_a_dash() -> None:
    token = verp.mint(SECRET, 7, "reader@example.org")
    for spelled in (token, token.upper(), f"bounces+{token}@example.org"):
        assert discreet(replace(PLAIN, reference=spelled), SECRET).reference == token
    for other in (ADDRESS, "x" * 500, f"{token}a"):
        assert discreet(replace(PLAIN, reference=other), SECRET).reference == "-"


@settings(max_examples=60)
@given(st.text(max_size=60), st.integers(), st.text(max_size=40), st.text(max_size=30))
def test_whatever_comes_can_be_stored(text: str, code: int, status: str, recipient: str) -> None:
    said = {"key": text, "text": text, "type": text, "raw": text, "reference": text}
    event = replace(PLAIN, code=code, status=status, recipient=recipient)
    kept = discreet(replace(event, **said), SECRET)  # type: ignore[arg-type]
    for each, longest in (
        (kept.key, 128),
        (kept.text, 2000),
        (kept.type, 64),
        (kept.raw, LONGEST_RAW),
        (kept.status, 16),
        (kept.reference, 200),
        (kept.recipient, 80),
    ):
        each.encode()
        assert "\0" not in each
        assert len(each) <= longest
    assert kept.code is None or 200 <= kept.code <= 599


def test_a_hooks_address_is_the_same_for_the_same_facts_alone() -> None:
    own = hook_secret(SECRET, "ses", 1)
    assert own == hook_secret(SECRET, "ses")
    assert (
        len({own, hook_secret(SECRET, "ses", 2), hook_secret(SECRET, "ses2"), hook_secret(b"x" * 16, "ses")}) == 4
    )
    assert own.isalnum()
    assert own == own.lower()
    assert len(own) == 32
    assert hook_path(SECRET, "ses") == f"hooks/ses/{own}"
