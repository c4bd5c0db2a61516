"""The words of a digest, for asking whether a reader lost or doubled any.

A word is a run of letters and digits: punctuation, white space, underscores and combining marks part words or
vanish, the same way on both sides of a comparison.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from publisher.digests.model import Digest, Manuscript
from publisher.digests.walk import plain, texts

_WORD = re.compile(r"[^\W_]+")


def words_in(text: str) -> list[str]:
    """The words of a piece of text, in order."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def words_of(digest: Digest | Manuscript) -> list[str]:
    """Every word that a reader took from a file, in reading order: title, author, picture, lead, sections.

    Alt texts, captions, credits, sources of quotes, table cells, code and footnotes are among them; dates, slugs,
    addresses behind links and the numbers of lists are not.
    """
    return [word for text in _texts(digest) for word in words_in(text)]


def _texts(digest: Digest | Manuscript) -> Iterator[str]:
    yield digest.title
    yield digest.author
    if digest.image:
        yield from (digest.image.alt, plain(digest.image.caption), digest.image.credit)
    yield from texts(digest.lead)
    for section in digest.sections:
        yield section.name
        yield from texts(section.blocks)
