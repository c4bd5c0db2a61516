"""The words of an expression, each with its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from publisher.errors import SegmentError

LONGEST = 4_000
"""Characters of an expression."""


class Sort(StrEnum):
    """What a token is."""

    WORD = "word"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, sign or value. `text` is what it says: of a TEXT without quotes and escapes."""

    sort: Sort
    text: str
    offset: int

    @property
    def shown(self) -> str:
        """What people are told of it."""
        return "the end" if self.sort is Sort.END else f'"{self.text[:40]}"'


_TOKENS = (
    (Sort.DATE, re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![\w-])")),
    (Sort.NUMBER, re.compile(r"-?[0-9]+(\.[0-9]+)?(?![\w.])")),
    (Sort.WORD, re.compile(r"[^\W\d][\w-]*")),
    (Sort.SIGN, re.compile(r"!=|<=|>=|[=<>(),.](?![=<>])|[(),.]")),
)
_HABITS = {
    "==": 'Write "="',
    "<>": 'Write "!="',
    "&&": 'Write "and"',
    "||": 'Write "or"',
    "!": 'Write "not"',
    "≠": 'Write "!="',
    "≤": 'Write "<="',
    "≥": 'Write ">="',
    **dict.fromkeys("“”„‟«»‘’‚`´", 'Write straight quotes, "like this"'),
    ";": "An expression is one sentence, without a semicolon",
    "*": 'Write "contains", "starts with" or "ends with"',
}
"""What people write who come from elsewhere, and what it is here."""


def tokens(source: str) -> list[Token]:
    """The tokens of an expression, an END last.

    Raises:
        SegmentError: it is too long, or something in it is no word, value or sign.
    """
    if len(source) > LONGEST:
        raise SegmentError(
            f"the expression has {len(source)} characters, {LONGEST} at most are read",
            remedy="Make two segments of it",
        )
    found, offset = [], 0
    while offset < len(source):
        if source[offset].isspace():
            offset += 1
            continue
        token, offset = _text(source, offset) if source[offset] in "\"'" else _token(source, offset)
        found.append(token)
    return [*found, Token(Sort.END, "", len(source))]


def _token(source: str, offset: int) -> tuple[Token, int]:
    for sort, pattern in _TOKENS:
        match = pattern.match(source, offset)
        if match:
            text = unicodedata.normalize("NFC", match[0])
            return Token(sort, text, offset), match.end()
    raise _strange(source, offset)


def _strange(source: str, offset: int) -> SegmentError:
    """What is said of a place where no token begins."""
    number = re.compile(r"-?[0-9][\w.-]*").match(source, offset)
    if number:
        return SegmentError(
            f'"{number[0][:40]}" is no number and no date',
            remedy="Write 42, 1.5, 2024-11-21 or 30 days ago",
            source=source,
            offset=offset,
        )
    habit = next((sign for sign in _HABITS if source.startswith(sign, offset)), "")
    said = habit or source[offset]
    shown = said if said.isprintable() else f"U+{ord(said):04X}"
    remedy = _HABITS.get(habit, 'Texts stand in quotes, "like this"')
    return SegmentError(f'"{shown}" has no meaning here', remedy=remedy, source=source, offset=offset)


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def _text(source: str, offset: int) -> tuple[Token, int]:
    """A text in quotes, double or single; in it `\\"`, `\\'` and `\\\\` are a quote and a backslash."""
    quote = source[offset]
    match = re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}", re.DOTALL).match(source, offset)
    if not match:
        raise SegmentError(
            "this quote is never closed", remedy=f"End it with {quote}", source=source, offset=offset
        )
    for escape in _ESCAPED.finditer(match[1]):
        if escape[1] not in "\"'\\":
            raise SegmentError(
                f"\\{escape[1]} has no meaning in a text",
                remedy="Write a backslash twice",
                source=source,
                offset=offset + 1 + escape.start(),
            )
    text = unicodedata.normalize("NFC", _ESCAPED.sub(r"\1", match[1]))
    strange = next((character for character in text if unicodedata.category(character) in ("Cc", "Cs")), None)
    if strange:
        raise SegmentError(
            f"the text holds U+{ord(strange):04X}",
            remedy="Nobody's data has control characters",
            source=source,
            offset=offset,
        )
    return Token(Sort.TEXT, text, offset), match.end()
