"""What people say about themselves: taken as it is meant, or refused in one line."""

from __future__ import annotations

import pytest

from publisher.errors import SubscriberError
from subscribers.profile import clean_language, clean_name, clean_sections, clean_timezone


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("", ""),
        ("  Anna  Berg ", "Anna Berg"),
        ("Anna\nBerg", "Anna Berg"),
        ("Anna\r\nBcc: x", "Anna Bcc: x"),
        ("Ju\u0308rgen", "Jürgen"),
        ("نرگس‌بانو", "نرگس‌بانو"),
    ],
)
def test_a_name_is_one_line(written: str, name: str) -> None:
    assert clean_name(written) == name


@pytest.mark.parametrize("text", ["An\0na", "An\x1b[31mna", "Anna\x7f", "x" * 201])
def test_a_name_cannot_do_harm(text: str) -> None:
    with pytest.raises(SubscriberError, match="the name"):
        clean_name(text)


@pytest.mark.parametrize(
    ("written", "tag"), [("", ""), (" de ", "de"), ("pt_BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW")]
)
def test_languages_are_tags(written: str, tag: str) -> None:
    assert clean_language(written) == tag


@pytest.mark.parametrize("text", ["german", "d", "de-", "de CH", "d€", f"de{'-abcdefgh' * 5}"])
def test_no_language_is_refused(text: str) -> None:
    with pytest.raises(SubscriberError, match='is no language; write one like "de"'):
        clean_language(text)


def test_time_zones_are_those_of_the_database() -> None:
    assert clean_timezone(" Europe/Berlin ") == "Europe/Berlin"
    assert clean_timezone("") == ""
    for text in ("Berlin", "CET+1", "../etc/passwd", "europe/berlin"):
        with pytest.raises(SubscriberError, match="is no time zone; write one like"):
            clean_timezone(text)


@pytest.mark.parametrize(
    ("written", "slugs"),
    [
        ("", None),
        (" | ; ", None),
        ("courts", ("courts",)),
        ("courts|diplomacy", ("courts", "diplomacy")),
        ("Courts, Diplomacy ;courts", ("courts", "diplomacy")),
        ("North Korean troops in Ukraine", ("north-korean-troops-in-ukraine",)),
        ("Café & Théâtre", ("cafe-theatre",)),
    ],
)
def test_sections_are_slugs(written: str, slugs: tuple[str, ...] | None) -> None:
    assert clean_sections(written) == slugs


@pytest.mark.parametrize("text", ["Суды", "---", "x" * 81])
def test_no_section_is_refused(text: str) -> None:
    with pytest.raises(SubscriberError, match="is no section; write its slug"):
        clean_sections(text)
