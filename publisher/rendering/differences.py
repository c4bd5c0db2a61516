"""What a correction changed, for a newsletter that shows it to everybody: the words before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from publisher.digests.model import Digest
from publisher.digests.walk import texts

_WORDS = re.compile(r"\s+|\S+")
LONGEST = 2000
"""Words of a paragraph that are compared one by one; of a longer one all is shown as taken out and put in."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed, were taken out, or were put in."""

    kind: Literal["same", "out", "in"]
    text: str


Change = tuple[Piece, ...]
"""A changed line of text, whole."""


def differences(old: Digest, new: Digest) -> tuple[Change, ...]:
    """Every line of text that differs, in reading order. Addresses behind links are not looked at."""
    before, after = list(_lines(old)), list(_lines(new))
    return tuple(
        _change(was, became)
        for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
        for was, became in zip_longest(before[a:b], after[c:d], fillvalue="")
    )


def _lines(digest: Digest) -> Iterator[str]:
    yield digest.title
    yield from filter(None, texts(digest.lead))
    for section in digest.sections:
        yield section.name
        yield from filter(None, texts(section.blocks))


def _change(was: str, became: str) -> Change:
    old, new = _WORDS.findall(was), _WORDS.findall(became)
    if max(len(old), len(new)) > LONGEST:
        return _pieces(old, new)
    found: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found += [Piece("same", "".join(old[a:b]))] if kind == "equal" else _pieces(old[a:b], new[c:d])
    return tuple(found)


def _pieces(out: Sequence[str], put: Sequence[str]) -> Change:
    pieces = Piece("out", "".join(out)), Piece("in", "".join(put))
    return tuple(piece for piece in pieces if piece.text)
