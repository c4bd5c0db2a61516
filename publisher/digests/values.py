"""The values that a file may give about its digest, checked the same way in every format.

Each function takes what the editor wrote and raises ValueError with the reason when it cannot be taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from publisher.digests.characters import clean
from publisher.digests.dates import FIRST_YEAR, LAST_YEAR, read_date_line
from publisher.digests.links import linked
from publisher.digests.model import Figure
from publisher.digests.slugs import RESERVED, is_slug

MAX_TITLE = 300
"""Characters of a title or a section's name: mail programs show fewer than a hundred."""

NEWSLETTER_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
LANGUAGE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
STATUSES: Mapping[str, bool] = {"draft": True, "final": False, "finalized": False}
"""`status` and whether it makes a draft."""

_IMAGE_KEYS = ("src", "alt", "caption", "credit")


def line(text: str) -> str:
    """One line of clean text."""
    text = clean(text).strip()
    if len(text) > MAX_TITLE:
        raise ValueError(f"is longer than {MAX_TITLE} characters")
    return text


def folded(name: str) -> str:
    """A name for comparing: case and white space do not matter."""
    return " ".join(clean(name).casefold().split())


def slug(text: str) -> str:
    """A slug that may stand in a public address."""
    if not is_slug(text):
        raise ValueError(f'"{text}" is no slug; write lower-case letters a-z, digits and single hyphens')
    if text in RESERVED:
        raise ValueError(f'"{text}" is reserved; choose another')
    return text


def newsletter(text: str) -> str:
    """The slug of a newsletter; whether it exists is asked later."""
    if not re.fullmatch(NEWSLETTER_PATTERN, text):
        raise ValueError(f'"{text}" is no newsletter\'s slug')
    return text


def language(text: str) -> str:
    """A language tag such as `en` or `pt-BR` (BCP 47)."""
    if not re.fullmatch(LANGUAGE_PATTERN, text):
        raise ValueError(f'"{text}" is no language tag; write one like "en" or "pt-BR"')
    return text


def day(text: str) -> date:
    """A date, ISO or as in a date line."""
    found = read_date_line(text)
    if found is None:
        raise ValueError(f'"{text}" is no date; write one like 2024-11-21')
    return found


def moment(text: str) -> datetime:
    """An ISO 8601 date and time; naive when it names no zone."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or not re.search(r"\d[T ]\d", text) or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f'"{text}" is no date and time; write one like 2024-11-21 06:00')
    return found


def draft(text: str) -> bool:
    """Whether the status is `draft`."""
    if text not in STATUSES:
        raise ValueError(f'"{text}" is no status; write one of {", ".join(STATUSES)}')
    return STATUSES[text]


def image(entries: Mapping[str, str]) -> Figure:
    """The picture that stands for the digest."""
    unknown = next((key for key in entries if key not in _IMAGE_KEYS), None)
    if unknown is not None:
        raise ValueError(f'"{unknown}" is not known; a picture has {", ".join(_IMAGE_KEYS)}')
    if not entries.get("src", "").strip():
        raise ValueError("a picture needs src: a file beside the digest, or an address")
    return Figure(
        src=entries["src"].strip(),
        alt=clean(entries.get("alt", "")).strip(),
        caption=linked(entries.get("caption", "").strip()),
        credit=clean(entries.get("credit", "")).strip(),
    )
