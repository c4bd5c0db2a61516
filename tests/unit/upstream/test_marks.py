"""Each item is new once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.upstream.marks import Marked, normalized, source_key, told_apart
from publisher.upstream.model import Item

HERE, THERE = source_key("daily", "https://a.example.org/"), source_key("daily", "https://b.example.org/")
ONE = Item(id="tag:example.org,2024:1", link="https://example.org/1", title="One")


def news(*items: Item, key: str = HERE, after: tuple[Marked, ...] = (), by: str = HERE) -> list[str]:
    """The titles of what is new, after what was told before by an address."""
    known = {mark: by for each in after for mark in each.marks}
    return [each.item.title for each in told_apart(items, key, known) if each.is_new]


def test_an_item_is_new_once() -> None:
    first = told_apart([ONE], HERE, {})
    assert first[0].is_new
    assert news(ONE, after=first) == []
    assert news(ONE, ONE) == ["One"]


def test_an_item_is_known_by_its_id_whatever_else_changes() -> None:
    first = told_apart([ONE], HERE, {})
    assert news(replace(ONE, link="https://example.org/other", title="Other"), after=first) == []


def test_without_an_id_an_item_is_known_by_its_link_and_without_that_by_its_title() -> None:
    by_link, by_title = replace(ONE, id=""), replace(ONE, id="", link="")
    assert news(replace(by_link, title="Other"), after=told_apart([by_link], HERE, {})) == []
    assert news(replace(by_title, summary="Other"), after=told_apart([by_title], HERE, {})) == []


def test_two_items_of_one_feed_with_one_link_are_two_as_their_ids_say() -> None:
    two = replace(ONE, id="tag:example.org,2024:2", title="Two")
    first = told_apart([ONE], HERE, {})
    assert news(two, after=first) == ["Two"]
    assert news(ONE, two) == ["One", "Two"]


def test_the_same_link_from_another_address_is_the_same_story() -> None:
    other = replace(ONE, id="urn:other")
    first = told_apart([ONE], HERE, {})
    assert news(other, key=THERE, after=first) == []
    # and its id is remembered, whatever its link becomes
    second = told_apart([other], THERE, {mark: HERE for each in first for mark in each.marks})
    moved = replace(other, link="https://example.org/moved")
    assert news(moved, key=THERE, after=second, by=THERE) == []


def test_a_link_that_several_items_share_tells_nothing_apart() -> None:
    home = [replace(ONE, id=f"urn:{number}", title=str(number)) for number in range(3)]
    first = told_apart(home, HERE, {})
    elsewhere = [replace(ONE, id=f"urn:other:{number}", title=f"other {number}") for number in range(2)]
    assert news(*elsewhere, key=THERE, after=first) == ["other 0", "other 1"]


def test_a_number_means_something_in_one_feed_only() -> None:
    mine, yours = replace(ONE, id="1", link=""), replace(ONE, id="1", link="", title="Yours")
    first = told_apart([mine], HERE, {})
    assert news(yours, key=THERE, after=first) == ["Yours"]
    assert news(yours, key=HERE, after=first) == []


def test_an_address_in_two_newsletters_has_two_keys_and_neither_holds_it() -> None:
    address = "https://wire.example.org/private/token"
    assert source_key("daily", address) != source_key("weekly", address)
    assert "token" not in source_key("daily", address)


@pytest.mark.parametrize(
    "same",
    [
        "http://example.org/a?x=1",
        "https://www.example.org/a/?x=1",
        "https://EXAMPLE.org:443/a?x=1#top",
        "https://example.org/a?utm_source=feed&x=1&fbclid=2",
    ],
)
def test_ways_to_the_same_page_are_the_same(same: str) -> None:
    assert normalized(same) == normalized("https://example.org/a?x=1")


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/a?x=2",
        "https://example.org/A?x=1",
        "https://example.org:8443/a?x=1",
        "http://[x/a?x=1",
    ],
)
def test_other_pages_are_others(other: str) -> None:
    assert normalized(other) != normalized("https://example.org/a?x=1")
