"""A mail so long that Gmail cuts it off, and the way out with it."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.wording import kilobytes

CLIP = 102_000
NEAR = 95_000
"""Octets of the HTML part, decoded. Gmail names no number; 102 kB is what senders measure."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    size = len(reading(candidate).body("html") or b"")
    if size > CLIP:
        yield Problem(
            f"the mail's HTML has {kilobytes(size)}, and Gmail cuts off what is longer than {kilobytes(CLIP)}: "
            "readers there see no end and no unsubscribe link",
            "Shorten the digest, or make two of it",
            "the whole mail",
        )
    elif size >= NEAR:
        yield Problem(
            f"the mail's HTML has {kilobytes(size)}; Gmail cuts off what is longer than {kilobytes(CLIP)}",
            "Shorten the digest a little: with some sign-up links or a correction it would be cut off",
            "the whole mail",
        )


RULE = Rule(
    "message-size",
    Level.WARN,
    f"Less than {kilobytes(NEAR)} of HTML, counted as Gmail does, which cuts off a mail at {kilobytes(CLIP)}.",
    _check,
)
