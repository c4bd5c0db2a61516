"""Addresses: the fast way takes nothing that email-validator refuses, and says the same of what it takes."""

from __future__ import annotations

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.errors import SubscriberError
from subscribers import addresses
from subscribers.addresses import normalise

_LETTERS = "abzABZ019.-_+@!#'=%~/^\"\\ ()[]:;,<>"
_near_addresses = st.one_of(
    st.text(_LETTERS, max_size=30),
    st.builds(
        "{}@{}".format,
        st.text("abZ09._+-'=!", min_size=1, max_size=66),
        st.lists(st.text("abZ09-", min_size=1, max_size=64), min_size=1, max_size=5).map(".".join),
    ),
    st.builds(
        "{}@{}.{}".format,
        st.sampled_from(["anna", "Postmaster", "INFO", "a.b+c", "x" * 64, "x" * 65]),
        st.sampled_from(["example", "EXAMPLE", "xn--bcher-kva", "a-b", "x" * 63, "1.2"]),
        st.sampled_from(["org", "ORG", "test", "local", "arpa", "c0m", "onion", "x" * 64, "museum"]),
    ),
)


@given(text=_near_addresses)
@example("info@example.org")
@example("Anna@EXAMPLE.org")
@example("a@xn--bcher-kva.example.org")
@example("a@b--c.example.org")
@example(f"a@{'b.' * 125}org")
@settings(max_examples=400, deadline=None, derandomize=True)
def test_the_fast_way_is_a_subset_of_the_slow_one(text: str) -> None:
    fast = addresses._plain(text)
    if fast is not None:
        assert fast == addresses._validated(text)


def test_the_fast_way_takes_ordinary_addresses() -> None:
    for text in ("anna@example.org", "Anna.Berg+daily@News-Room.example.co.uk", "o'neil_9@x1.example.com"):
        assert addresses._plain(text) is not None


@pytest.mark.parametrize("name", SPECIAL_USE_DOMAIN_NAMES)
def test_special_domains_go_the_slow_way(name: str) -> None:
    assert addresses._plain(f"anna@x.{name}") is None


@pytest.mark.parametrize(
    ("written", "address", "key"),
    [
        ("anna@example.org", "anna@example.org", "anna@example.org"),
        ("  Anna.Berg@EXAMPLE.org\r\n", "Anna.Berg@example.org", "anna.berg@example.org"),
        ("anna+daily@example.org", "anna+daily@example.org", "anna+daily@example.org"),
        ("anna@news.test", "anna@news.test", "anna@news.test"),
        ("INFO@example.org", "info@example.org", "info@example.org"),
        ("anna@bücher.example.org", "anna@bücher.example.org", "anna@bücher.example.org"),
        ("anna@xn--bcher-kva.example.org", "anna@bücher.example.org", "anna@bücher.example.org"),
        ("ANNA@BÜCHER.example.org", "ANNA@bücher.example.org", "anna@bücher.example.org"),
        ("Jürgen@example.org", "Jürgen@example.org", "jürgen@example.org"),
        ("Straße@example.org", "Straße@example.org", "strasse@example.org"),
    ],
)
def test_one_person_has_one_key(written: str, address: str, key: str) -> None:
    assert normalise(written) == (address, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@localhost",
        "anna@example",
        "anna@@example.org",
        "anna..berg@example.org",
        "anna@exa mple.org",
        "Anna Berg <anna@example.org>",
        '"anna berg"@example.org',
        "anna@[192.0.2.1]",
        "anna@example.org\nBcc: all@example.org",
        "anna\r\n@example.org",
        "anna@example.invalid",
        "anna@example.org, bert@example.org",
        f"{'x' * 250}@example.org",
        "anna\x1b[31m@example.org",
    ],
)
def test_what_is_no_address_is_one_clear_line(text: str) -> None:
    with pytest.raises(SubscriberError, match="is no mail address: ") as caught:
        normalise(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_key_that_the_database_cannot_hold_is_refused() -> None:
    with pytest.raises(SubscriberError, match="no mail address"):
        normalise(f"{'ΐ' * 110}@example.org")
