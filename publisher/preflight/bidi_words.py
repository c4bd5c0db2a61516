"""Signs that turn the digest's other words around."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.digests.walk import plain
from publisher.preflight.bidi import REMEDY
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import Role
from publisher.preflight.reading import reading
from publisher.preflight.signs import turning
from publisher.preflight.wording import listed


def _check(candidate: Candidate) -> Iterator[Problem]:
    for piece in reading(candidate).pieces:
        if piece.role is Role.TITLE:  # the subject is `bidi`'s, and so are the texts of links
            continue
        found = turning(piece.text)
        if found and not any(turning(plain(link.children)) for link in piece.links):
            yield Problem(f"signs that turn text around: {listed(found)}", REMEDY, piece.place)


RULE = Rule(
    "bidi-words",
    Level.WARN,
    "The same signs anywhere else in the digest's words.",
    _check,
)
