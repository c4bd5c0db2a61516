"""Newsletter, slug, date: what a digest is called for ever."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.identity import Home, settle, slug_of
from publisher.digests.model import Digest, Manuscript, Paragraph, Section, Text
from publisher.digests.slugs import is_slug, section_slugs, slugify
from publisher.errors import DigestError

HOMES = (Home("daily", "en", ZoneInfo("Europe/Berlin")), Home("weekly", "uk", ZoneInfo("America/New_York")))
DAY = date(2024, 11, 21)
PLAIN = Manuscript("T", (Paragraph((Text("x"),)),), (), date=DAY)


def settled(path: str = "a.txt", manuscript: Manuscript = PLAIN) -> Digest:
    return settle(manuscript, path=path, newsletters=HOMES, first_seen=date(2024, 11, 25))


def test_newsletter_is_front_matters_else_the_subfolders_else_the_first() -> None:
    assert settled("weekly/a.txt", replace(PLAIN, newsletter="daily")).newsletter == "daily"
    assert settled("weekly/a.txt").newsletter == "weekly"
    assert settled("a.txt").newsletter == "daily"


@pytest.mark.parametrize(("path", "wanted"), [("a.txt", "fnord"), ("fnord/a.txt", None)])
def test_an_unknown_newsletter_is_refused_with_those_there_are(path: str, wanted: str | None) -> None:
    with pytest.raises(DigestError, match=r'no newsletter "fnord".*Configured: daily, weekly') as caught:
        settled(path, replace(PLAIN, newsletter=wanted))
    assert caught.value.file == path


def test_date_is_the_digests_else_the_day_first_seen() -> None:
    assert settled().date == DAY
    undated = settled("a-2024-01-01.txt", replace(PLAIN, date=None))
    assert (undated.date, undated.slug) == (date(2024, 11, 25), "2024-11-25-a")


def test_language_is_the_digests_else_the_newsletters() -> None:
    assert settled("weekly/a.txt").language == "uk"
    assert settled("weekly/a.txt", replace(PLAIN, language="ar")).language == "ar"


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("occasional-digest-2024-11-21.txt", "2024-11-21-occasional-digest"),
        ("2024-11-20-morning.md", "2024-11-21-morning"),
        ("20241120 Morning Brief.md", "2024-11-21-morning-brief"),
        ("morning_2024_11_20.json", "2024-11-21-morning"),
        ("daily/2024-11-21.txt", "2024-11-21"),
        ("Ukraine’s day (final).v2.txt", "2024-11-21-ukraines-day-final-v2"),
        ("Київ і Харків.txt", "2024-11-21-kiyiv-i-kharkiv"),
        ("Straße nach Århus.txt", "2024-11-21-strasse-nach-arhus"),
        ("build 123456789.txt", "2024-11-21-build-123456789"),
        (f"{'x' * 240}.txt", f"2024-11-21-{'x' * 189}"),
    ],
)
def test_slug_comes_from_the_file_name_with_the_digests_date_in_front(path: str, slug: str) -> None:
    assert settled(path).slug == slug


def test_a_name_without_a_spelling_in_ascii_has_a_stable_slug() -> None:
    assert slug_of("نشرة اليوم.txt", DAY) == slug_of("نشرة  اليوم.md", DAY)
    assert slug_of("نشرة اليوم.txt", DAY) != slug_of("نشرة الغد.txt", DAY)
    assert re.fullmatch(r"2024-11-21-digest-[0-9a-f]{10}", slug_of("نشرة اليوم.txt", DAY))


def test_front_matters_slug_stands_as_it_is() -> None:
    assert settled("a.txt", replace(PLAIN, slug="mine")).slug == "mine"


def test_naive_moments_are_the_newsletters() -> None:
    naive = replace(PLAIN, publish_at=datetime(2024, 11, 21, 6))  # noqa: DTZ001  # the file names no zone
    assert settled("a.txt", naive).publish_at == datetime(2024, 11, 21, 5, tzinfo=UTC)
    assert settled("weekly/a.txt", naive).publish_at == datetime(2024, 11, 21, 11, tzinfo=UTC)
    aware = replace(PLAIN, publish_at=datetime(2024, 11, 21, 6, tzinfo=timezone(timedelta(hours=3))))
    assert settled("a.txt", aware).publish_at == datetime(2024, 11, 21, 3, tzinfo=UTC)
    twice = replace(PLAIN, publish_at=datetime(2024, 10, 27, 2, 30))  # noqa: DTZ001
    assert settled("a.txt", twice).publish_at == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_section_slugs_are_unique() -> None:
    names = ["News", "news!", "News 2", "أخبار", "أخبار", "!?"]
    slugs = section_slugs([(name, "") for name in names])
    assert slugs[:3] == ["news", "news-2", "news-2-2"]
    assert len(set(slugs)) == 6
    assert section_slugs([("a-2", ""), ("a", ""), ("a", "")]) == ["a-2", "a", "a-3"]
    assert section_slugs([("a", ""), ("b", "a")]) == ["a-2", "a"]
    made_by_hand = replace(PLAIN, sections=(Section("", "A", ()), Section("", "A", ())))
    assert [section.slug for section in settled("a.txt", made_by_hand).sections] == ["a", "a-2"]


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(st.text(max_size=30), max_size=6), st.integers(10, 40))
def test_any_name_becomes_a_slug(names: list[str], limit: int) -> None:
    assert all(is_slug(slugify(name, fallback="x", limit=limit)) for name in names)
    slugs = section_slugs([(name, "") for name in names])
    assert len(set(slugs)) == len(names)
    assert all(map(is_slug, slugs))
    assert is_slug(slug_of("".join(names) + ".txt", DAY))
