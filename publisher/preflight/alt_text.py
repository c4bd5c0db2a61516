"""Pictures that say nothing to those who do not see them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import placed_figures
from publisher.preflight.reading import reading
from publisher.preflight.signs import is_blank
from publisher.preflight.wording import quoted

_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|heic)|(?:IMG|DSC|DSCN|PXL|image)[_-]?\d[\w-]*", re.IGNORECASE)
_REMEDY = "Write what it shows, in a sentence, as its alt text"


def _check(candidate: Candidate) -> Iterator[Problem]:
    for place, figure in placed_figures(candidate.digest):
        if figure.src and is_blank(figure.alt):
            yield Problem("a picture without alt text: a screen reader has nothing to say of it", _REMEDY, place)
        elif figure.src and _FILE_NAME.fullmatch(figure.alt.strip()):
            yield Problem(f"the alt text {quoted(figure.alt)} is the name of a file", _REMEDY, place)
    for block in reading(candidate).blocks:
        for image in block.named("img"):
            if image.get("alt") is None:
                yield Problem(
                    "the template shows a picture without an alt attribute",
                    'Give it one, alt="" if it is only an ornament',
                    block.place,
                )


RULE = Rule(
    "alt-text",
    Level.WARN,
    "Alt text for every picture, and one that is not the name of a file.",
    _check,
)
