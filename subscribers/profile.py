"""What a person may say about themselves, checked: name, language, time zone, sections."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from functools import cache, lru_cache
from zoneinfo import available_timezones

from publisher.errors import SubscriberError

NAME_LENGTH = 200
SECTION_LENGTH = 80
LONGEST_PAUSE = timedelta(days=366)

_REPEATED = 4096
"""A list says the same few things of a million people: so many answers are kept."""


def clean_name(text: str) -> str:
    """The name in one line, NFC-normalised.

    Raises:
        SubscriberError: it is too long, or holds control characters or what is no text (lone surrogates).
    """
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise SubscriberError("the name holds control characters, or halves of characters")
    if len(name) > NAME_LENGTH:
        raise SubscriberError(f"the name is longer than {NAME_LENGTH} characters")
    return name


@lru_cache(maxsize=_REPEATED)
def clean_language(text: str) -> str:
    """A language tag like `de` or `pt-BR` (RFC 5646); an underscore is taken for a hyphen, empty stays empty.

    Raises:
        SubscriberError: it is none.
    """
    tag = text.strip().replace("_", "-")
    if tag and not (len(tag) <= 35 and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag)):
        raise SubscriberError(f'"{tag[:40]}" is no language; write one like "de" or "pt-BR"')
    return tag


@lru_cache(maxsize=_REPEATED)
def clean_timezone(text: str) -> str:
    """A time zone of the IANA database; empty stays empty.

    Raises:
        SubscriberError: it is none.
    """
    zone = text.strip()
    if zone and zone not in _zones():
        raise SubscriberError(f'"{zone[:40]}" is no time zone; write one like "Europe/Berlin"')
    return zone


@lru_cache(maxsize=_REPEATED)
def clean_sections(text: str) -> tuple[str, ...] | None:
    """The slugs of the sections named in one cell, between `|`, `,` or `;`; None when it names none: all of them.

    A name in Latin letters becomes its slug, "North and South" `north-and-south`.

    Raises:
        SubscriberError: a name has no such slug.
    """
    if not text or text.isspace():
        return None
    slugs = (_slug(name) for name in re.split(r"[|,;]", text) if name.strip())
    return tuple(dict.fromkeys(slugs)) or None


def clean_pause(text: str, today: date) -> date | None:
    """The day on which mail begins again, `2024-12-24`; None for none.

    Raises:
        SubscriberError: it is no day, or not one of the year ahead.
    """
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise SubscriberError("a day is written like 2024-12-24") from error
    if not today < day <= today + LONGEST_PAUSE:
        raise SubscriberError("a pause ends on a day of the year ahead")
    return day


def known_zones() -> tuple[str, ...]:
    """The time zones that people live in, by name: those of a continent or an ocean."""
    return tuple(sorted(zone for zone in _zones() if zone.partition("/")[0] in _REGIONS))


_REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _slug(name: str) -> str:
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", name.lower())
        if not unicodedata.combining(character)
    )
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug or not plain.isascii() or len(slug) > SECTION_LENGTH:
        raise SubscriberError(f'"{name.strip()[:40]}" is no section; write its slug, like "north-and-south"')
    return slug
