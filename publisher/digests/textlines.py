"""The lines of a plain-text digest: what each looks like, and which were one before somebody wrapped them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from publisher.digests.credits import split_credit
from publisher.digests.dates import AmbiguousDateError, read_date_line

LONG = 100
"""A line of more characters is a paragraph by itself: nobody wraps there."""

SENTENCE = 60
"""A line of more characters is running text, not a heading and not a line of an address."""

TERMINAL = ".!?…:;,。！？؟۔।"
"""What ends a sentence or a part of it."""

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff"
_FAMILIES = {
    sign: family
    for family, signs in enumerate(
        ("-–—‐‑−", "•●·∙⁃*\uf0b7", "◦○o▫", "▪■□\uf0a7", "‣►▸➢➤➔→\uf0d8", "✓✔\uf0fc", "+")
    )
    for sign in signs
}
_GLUED = "•●·∙⁃◦○▫▪■□‣►▸➢➤\uf0b7\uf0a7\uf0d8\uf0fc"  # the last ones are office programs' symbol fonts
_BULLET = re.compile(rf"(?:([{_GLUED}])\s*|([-–—‐‑−*➔→✓✔+])\s+|(o)(?:\t\s*|[ \u00a0]{{2,}}))(?=\S|$)")
_LONE = re.compile(rf"[{_GLUED}*–—-]")
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]\s+(?=\S)")
_QUOTE = re.compile(r"(?:>\s?)+")
_RULE = re.compile(r"([-*_=~–—•·#+])(?:\s*\1){2,}")
_UNDERLINE = re.compile(r"=+|-{3,}|~{3,}|\*{3,}|_{3,}")
_HEADING = re.compile(r"(#{1,6})\s+(?=\S)")
_STARRED = re.compile(r"(\*\*|__|\*|_)(?=\S)(.+)(?<=\S)\1")
_ADDRESS = re.compile(r"://|\S@\S|\bwww\.", re.IGNORECASE)
_SENTENCE = re.compile(r"\w{4,}[.!?]\s|[.!?]\s*\[|\]$")
_INITIALS = re.compile(r"(?:\w\.){2,}$")


@dataclass(frozen=True, slots=True)
class Marker:
    """The sign that begins an item. `family` unites signs that people mix up; numbers have a number instead."""

    family: int | None
    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `number` counts from 1 in the file, `indent` in columns, `text` is without outer white space."""

    number: int
    indent: int
    text: str

    @property
    def blank(self) -> bool:
        """Whether nothing stands on it."""
        return not self.text


def lines_of(text: str, *, skipped: int = 0) -> list[Line]:
    """The physical lines; `skipped` lines stand above the text in its file."""
    result = []
    for number, physical in enumerate(text.split("\n"), skipped + 1):
        bare = physical.lstrip().lstrip(_INVISIBLE).strip()
        before = physical[: len(physical) - len(physical.lstrip())]
        result.append(Line(number, len(before.expandtabs(4)), bare))
    return result


# --- what a line looks like ------------------------------------------------------------------------------------


def bullet(text: str) -> Marker | None:
    """The bullet that begins the line; one that stands alone has its text on the next line."""
    match = _BULLET.match(text)
    if match and match.end() < len(text):
        sign = next(group for group in match.groups() if group)
        return None if is_rule(text) else Marker(_FAMILIES[sign], None, text[match.end() :])
    return Marker(_FAMILIES[text], None, "") if len(text) == 1 and _LONE.match(text) else None


def numbered(text: str) -> Marker | None:
    """The number that begins the line: `1.`, `1)` or `(1)`, in digits of any script."""
    match = _NUMBER.match(text)
    return Marker(None, int(match[1]), text[match.end() :]) if match else None


def quote_depth(text: str) -> int:
    """How many `>` begin the line."""
    match = _QUOTE.match(text)
    return match[0].count(">") if match else 0


def is_rule(text: str) -> bool:
    """Whether the line only divides."""
    return _RULE.fullmatch(text) is not None


def is_underline(text: str) -> bool:
    """Whether the line may underline the one above it."""
    return len(text) >= 3 and _UNDERLINE.fullmatch(text) is not None


def explicit_heading(text: str) -> tuple[int, str] | None:
    """Level and words of a heading with number signs, as Markdown writers type them anywhere."""
    match = _HEADING.match(text)
    if match is None:
        return None
    words = text[match.end() :].rstrip("#").rstrip() or text[match.end() :]
    return len(match[1]), words


def unstarred(text: str) -> str:
    """A line wholly in asterisks or underscores, as messengers write bold, without them."""
    match = _STARRED.fullmatch(text)
    return match[2] if match and match[1] not in match[2] else text


def looks_like_heading(text: str) -> bool:
    """Whether a line is shaped like a heading: short, a beginning, no sentence. Where it stands is not asked."""
    text = unstarred(text)
    words = text.split()
    if not 1 <= len(words) <= 12 or len(text) > 80 or _ADDRESS.search(text):
        return False
    first = next((character for character in text if character.isalnum()), "")
    if not first or first.islower() or not any(character.isalpha() for character in text):
        return False
    if text[0] in "[(—–" or split_credit(text) or _SENTENCE.search(text):
        return False
    ending = text.rstrip("”\"’'»)")[-1:]
    return ending not in TERMINAL or (ending == "?" and len(words) <= 8) or _INITIALS.search(text) is not None


def is_capitals(text: str) -> bool:
    """Whether the line is in capitals; scripts without them never are."""
    return text.isupper() and sum(character.isalpha() for character in text) > 1


def date_of(text: str) -> bool:
    """Whether the line is a date, even one that can be read in two ways."""
    try:
        return read_date_line(text) is not None
    except AmbiguousDateError:
        return True


# --- lines that were wrapped -----------------------------------------------------------------------------------


def unwrapped(lines: Sequence[Line]) -> list[Line]:
    """Lines joined again where a mail program or terminal had wrapped them.

    A text counts as wrapped when no line is longer than `LONG` and lines keep ending just where the next word
    would have stood out. Then a line goes on when its successor's first word would not have fitted, or begins
    in lower case after no full stop.
    """
    width = max((line.indent + len(line.text) for line in lines), default=0)
    if not 50 <= width <= LONG:
        return list(lines)
    pairs = [(one, two) for one, two in pairwise(lines) if _may_go_on(one, two)]
    full = [(one, two) for one, two in pairs if _is_full(one, two, width)]
    if len(full) < 3 and not any(two.text[0].islower() for _, two in full):
        return list(lines)
    groups: list[list[Line]] = []
    for line in lines:
        previous = groups[-1][-1] if groups else None
        if (
            previous
            and _may_go_on(previous, line)
            and (_is_full(previous, line, width) or _runs_on(previous, line))
        ):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_joined(group) for group in groups]


def _joined(group: Sequence[Line]) -> Line:
    parts = [group[0].text]
    for line, following in pairwise(group):
        # a hyphen at the end of a line belongs to the word; nobody can tell whether it was there before wrapping
        hyphened = line.text[-1] == "-" and line.text[-2:-1].isalpha() and following.text[0].islower()
        parts += [following.text] if hyphened else [" ", following.text]
    return replace(group[0], text="".join(parts))


def _may_go_on(line: Line, following: Line) -> bool:
    return not (line.blank or following.blank or is_construct(following.text) or _ends(line.text))


def _ends(text: str) -> bool:
    return (
        is_rule(text)
        or quote_depth(text) > 0
        or explicit_heading(text) is not None
        or split_credit(text) is not None
    )


def is_construct(text: str) -> bool:
    """Whether the line begins something else than running text."""
    return bool(bullet(text) or numbered(text) or quote_depth(text) or is_rule(text) or is_underline(text)) or (
        explicit_heading(text) is not None
    )


def _is_full(line: Line, following: Line, width: int) -> bool:
    return line.indent + len(line.text) + 1 + len(following.text.split(None, 1)[0]) > width


def _runs_on(line: Line, following: Line) -> bool:
    return following.text[0].islower() and line.text[-1] not in TERMINAL and len(line.text) > 40
