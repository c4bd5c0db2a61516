"""Pictures that take long to load."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import placed_figures
from publisher.preflight.wording import kilobytes

TOGETHER = 1_000_000
EACH = 500_000
"""Octets."""

_REMEDY = "Save it smaller: a photograph as JPEG or WebP, about 1200 pixels wide"


def _check(candidate: Candidate) -> Iterator[Problem]:
    places: dict[str, str] = {}
    for place, figure in placed_figures(candidate.digest):
        places.setdefault(figure.src, place)
    heavy = {name: size for name, size in candidate.pictures.items() if size > EACH}
    for name, size in heavy.items():
        place = places.get(name, "masthead")
        yield Problem(f"a picture has {kilobytes(size)}; on the road that takes seconds", _REMEDY, place)
    total = sum(candidate.pictures.values())
    if total > TOGETHER:
        yield Problem(
            f"the pictures have {kilobytes(total)} together, more than {kilobytes(TOGETHER)}",
            "Leave some out, or save them smaller",
            "pictures",
        )


RULE = Rule(
    "image-weight",
    Level.WARN,
    f"Pictures of ours of at most {kilobytes(EACH)} each and {kilobytes(TOGETHER)} together. Nobody weighed those "
    "that are elsewhere.",
    _check,
)
