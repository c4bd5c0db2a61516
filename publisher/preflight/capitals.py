"""Words that shout."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import Role
from publisher.preflight.reading import reading
from publisher.preflight.wording import quoted

SUBJECT_LETTERS = 10
SUBJECT_SHARE = 0.7
"""A subject with so many letters shouts when so much of them are capitals. `NATO` and `EU, UK: deal` do not."""

RUN_WORDS = 5
RUN_LETTERS = 25
"""So many words in a row with so many letters are no abbreviations."""

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_BETWEEN = re.compile(r"[,;:/|·]")
_RUNNING = frozenset({Role.TEXT, Role.NOTE, Role.CELL})
"""Headings may well be in capitals: plain text has no other way to raise its voice."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    remedy = "Write it as a sentence: capitals are hard to read, and filters take them for advertising"
    subject = candidate.rendered.subject
    large, small = (sum(map(test, subject)) for test in (str.isupper, str.islower))
    if large + small >= SUBJECT_LETTERS and large >= SUBJECT_SHARE * (large + small):
        yield Problem("the subject is in capitals", remedy, "subject")
    for piece in reading(candidate).pieces:
        if piece.role in _RUNNING:
            for run in _runs(piece.prose):
                yield Problem(f"{quoted(run)} is in capitals", remedy, piece.place)


def _runs(text: str) -> Iterator[str]:
    """The runs of words in capitals that are too long for abbreviations, which commas part."""
    for clause in _BETWEEN.split(text):
        run: list[str] = []
        for word in [*(match[0] for match in _WORD.finditer(clause)), "end"]:
            if word.isupper():
                run.append(word)
            elif any(map(str.islower, word)):
                if len(run) >= RUN_WORDS and sum(map(len, run)) >= RUN_LETTERS:
                    yield " ".join(run)
                run = []


RULE = Rule(
    "capitals",
    Level.WARN,
    "A subject that is not mostly capitals, and no long run of them in the text. Headings may; scripts without "
    "capitals are never meant.",
    _check,
)
