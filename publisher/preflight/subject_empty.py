"""A mail without a subject."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.signs import is_blank


def _check(candidate: Candidate) -> Iterator[Problem]:
    if is_blank(candidate.rendered.subject):
        yield Problem("the subject is empty", "Give the digest a title", "subject")


RULE = Rule(
    "subject-empty",
    Level.BLOCK,
    "A subject that readers can see: a mail without one is taken for spam or for an accident.",
    _check,
)
