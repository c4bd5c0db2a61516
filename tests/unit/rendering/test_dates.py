"""Dates in a digest's own words are not broken between day and month."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.rendering.dates import unbroken_dates

LANGUAGES = ("en", "de", "fr", "es", "ar", "uk", "pt-BR", "xx", "")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "on Saturday, November 2: see", "on Saturday, November|2: see"),
        ("en", "Nov. 2 and 3 May 2024", "Nov.|2 and 3|May 2024"),
        ("de", "am 2. November 2024", "am 2.|November 2024"),
        ("fr", "le 1er novembre, puis le 2 mai", "le 1er|novembre, puis le 2|mai"),
        ("es", "el 2 de noviembre de 2024", "el 2|de|noviembre de 2024"),
        ("ar", "في 21 نوفمبر 2024", "في 21|نوفمبر 2024"),
        ("uk", "з 2 листопада", "з 2|листопада"),
        ("en-GB", "12 March", "12|March"),
        ("en", "May 2024, 1.5 May 2.5, version 2.5 may", "May 2024, 1.5 May 2.5, version 2.5 may"),
        ("de", "November 2nd is no German", "November 2nd is no German"),
        ("xx", "November 2", "November 2"),
    ],
)
def test_a_day_stays_with_its_month(language: str, text: str, expected: str) -> None:
    assert unbroken_dates(text, language) == expected.replace("|", "\u00a0")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(alphabet="12 .,Maynovembr de\n\u00a0", max_size=60), st.sampled_from(LANGUAGES))
def test_only_spaces_change(text: str, language: str) -> None:
    assert unbroken_dates(text, language, "_").replace("_", " ") == text
