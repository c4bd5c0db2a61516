"""Signs in the subject that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.signs import hidden
from publisher.preflight.wording import listed


def _check(candidate: Candidate) -> Iterator[Problem]:
    found = hidden(candidate.rendered.subject)
    if found:
        yield Problem(
            f"the subject holds signs that nobody sees: {listed(found)}",
            "Type the title anew: they came with a copy from elsewhere, and filters take them for a trick",
            "subject",
        )


RULE = Rule(
    "invisible",
    Level.WARN,
    "A subject without zero-width spaces, soft hyphens, tag characters and fillers. Joiners that a script or an "
    "emoji needs are no trick.",
    _check,
)
