"""The words and dates that we write ourselves, in the newsletter's language.

Templates mark their words with `{% trans %}`; Python asks `Words`. A language without a catalogue gets English
words, and is told so (`spoken`), so that pages never claim another language than they speak.

The catalogues are gettext's `.po` files, read as they are: nothing is compiled, so what translators edit is what
readers see, in a checkout and in a wheel. A site adds a language, or changes single words, by a catalogue of its
own in `templates/locale` beside its configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from publisher.digests.model import Direction
from publisher.errors import RenderError
from publisher.rendering.templates import templates_root

CATALOGUE = "locale/{tag}/LC_MESSAGES/publisher.po"
"""Where the words of a language stand below `templates`; a tag is written as gettext does, `pt_BR`."""

SOURCE_LANGUAGE = "en"
"""What the words in templates and in Python are written in."""


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

    def label(self, name: str) -> str:
        """`name` with the colon behind it, as the language sets it: in French after a no-break space."""
        return self("%(name)s:") % {"name": name}

    def full_date(self, day: date) -> str:
        """`Thursday, November 21, 2024`, as it stands in a line of its own: with a capital in every language."""
        return _capital(self._date(day, "full"))

    def long_date(self, day: date) -> str:
        """`November 21, 2024`, as it stands inside a line."""
        return self._date(day, "long")

    def month(self, day: date) -> str:
        """`November 2024`, as it stands in a line of its own."""
        return _capital(_plain(format_skeleton("yMMMM", day, locale=self.locale)))

    def month_name(self, day: date) -> str:
        """`November`, as it stands beside its year or below it."""
        return _capital(self.locale.months["stand-alone"]["wide"][day.month])

    def _date(self, day: date, form: Literal["full", "long"]) -> str:
        text = _plain(format_date(day, form, locale=self.locale))
        # The first of a month is an ordinal in French, which CLDR's patterns cannot say.
        return re.sub(r"\b1\b", "1er", text, count=1) if (self.locale.language, day.day) == ("fr", 1) else text


@lru_cache(maxsize=64)
def words(language: str, site: Path | None = None) -> Words:
    """Our words for a BCP 47 language tag; English when there is no catalogue for it.

    Args:
        language: of the newsletter.
        site: the folder of the site's own templates. Its catalogues go before ours, word by word.

    Raises:
        RenderError: a catalogue cannot be read; the message names file and line.
    """
    folders = [folder for folder in (site, templates_root()) if folder]
    files = [(tag, folder / CATALOGUE.format(tag=tag)) for tag in _tags(language) for folder in folders]
    found = [(tag, file) for tag, file in files if file.is_file()]
    if not found:
        return Words(locale_of(language), SOURCE_LANGUAGE, NullTranslations())
    first, *others = [_translations(file) for _, file in found]
    for other in others:
        first.add_fallback(other)
    return Words(locale_of(language), found[0][0].replace("_", "-"), first)


@lru_cache(maxsize=8)
def languages(site: Path | None = None) -> tuple[tuple[str, str], ...]:
    """The languages that our words are written in: tag and own name, by tag. `site` is as for `words`."""
    pattern = CATALOGUE.format(tag="*")
    found = {
        file.parts[-3].replace("_", "-")
        for folder in (site, templates_root())
        if folder
        for file in folder.glob(pattern)
    }
    tags = sorted(found | {SOURCE_LANGUAGE})
    return tuple((tag, _capital(locale_of(tag).get_display_name() or tag)) for tag in tags)


def _tags(language: str) -> list[str]:
    """The tag as gettext writes it, what says most first: `zh_Hant_TW`, `zh_TW`, `zh_Hant`, `zh`."""
    tags: dict[str, None] = {}
    for tag in (language.replace("-", "_"), str(locale_of(language))):
        parts = tag.split("_")
        tags |= {"_".join(parts[:length]): None for length in range(1, len(parts) + 1)}
    return sorted(tags, key=lambda tag: -tag.count("_"))


def _translations(file: Path) -> GNUTranslations:
    compiled = BytesIO()
    try:
        with file.open("rb") as opened:
            write_mo(compiled, read_po(opened, abort_invalid=True))
    except PoFileError as error:
        raise _unreadable(file, str(error), error.lineno + 1) from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _unreadable(file, str(error), None) from error
    compiled.seek(0)
    return GNUTranslations(compiled)


def _unreadable(file: Path, what: str, line: int | None) -> RenderError:
    return RenderError(
        f"the catalogue cannot be read: {what}",
        remedy="Mend it, or take it away to have our own words",
        file=str(file),
        line=line,
    )


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Babel's locale for a BCP 47 tag, for its language alone when the rest is unknown, else English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def territorial(language: str) -> str:
    """A language with a territory, as Open Graph wants it: `en_US`, of `de` the likeliest, `de_DE`."""
    locale = locale_of(language)
    likely = get_global("likely_subtags").get(locale.language, "").rpartition("_")[2]
    return f"{locale.language}_{locale.territory or likely or locale.language.upper()}"


def direction_of(language: str) -> Direction:
    """Whether a language is written from the left or from the right."""
    return _direction(locale_of(language))


def _direction(locale: Locale) -> Direction:
    return "rtl" if locale.text_direction == "rtl" else "ltr"


def _plain(text: str) -> str:
    """The no-break space that every font has, in place of the narrow one: mail is read in the oddest places."""
    return text.replace("\u202f", "\u00a0")


def _capital(text: str) -> str:
    return text[:1].title() + text[1:]  # title case: Georgian has capitals, and begins no sentence with one


def capitals(text: str, language: str) -> str:
    """`text` in capitals, with the dotted capital I of Turkish and Azerbaijani."""
    if language.partition("-")[0].lower() in {"tr", "az"}:
        text = text.replace("i", "İ")
    return text.upper()
