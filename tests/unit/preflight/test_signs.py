"""Characters that are not seen."""

from __future__ import annotations

import pytest

from publisher.preflight.signs import controls, hidden, is_blank, turning


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", []),
        ("\u200e\u200f\u061c", []),
        ("a \u2067b\u2069 c", []),
        ("\u2066a \u2067b\u2069 c\u2069", []),
        ("\u202aa \u202bb\u202c c\u202c", []),
        ("\u2067a \u202bb\u202c\u2069", []),
        ("\u202ea\u202c", ["U+202E"]),
        ("\u2067a", ["U+2067"]),
        ("a\u2069", ["U+2069"]),
        ("a\u202c", ["U+202C"]),
        ("\u202ba\u2069", ["U+202B", "U+2069"]),
        ("\u2067\u202ba\u2069", ["U+202B"]),
        ("\u2067a\u202c\u2069", ["U+202C"]),
        ("\u202da\u202ea", ["U+202D", "U+202E"]),
    ],
)
def test_controls_that_turn_their_surroundings(text: str, found: list[str]) -> None:
    assert turning(text) == found


def test_every_control_is_told_once() -> None:
    assert controls("\u2067a\u2069 \u2067b\u2069") == ["U+2067", "U+2069"]


@pytest.mark.parametrize("text", ["", " \t", "\u00a0\u3000", "\u200b\u2060\ufeff", "\u2800\u3164", "\u0301"])
def test_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "🚢", "ا", "漢", " \u200ba"])
def test_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_signs_at_the_edge_of_what_is_spelling() -> None:
    assert hidden("a\u200cb") == ["U+200C"]
    assert hidden("می\u200cخواهم") == []
    assert hidden("👨\u200d👩\u200d👧") == []
    assert hidden("\U0001f3f4\U000e0067\U000e007f") == []
    assert hidden("x\U000e0067\U000e007f") == ["U+E0067", "U+E007F"]
