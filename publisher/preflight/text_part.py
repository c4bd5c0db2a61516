"""Words of the digest that readers of the text part do not get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from publisher.editions import BlockKind
from publisher.preflight.folding import words
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import Role
from publisher.preflight.reading import MailBlock, reading
from publisher.preflight.wording import listed

_REMEDY = "This is a fault of the publisher or of a template, not of the digest: report it"
_UNSAID = frozenset({Role.TITLE, Role.AUTHOR, Role.ALT})
"""Alt text stands where a picture is not seen; title and author are looked for by themselves,
as is the note of a correction."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    read = reading(candidate)
    sent = read.body("plain")
    if sent is None or not sent.strip():
        yield Problem("the mail has no text part", _REMEDY, "text part")
        return
    for block in read.blocks:
        if not block.own:
            yield from _missing(_wanted(block, _written(candidate, block)), block.text, block.place)
    opening = "\n".join(block.text for block in read.blocks if block.block.kind is BlockKind.OPENING)
    yield from _missing(
        _counted([candidate.digest.title, candidate.digest.author, *candidate.notes]), opening, "title"
    )


def _written(candidate: Candidate, block: MailBlock) -> Counter[str]:
    """The words that editors wrote for a block."""
    home = block.block.section
    return _counted(
        piece.text for piece in reading(candidate).pieces if piece.home == home and piece.role not in _UNSAID
    )


def _wanted(block: MailBlock, written: Counter[str]) -> Counter[str]:
    """The words that the HTML shows and editors wrote: what a template adds for its own sake is no content."""
    return _counted([block.said]) & written


def _missing(wanted: Counter[str], text: str, place: str) -> Iterator[Problem]:
    lost = list((wanted - _counted([text])).elements())
    if lost:
        some = listed([f"“{word}”" for word in dict.fromkeys(lost)])
        count = "a word" if len(lost) == 1 else f"{len(lost)} words"
        yield Problem(f"the text part lacks {count} that the HTML has: {some}", _REMEDY, place)


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in words(text))


RULE = Rule(
    "text-part",
    Level.BLOCK,
    "A text part with every word of the digest that the HTML part shows, counted section by section; order, line "
    "breaks, capitals, bullets and addresses do not matter.",
    _check,
)
