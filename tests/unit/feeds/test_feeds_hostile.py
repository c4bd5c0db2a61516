"""No text, however hostile, loses a feed or makes its formats differ."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import feedparser
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from publisher.editions import Entry
from publisher.feeds.clean import clean, clean_entry, clean_line
from publisher.feeds.documents import feed_documents
from publisher.feeds.model import FeedFormat
from publisher.feeds.reading import read
from tests.unit.feeds.samples import FEED, PLAIN
from tests.unit.feeds.test_feeds_documents import SCHEMA

NASTY = [
    "controls \x00\x01\x08\x0e\x1f end",
    "form\x0cfeed and vertical\x0btab",
    "lone \ud800 and \udfff, together \ud83d\ude00",
    "]]> and <![CDATA[ a ]]> b ]]>",
    "line\r\nends\rmixed\n",
    "\ufeffmark at the start, \ufeff inside, \ufffe\uffff never",
    "مرحبا \u202e עברית \u2066x\u2069",
    "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 \U0010ffff",
    "&amp; &lt; &#12; &nbsp; <?xml version='1.0'?><!DOCTYPE x [<!ENTITY y 'z'>]>&y;",
    "\x85\u2028\u2029 \xa0 \x9f",
    "</title></item></channel></rss>",
]

text = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=40),
    st.text(alphabet="\x00\x0b\x0c\r\n\t \ud800\udc00\ufeff\ufffe]>&<a", max_size=30),
)


def entry_of(value: str, other: str) -> Entry:
    return replace(
        PLAIN,
        title=value,
        summary=other,
        content=f"<p>{value}</p>{other}",
        author=other,
        sections=((value, other), (other, value)),
    )


def check_all(entry: Entry) -> None:
    """The gate passes (or `feed_documents` raises), feedparser does not complain, the schema holds."""
    made = feed_documents(replace(FEED, title=entry.title, description=entry.summary), [entry])
    rss, atom = (feedparser.parse(document.data, sanitize_html=False) for document in made[:2])
    document: dict[str, Any] = json.loads(made[2].data)
    assert not rss.bozo
    assert not atom.bozo
    jsonschema.validate(document, SCHEMA)
    contents = {read(FeedFormat(kind), made[n].data).entries[0].content for n, kind in enumerate(FeedFormat)}
    assert contents == {document["items"][0]["content_html"]}
    assert rss.entries[0].id == atom.entries[0].id == document["items"][0]["id"] == PLAIN.id


@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_nasty_text_never_loses_the_feed(value: str) -> None:
    check_all(entry_of(value, value))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(text, text)
def test_any_text_passes_the_gate_in_all_formats(value: str, other: str) -> None:
    check_all(entry_of(value, other))


def test_a_title_of_a_megabyte_passes() -> None:
    check_all(replace(PLAIN, title="long " * 200_000))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text)
def test_clean_text_survives_xml_unchanged_and_cleaning_twice_is_cleaning_once(value: str) -> None:
    cleaned = clean(value)
    element = etree.Element("x")
    element.text = cleaned
    assert (etree.fromstring(etree.tostring(element)).text or "") == cleaned
    assert clean(cleaned) == cleaned
    assert clean_line(clean_line(value)) == clean_line(value)
    assert not re.search("[\r\n\t]", clean_line(value))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text, text)
def test_a_clean_entry_stays_as_it_is(value: str, other: str) -> None:
    once = clean_entry(entry_of(value, other))
    assert clean_entry(once) == once


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("harmless – “text” 🐟", "harmless – “text” 🐟"),
        ("two\x0cpages", "two pages"),
        ("be\x00ll\x07", "bell"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\ud83d\ude00", "😀"),
        ("x\ud800y\udc00", "x\ufffdy\ufffd"),
        ("\x00\ufeffstart", "start"),
        ("non\xa0break", "non\xa0break"),
    ],
)
def test_no_word_is_lost_by_cleaning(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned
