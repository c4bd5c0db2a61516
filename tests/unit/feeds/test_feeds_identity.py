"""Ids follow RFC 4151 and hold whatever a newsroom calls its digests."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.feeds.identity import authority, feed_id, mint_entry_id

DAY = date(2024, 11, 21)
_DNS = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_TAG = re.compile(rf"tag:{_DNS},\d{{4}}-\d\d-\d\d:([A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-F]{{2}})*")


def test_an_entry_id_is_a_tag_of_domain_day_newsletter_and_slug() -> None:
    assert (
        mint_entry_id("example.org", DAY, "daily", "fish-chips") == "tag:example.org,2024-11-21:daily/fish-chips"
    )


def test_a_feed_id_names_its_folder() -> None:
    assert feed_id("example.org", date(845, 1, 2), "daily") == "tag:example.org,0845-01-02:daily"
    assert (
        feed_id("example.org", DAY, "daily/sections/courts") == "tag:example.org,2024-11-21:daily/sections/courts"
    )


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://Example.ORG/news/", "example.org"),
        ("https://example.org.:8443/", "example.org"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("https://zeitung-köln.example/", "xn--zeitung-kln-zfb.example"),
        ("http://[::1]:8000/", "0000-0000-0000-0000-0000-0000-0000-0001"),
        ("file:///srv/site/", "localhost"),
    ],
)
def test_every_site_has_an_authority(url: str, domain: str) -> None:
    assert authority(url) == domain
    assert _TAG.fullmatch(mint_entry_id(domain, DAY, "daily", "x"))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=40).filter(lambda slug: not re.search("[\ud800-\udfff]", slug)))
def test_any_slug_makes_a_valid_tag(slug: str) -> None:
    assert _TAG.fullmatch(mint_entry_id("example.org", DAY, "daily", slug))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text("ab/%é-", max_size=6), st.text("ab/%é-", max_size=6))
def test_different_slugs_make_different_ids(one: str, other: str) -> None:
    ids = {mint_entry_id("example.org", DAY, "daily", slug) for slug in (one, other)}
    assert len(ids) == len({one, other})
