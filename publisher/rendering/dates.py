"""Dates in what editors wrote: a day and its month stay in one line."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

NO_BREAK = "\u00a0"

_DAY = r"\d{1,2}(?:\.|º|er)?"


def unbroken_dates(text: str, language: str, joint: str = NO_BREAK) -> str:
    """`text` with `joint` for the spaces between a day and its month: `November 2`, `2 de noviembre`.

    Args:
        text: a digest's own words.
        language: what they are written in, as a BCP 47 tag; the months of others are words like any other.
        joint: what a line is not broken at.
    """
    dates = _dates(language)
    if dates is None or not any(map(str.isdigit, text)):
        return text
    return dates.sub(lambda found: found.group().replace(" ", joint), text)


@lru_cache(maxsize=64)
def _dates(language: str) -> re.Pattern[str] | None:
    """A day beside a month of `language`, in the order of that language; None when nobody knows its months."""
    try:
        locale = Locale.parse(language.partition("-")[0])
    except (UnknownLocaleError, ValueError):
        return None
    names = {
        name.rstrip(".")
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for name in locale.months[context][width].values()
    }
    months = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name[:1].isalpha())
    if not months:
        return None
    before = rf"\b(?:{months})\.? {_DAY}(?!\w|[.,:]\d)"
    after = rf"(?<![\w.,:]){_DAY} (?:de )?(?:{months})\b"
    return re.compile(f"{after}|{before}")
