"""From bytes to characters, and never into nonsense."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.characters import MAX_BYTES, clean, decode, direction_of
from publisher.errors import DigestError


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("naïve “quotes” – €5".encode("cp1252"), "naïve “quotes” – €5"),
        ("\ufeffnaïve".encode(), "naïve"),
        ("naïve".encode("utf-16"), "naïve"),
        ("\ufeffnaïve".encode("utf-16-be"), "naïve"),
        (b"one\r\ntwo\rthree\x0bfour\x0cfive", "one\ntwo\nthree\nfour\nfive"),
        ("cafe\u0301".encode(), "café"),
    ],
)
def test_encodings_that_newsrooms_use(data: bytes, text: str) -> None:
    assert decode(data, name="x.txt") == text


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"", "the file is empty", None),
        (b" \r\n\t\n", "the file is empty", None),
        ("\ufeff".encode(), "the file is empty", None),
        (b"x" * (MAX_BYTES + 1), "5.2 MB", None),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary data", None),
        (bytes(range(1, 32)) * 9, "binary data", None),
        ("text".encode("utf-16-le"), "binary data", None),
        (b"\xff\xfea", "broken UTF-16-LE", 1),
        ("one\ntwo “good” – ".encode() + b"\xe2\x80\nthree", "broken UTF-8", 2),
        ("one\nНовости дня для всех".encode("cp1251"), "neither UTF-8 nor Windows-1252", 2),
        (b"one\ntwo \x81 three", "neither UTF-8 nor Windows-1252", 2),
        ("one\na" + "\u0301\u0323" * 16, "more than 30 marks", 2),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(data: bytes | str, message: str, line: int | None) -> None:
    with pytest.raises(DigestError, match=message) as caught:
        decode(data.encode() if isinstance(data, str) else data, name="x.txt")
    assert (caught.value.file, caught.value.line) == ("x.txt", line)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    with suppress(DigestError):
        assert "\0" not in decode(data, name="x")


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text())
def test_clean_text_stays_clean(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in cleaned)


def test_joiners_and_no_break_spaces_are_the_writers() -> None:
    assert clean("می\u200cروم 5\u00a0km \u200f!") == "می\u200cروم 5\u00a0km \u200f!"


@pytest.mark.parametrize(
    ("texts", "direction"),
    [
        (["English"], "ltr"),
        (["شيء", "x"], "rtl"),
        (["שלום https://example.org/a/very/long/address/in/latin/letters"], "rtl"),
        (["A title", "and more English than שלום"], "ltr"),
        (["123 !"], "ltr"),
        (["אב ab"], "rtl"),
        (["ab אב"], "ltr"),
        ([], "ltr"),
    ],
)
def test_direction_is_that_of_most_letters(texts: list[str], direction: str) -> None:
    assert direction_of(texts) == direction


@pytest.mark.parametrize(
    ("language", "direction"),
    [
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("AR", "rtl"),
        ("az-Arab-IR", "rtl"),
        ("ar-Latn", "ltr"),
        ("az", "ltr"),
        ("en", "ltr"),
        ("", "ltr"),
    ],
)
def test_a_language_that_its_writer_names_decides_for_the_right(language: str, direction: str) -> None:
    assert direction_of(["Hafen öffnet: Reuters, AFP, BBC", "الميناء"], language) == direction
    assert direction_of(["الميناء يفتح"], language) == "rtl"
