"""Lines of plain text by display columns: East Asian wide letters take two, combining marks none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

WIDTH = 72
"""Columns of a plain-text mail."""

NARROWEST = 24
"""Columns that deep nesting always leaves to the text."""

_ZERO_WIDTH = {"Mn", "Me", "Cf"}
_SPACES = re.compile(r"[ \t\n\r\f\v\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+")
"""White space where a line may break: all of it but the no-break spaces."""
_CLOSING = frozenset("、。，．・：；？！）］｝」』】〕〉》”’ー々")
"""Signs that do not begin a line in Chinese and Japanese."""


def char_width(char: str) -> int:
    """Columns that one character takes."""
    if char < "\u0300":
        return 1
    if unicodedata.category(char) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def text_width(text: str) -> int:
    """Columns that `text` takes in a terminal."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def pad(text: str, width: int, alignment: str) -> str:
    """`text` filled up with spaces to `width` columns; alignment is left, right or center."""
    room = max(0, width - text_width(text))
    before = {"right": room, "center": room // 2}.get(alignment, 0)
    return " " * before + text + " " * (room - before)


def wrap(text: str, width: int = WIDTH) -> list[str]:
    """`text` in lines of at most `width` columns; a longer word, say an address, stays whole in its own line."""
    lines: list[str] = []
    line, used = "", 0
    for word in filter(None, _SPACES.split(text)):
        gap = " " if line else ""
        for piece in _pieces(word):
            taken = text_width(piece)
            if line and used + len(gap) + taken > width:
                lines.append(line)
                line, used, gap = "", 0, ""
            line += gap + piece
            used += len(gap) + taken
            gap = ""
    return [*lines, line] if line else lines


def _pieces(word: str) -> Iterator[str]:
    """`word` cut where a line may break inside it: around wide letters, but not before closing signs."""
    if word.isascii():
        yield word
        return
    piece, breakable = "", False
    for char in word:
        wide = char_width(char) == 2
        if piece and char not in _CLOSING and char_width(char) and (wide or breakable):
            yield piece
            piece = ""
        piece += char
        if char_width(char):
            breakable = wide or char in _CLOSING
    yield piece


def hang(lines: list[str], first: str, rest: str | None = None) -> list[str]:
    """`lines` with `first` before the first of them and as much space, or `rest`, before the others."""
    others = " " * text_width(first) if rest is None else rest
    prefixed = [(first if index == 0 else others) + line for index, line in enumerate(lines or [""])]
    return [line.rstrip() for line in prefixed]
