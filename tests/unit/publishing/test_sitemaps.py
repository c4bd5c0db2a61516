"""Sitemaps and the word to searches."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from publisher.editions import Change, Document, Month
from publisher.publishing.sitemaps import index_document, pages_document, year_documents
from publisher.publishing.standing import robots
from tests.unit.rendering.samples import LOOK, SITE

AT = datetime(2024, 11, 21, 7, 30, 15, 999, tzinfo=UTC)


def change(number: int, *, withdrawn: bool = False) -> Change:
    day = date(2024, 11, 21) - timedelta(days=number * 10)
    return Change(f"day-{number}", day, AT - timedelta(days=number * 10), withdrawn)


def located(document: Document) -> dict[str, Any]:
    """Address and moment of everything that a sitemap names."""
    root: Any = etree.fromstring(document.data)
    return {each.findtext("{*}loc"): each.findtext("{*}lastmod") for each in root}


def test_a_year_names_its_digests_and_months_but_not_what_was_withdrawn() -> None:
    gone = replace(change(0, withdrawn=True), at=AT + timedelta(hours=1))
    (document,) = year_documents(LOOK, 2024, [gone, change(1), change(3)])
    assert document.path == "daily/sitemap-2024.xml"
    assert located(document) == {
        "https://news.example.org/daily/archive/2024-11/": "2024-11-21T08:30:15Z",
        "https://news.example.org/daily/archive/2024-10/": "2024-10-22T07:30:15Z",
        "https://news.example.org/daily/day-1/": "2024-11-11T07:30:15Z",
        "https://news.example.org/daily/day-3/": "2024-10-22T07:30:15Z",
    }


@pytest.mark.parametrize("most", [1, 2, 3, 7, 8, 100])
def test_the_index_names_every_part_of_a_year_that_is_written(most: int) -> None:
    changes = [change(number, withdrawn=number == 2) for number in range(7)]
    per_month = Counter(each.date.replace(day=1) for each in changes)
    gone = changes[2].date.replace(day=1)
    months = [Month(first, count, int(first == gone)) for first, count in sorted(per_month.items(), reverse=True)]
    documents = list(year_documents(LOOK, 2024, changes, most=most))
    assert all(len(located(each)) <= most for each in documents)
    named = list(located(index_document(SITE.url, [(LOOK, months)], most=most)))
    assert named == [f"{SITE.url}sitemap-pages.xml", *(f"{SITE.url}{each.path}" for each in documents)]


def test_addresses_are_ascii_and_escaped() -> None:
    (url,) = located(pages_document(["https://bücher.example/blätter/a&b/"]))
    assert url == "https://xn--bcher-kva.example/bl%C3%A4tter/a&b/"


def test_a_site_without_newsletters_has_a_sitemap_nevertheless() -> None:
    assert list(located(index_document(SITE.url, []))) == [f"{SITE.url}sitemap-pages.xml"]


def test_searches_leave_what_belongs_to_one_reader_alone() -> None:
    lines = robots("https://example.org/news/").decode().splitlines()
    assert {"Disallow: /news/u/", "Disallow: /news/s/"} <= set(lines)
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Sitemap: https://example.org/news/sitemap.xml"
