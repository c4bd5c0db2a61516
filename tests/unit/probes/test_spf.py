"""SPF as receivers evaluate it: what is no term, and what each term costs (RFC 7208)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.probes.spf import MOST_LOOKUPS, Spf, read, walk

HOME = "press.internal"


class Told:
    """A DNS of a few TXT records; every name has an address and two mail hosts unless it is `gone`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def texts(self, name: str) -> tuple[str, ...]:
        return (self._texts[name],) if name in self._texts else ()

    def mail_hosts(self, name: str) -> tuple[tuple[int, str], ...]:
        return () if "gone" in name else ((10, f"mx.{name}"), (20, f"mx2.{name}"))

    def addresses(self, name: str) -> tuple[str, ...]:
        return () if "gone" in name else ("192.0.2.1",)


def spf(record: str, **others: str) -> Spf:
    texts = {HOME: record} | {f"{name}.{HOME}": text for name, text in others.items()}
    return walk(HOME, Told(texts))


@pytest.mark.parametrize(
    "term",
    [
        "all",
        "-all",
        "~ALL",
        "?all",
        "a",
        "+a",
        "a/24",
        "a//64",
        "a/24//64",
        "a:press.internal",
        "a:press.internal/24//64",
        "mx",
        "mx:press.internal/28",
        "ptr",
        "ptr:press.internal",
        "ip4:192.0.2.1",
        "ip4:192.0.2.0/24",
        "ip6:2001:db8::/32",
        "ip6:::1",
        "exists:%{i}._spf.%{d}",
        "include:_spf.press.internal",
        "INCLUDE:_spf.press.internal.",
        "redirect=_spf.press.internal",
        "exp=explain.press.internal",
        "unknown-modifier=anything",
    ],
)
def test_a_term_of_the_standard_is_one(term: str) -> None:
    assert [found.wrong for found in read(f"v=spf1 {term}")] == [""]


@pytest.mark.parametrize(
    "term",
    [
        "inlude:x.internal",
        "include",
        "include:",
        "include:nodot",
        "a:",
        "a/33",
        "a//129",
        "a/x",
        "mx:/24",
        "all:x.internal",
        "-",
        "ip4",
        "ip4:",
        "ip4:1.2.3",
        "ip4:1.2.3.4/33",
        "ip4:2001:db8::1",
        "ip6:192.0.2.1",
        "192.0.2.1",
        "redirect=",
        "exists:",
        "--all",
    ],
)
def test_what_is_no_term_is_told_in_its_own_words(term: str) -> None:
    (found,) = read(f"v=spf1 {term}")
    assert term in found.wrong


@pytest.mark.parametrize(
    ("record", "lookups"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:::1 -all", 0),
        ("v=spf1 a mx ptr exists:x.internal -all", 4),
        ("v=spf1 include:one.press.internal -all", 3),
        ("v=spf1 redirect=one.press.internal", 3),
        ("v=spf1 -all redirect=one.press.internal", 0),  # all stands before any redirect (6.1)
        ("v=spf1 -all a mx", 0),  # what follows all is never looked at (5.1)
        ("v=spf1 exp=one.press.internal -all", 0),
    ],
)
def test_look_ups_are_counted_as_receivers_count_them(record: str, lookups: int) -> None:
    assert spf(record, one="v=spf1 a mx -all").lookups == lookups


def test_the_end_of_a_redirect_is_our_own_end_and_that_of_an_include_is_not() -> None:
    assert spf("v=spf1 redirect=one.press.internal", one="v=spf1 +all").everybody
    assert not spf("v=spf1 include:one.press.internal -all", one="v=spf1 +all").everybody


def test_a_circle_of_redirects_ends() -> None:
    found = spf("v=spf1 redirect=one.press.internal", one=f"v=spf1 redirect={HOME}")
    assert found.lookups > MOST_LOOKUPS
    assert any("circle" in wrong for wrong in found.wrong)


def test_names_that_are_gone_are_counted_and_macros_are_not_followed() -> None:
    found = spf("v=spf1 a:gone.internal mx:gone.internal exists:%{i}.gone.internal -all")
    assert (found.void, found.lookups, found.unseen) == (2, 3, True)


def test_other_texts_are_no_spf() -> None:
    assert walk(HOME, Told({HOME: "v=spf10 -all"})).records == 0
    assert walk(HOME, Told({HOME: "V=SPF1 -all"})).records == 1


TERMS = st.sampled_from(
    ["a", "mx", "-all", "ptr", "ip4:1.2.3.4", "x", "include:n0.press.internal", "a/99"]
) | st.text(st.characters(blacklist_characters=" ", codec="utf-8"), max_size=8)
RECORDS = st.lists(TERMS, max_size=9).map(lambda terms: " ".join(["v=spf1", *terms]))


@given(RECORDS, RECORDS)
def test_no_record_keeps_us_or_breaks_us(record: str, other: str) -> None:
    found = spf(record, n0=other + " include:n0.press.internal redirect=n0.press.internal")
    assert found.lookups <= 60
