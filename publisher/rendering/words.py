"""The words and dates that we write ourselves, in the newsletter's language.

Templates mark their words with `{% trans %}`; Python asks `Words`. A language without a catalogue gets English
words, and is told so (`spoken`), so that pages never claim another language than they speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from gettext import NullTranslations, translation

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from publisher.digests.model import Direction
from publisher.rendering.templates import templates_root

DOMAIN = "publisher"
"""The catalogues are `templates/locale/LANGUAGE/LC_MESSAGES/publisher.mo`."""


@dataclass(frozen=True, slots=True)
class Words:
    """Our own words for one language. `spoken` is the language that they really are in."""

    locale: Locale
    spoken: str
    translations: NullTranslations

    def __call__(self, message: str) -> str:
        """`message` in the reader's language."""
        return self.translations.gettext(message)

    @property
    def direction(self) -> Direction:
        """The direction of the words that are really shown."""
        return direction_of(self.spoken)

    @property
    def written(self) -> Direction:
        """The direction of the newsletter's language, whichever our own words are in: that of its description."""
        return _direction(self.locale)

    def full_date(self, day: date) -> str:
        """`Thursday, November 21, 2024`."""
        return format_date(day, "full", locale=self.locale)

    def long_date(self, day: date) -> str:
        """`November 21, 2024`."""
        return format_date(day, "long", locale=self.locale)

    def month(self, day: date) -> str:
        """`November 2024`."""
        return format_skeleton("yMMMM", day, locale=self.locale)


@lru_cache(maxsize=64)
def words(language: str) -> Words:
    """Our words for a BCP 47 language tag; English when there is no catalogue for it."""
    tags = language.replace("-", "_")
    candidates = [tags, tags.partition("_")[0]]
    found = translation(DOMAIN, templates_root() / "locale", candidates, fallback=True)
    spoken = found.info().get("language", "en").replace("_", "-")
    return Words(locale_of(language), spoken, found)


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Babel's locale for a BCP 47 tag, for its language alone when the rest is unknown, else English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def direction_of(language: str) -> Direction:
    """Whether a language is written from the left or from the right."""
    return _direction(locale_of(language))


def _direction(locale: Locale) -> Direction:
    return "rtl" if locale.text_direction == "rtl" else "ltr"


def capitals(text: str, language: str) -> str:
    """`text` in capitals, with the dotted capital I of Turkish and Azerbaijani."""
    if language.partition("-")[0].lower() in {"tr", "az"}:
        text = text.replace("i", "İ")
    return text.upper()
