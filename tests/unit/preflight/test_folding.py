"""Words stay equal through everything that happens to them between HTML and text."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.preflight.folding import words
from publisher.rendering.columns import wrap
from publisher.rendering.words import capitals

strings = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=60)


@pytest.mark.parametrize("language", ["en", "tr"])
def test_capitals_change_no_word_in_any_script(language: str) -> None:
    letters = " ".join(chr(each) for each in range(sys.maxunicode) if chr(each).isalpha())
    assert words(capitals(letters, language)) == words(letters)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(strings)
def test_wrapping_changes_no_word(text: str) -> None:
    assert words("\n".join(wrap(text, 8))) == words(text)


def test_no_invisible_sign_parts_a_word() -> None:
    assert words("super\u00adcali\u200bfragi\u2060listic\ufeff") == ["supercalifragilistic"]


def test_accents_do_not_matter_but_letters_do() -> None:
    assert words("Ärger é e\u0301 ø") == ["arger", "e", "e", "ø"]
    assert words("Харків") != words("Харкив")


def test_a_word_that_a_link_begins_or_ends_in_is_not_counted() -> None:
    assert words("the \x1etanker\x1fs of \x1etoday\x1f, a\x1e \x1fb 漢\x1e字\x1f字") == [
        "the",
        "of",
        "today",
        "漢",
        "字",
        "字",
    ]


def test_letters_between_which_a_line_may_break_stand_alone() -> None:
    assert words("港口a港ｂ") == ["港", "口", "a", "港", "b"]
