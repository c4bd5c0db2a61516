"""The line that inboxes show beside the subject."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.folding import words
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.signs import is_blank
from publisher.preflight.subject_length import columns
from publisher.preflight.wording import quoted

SHORTEST = 20
LONGEST = 160
"""Columns. Of a shorter line inboxes fill the rest with whatever comes next; no inbox shows a longer one."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    line, width = candidate.rendered.preheader, columns(candidate.rendered.preheader)
    if is_blank(line):
        yield Problem(
            "there is no preview line: inboxes will show the masthead instead",
            "Begin the digest with a paragraph; its first sentence becomes the preview line",
            "preview line",
        )
    elif words(line) == words(candidate.rendered.subject):
        yield Problem(
            "the preview line says the same as the subject",
            "Let the first sentence say something that the title does not",
            "preview line",
        )
    elif width < SHORTEST:
        yield Problem(
            f"the preview line is only {quoted(line)}: inboxes fill the rest with what comes next",
            "Let the first sentence of the digest say what is in it",
            "preview line",
        )
    elif width > LONGEST + 1:  # an ellipsis is ours
        yield Problem(
            f"the preview line is {width} columns wide, and no inbox shows more than {LONGEST}",
            "Shorten the first sentence",
            "preview line",
        )


RULE = Rule(
    "preheader",
    Level.WARN,
    "The line that inboxes show beside the subject (the digest's first sentence): there, not the subject again, "
    f"between {SHORTEST} and {LONGEST} columns.",
    _check,
)
