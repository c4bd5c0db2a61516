"""Lines that are nothing but a date, as newsrooms write them above or below a title."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel.dates import get_day_names, get_month_names

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Digests are not dated outside of these."""

_LANGUAGES = "en de fr es it pt nl sv da nb fi pl cs hr ru uk ro hu el tr ar he fa id"
_LOCALES = tuple(_LANGUAGES.split())
_TOKEN = re.compile(r"\d+|[^\W\d_](?:[^\s\d,،./|·()\-–—:]|(?<=[^\W\d_])['’])*")
_SEPARATORS = re.compile(r"[\s,،./|·()\-–—\u200e\u200f]*")
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "re", "º", "ª", "."})
_FILLER_WORDS = "of the de del den der le la el dem d año г года р року 年 月 日 년 월 일"
_FILLERS = frozenset(_FILLER_WORDS.split())
_NUMERIC = re.compile(r"(\d{1,4})\s*([-./])\s*(\d{1,2})\s*\2\s*(\d{1,4})\.?")


class AmbiguousDateError(ValueError):
    """The line is a date that can be read in two ways."""


@dataclass(frozen=True, slots=True)
class _Names:
    months: Mapping[str, frozenset[int]]
    weekdays: frozenset[str]


@cache
def _names(locales: tuple[str, ...]) -> _Names:
    """Names of months and weekdays. Some name means two months: "listopada" does in Polish and Croatian."""
    months: dict[str, set[int]] = defaultdict(set)
    weekdays = {"tues", "weds", "thur", "thurs"}
    for locale in locales:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context=context, locale=locale).items():
                    months[_folded(name)].add(number)
                weekdays |= {
                    _folded(name) for name in get_day_names(width, context=context, locale=locale).values()
                }
    months["sept"].add(9)
    for name in [name for name in months if "he" in locales and "\u05d0" <= name[:1] <= "\u05ea"]:
        months["ב" + name] |= months[name]
    return _Names({name: frozenset(numbers) for name, numbers in months.items()}, frozenset(weekdays))


def _folded(name: str) -> str:
    return name.casefold().strip(" .\u200e\u200f").replace("-", " ")


def read_date_line(line: str) -> date | None:
    """The date, when the whole line is one (a weekday may stand before or after it; it is not checked).

    ISO, `21 November 2024`, `Nov 21st, 2024`, `21.11.2024`, `2024年11月21日`, the month's names in some twenty
    languages, digits of any script. None for every other line.

    Raises:
        AmbiguousDateError: two numbers with slashes may each be the month, or its name means two of them.
    """
    line = line.strip().strip("*_[]")
    if not 6 <= len(line) <= 60 or not any(character.isdigit() for character in line):
        return None
    tokens = _TOKEN.findall(line)
    if len(tokens) > 9 or not _SEPARATORS.fullmatch(_TOKEN.sub("", line)):
        return None
    numbers = [int(token) for token in tokens if token.isdecimal() and len(token) <= 4]
    if not 2 <= len(numbers) <= 3 or not any(FIRST_YEAR <= number <= LAST_YEAR for number in numbers):
        return None
    words = [_folded(token) for token in tokens if not token.isdigit()]
    for locales in (("en",), _LOCALES):
        found = _read(line, numbers, words, _names(locales))
        if found:
            return found
    return None


def _read(line: str, numbers: list[int], words: list[str], names: _Names) -> date | None:
    spelled = [word for word in words if word not in _ORDINALS and word not in _FILLERS]
    if len(numbers) == 3:
        if any(word not in names.weekdays for word in spelled):
            return None
        return _numeric(line, numbers)
    day, year = sorted(numbers)
    return _one_of(line, [_date(year, month, day) for month in sorted(_months(spelled, names))])


def _one_of(line: str, readings: list[date | None]) -> date | None:
    """The only reading that is a date."""
    found = [reading for reading in readings if reading]
    if len(found) > 1:
        raise AmbiguousDateError(f'"{line}" may be {found[0].isoformat()} or {found[1].isoformat()}')
    return found[0] if found else None


def _months(spelled: list[str], names: _Names) -> Collection[int]:
    """The month (or those of its name) among these words, the others being weekdays ("mar" is both somewhere)."""
    for weekdays in range(len(spelled)):
        for rest, day in (
            (spelled[weekdays:], spelled[:weekdays]),
            (spelled[: -weekdays or None], spelled[-weekdays:]),
        ):
            months = names.months.get(" ".join(rest))
            if months and (" ".join(day) in names.weekdays or all(word in names.weekdays for word in day)):
                return months
    return ()


def _numeric(line: str, numbers: list[int]) -> date | None:
    first, second, third = numbers
    if first >= FIRST_YEAR:
        return _date(first, second, third)
    match = _NUMERIC.search(line)
    if match is None or third < FIRST_YEAR:
        return None
    if match[2] != "/" or first == second:
        return _date(third, second, first)
    return _one_of(match[0], [_date(third, second, first), _date(third, first, second)])


def _date(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
