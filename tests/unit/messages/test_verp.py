"""The envelope sender that tells whose mail has bounced, and that nobody else can invent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.config.settings import LONGEST_BEFORE_TOKEN
from publisher.messages import HeaderError
from publisher.messages.verp import LONGEST_LOCAL_PART, TOKEN_LENGTH, ReturnPath, mint, read

SECRET = b"a secret of the instance"
READER = "reader@example.org"
IDS = st.integers(0, 2**48 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=80)


def mailed(delivery_id: int, recipient: str = READER) -> Callable[[int], str | None]:
    """A ledger with one delivery."""
    return {delivery_id: recipient}.get


@settings(max_examples=200, deadline=None, derandomize=True)
@given(delivery_id=IDS, recipient=TEXT, upper=st.booleans(), bare=st.booleans())
def test_a_bounce_finds_its_delivery_however_relays_write_the_address(
    delivery_id: int, recipient: str, upper: bool, bare: bool
) -> None:
    address = ReturnPath(SECRET, "bounces+daily@example.org").of(delivery_id, recipient)
    assert re.fullmatch(r"bounces\+daily\+[a-z2-7]{24}@example\.org", address)
    address = address.upper() if upper else address
    address = address.partition("@")[0] if bare else address
    assert read(SECRET, address, mailed(delivery_id, recipient)) == delivery_id


@settings(max_examples=200, deadline=None, derandomize=True)
@given(delivery_id=IDS, place=st.integers(0, TOKEN_LENGTH - 1), letter=st.sampled_from("abcxyz2345670189-=é\0"))
def test_a_token_with_any_letter_changed_names_nobody(delivery_id: int, place: int, letter: str) -> None:
    token = mint(SECRET, delivery_id, READER)
    forged = token[:place] + letter + token[place + 1 :]
    if forged != token:
        assert read(SECRET, f"bounces+{forged}@example.org", lambda _: READER) is None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(address=TEXT | st.from_regex(r"[a-z+]{0,9}\+[a-zA-Z2-7=]{20,28}@[a-z.@+]{0,9}", fullmatch=True))
def test_rubbish_names_nobody_and_raises_nothing(address: str) -> None:
    assert read(SECRET, address, lambda _: READER) is None


def test_a_number_alone_proves_nothing() -> None:
    address = ReturnPath(SECRET, "bounces@example.org").of(7, READER)
    assert read(SECRET, address, mailed(7)) == 7
    assert read(b"another secret of another", address, mailed(7)) is None
    assert read(SECRET, address, mailed(8)) is None  # no such delivery
    assert read(SECRET, address, mailed(7, "other@example.org")) is None  # restored backup, changed address
    assert read(SECRET, address, mailed(7, "Reader@Example.org")) == 7
    assert read(SECRET, f"prefix{address}", mailed(7)) == 7  # whose mailbox it is, is not for us to say


def test_the_ledger_is_asked_only_about_what_may_be_a_token() -> None:
    def never(_: int) -> str | None:
        raise AssertionError

    for address in ("", "@", "bounces@example.org", "bounces+x@example.org", "a" * 24 + "x@example.org", "+" * 24):
        assert read(SECRET, address, never) is None


def test_every_local_part_that_the_configuration_lets_through_fits_and_no_longer_one() -> None:
    longest = "b" * LONGEST_BEFORE_TOKEN
    address = ReturnPath(SECRET, f"{longest}@example.org").of(2**48 - 1, READER)
    assert len(address.partition("@")[0]) == LONGEST_LOCAL_PART
    for local in (f"{longest}b", f"{longest[1:]}é"):
        with pytest.raises(HeaderError, match="no room for a token"):
            ReturnPath(SECRET, f"{local}@example.org")
