"""Names become slugs: ASCII, lower case, the same every time, unique where that is asked for."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 200
"""Characters of a digest's slug; the database column has no more."""

SECTION_LENGTH = 80

RESERVED = frozenset({"archive", "sections", "assets", "feeds", "page", "subscribe"})
"""Names that the public addresses under a newsletter keep for themselves."""

PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

_LETTERS = {
    # Latin letters that Unicode does not decompose
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h",
    "ŋ": "n", "ŧ": "t", "ə": "e", "ĸ": "k", "ſ": "s",
    # Cyrillic: Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian, as newspapers spell names
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "ђ": "dj", "ѓ": "gj", "е": "e", "ё": "yo",
    "є": "ye", "ж": "zh", "з": "z", "ѕ": "dz", "и": "i", "і": "i", "ї": "yi", "й": "y", "ј": "j", "к": "k",
    "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "ћ": "c", "ќ": "kj", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "џ": "dz", "ш": "sh",
    "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    # Greek
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k",
    "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t",
    "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    # Apostrophes, which stand inside words
    "’": "", "'": "", "ʼ": "",
}  # fmt: skip


def _ascii(text: str) -> tuple[str, int]:
    """`text` in ASCII letters, and how many of its letters have no spelling in them."""
    out: list[str] = []
    lost = 0
    for character in unicodedata.normalize("NFC", text.casefold()):
        if character in _LETTERS:
            out.append(_LETTERS[character])
            continue
        plain = "".join(
            part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
        )
        plain = "".join(_LETTERS.get(part, part) for part in plain)
        if plain.isascii():
            out.append(plain)
        else:
            lost += character.isalpha()
            out.append(" ")
    return "".join(out), lost


def slugify(text: str, *, fallback: str, limit: int = MAX_LENGTH) -> str:
    """A slug for `text`, at most `limit` characters.

    Latin, Cyrillic and Greek are spelled in ASCII. When most letters have no such spelling (Arabic, Hebrew,
    Chinese, ...) it is `fallback` and a hash of the text: not pretty, but the same for the same name for ever.
    """
    plain, lost = _ascii(text)
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    letters = sum(character.isalpha() for character in slug)
    if not slug or lost > letters:
        name = unicodedata.normalize("NFC", " ".join(text.casefold().split()))
        return f"{fallback}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
    return slug[:limit].rstrip("-")


def is_slug(text: str, *, limit: int = MAX_LENGTH) -> bool:
    """Whether `text` may stand as a slug."""
    return len(text) <= limit and PATTERN.fullmatch(text) is not None


def section_slugs(sections: Iterable[tuple[str, str]]) -> list[str]:
    """Unique slugs for (name, wished slug or "") in order; wished ones are kept, the second of a name gets `-2`.

    The wished slugs must be unique among themselves.
    """
    sections = list(sections)
    taken = {wish for _, wish in sections if wish}
    counts: dict[str, int] = {}
    result: list[str] = []
    for name, wish in sections:
        if wish:
            result.append(wish)
            continue
        base = slugify(name, fallback="section", limit=SECTION_LENGTH)
        slug = base
        while slug in taken:
            counts[base] = counts.get(base, 1) + 1
            slug = f"{base}-{counts[base]}"
        taken.add(slug)
        result.append(slug)
    return result
