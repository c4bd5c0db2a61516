"""A subject that inboxes cut off."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule

LONGEST = 70
"""Columns; an inbox on a desk shows about as many, a phone 40. A Chinese, Japanese or Korean letter has two."""


def columns(text: str) -> int:
    """The room that `text` takes: letters with marks and joiners are one, wide letters and emoji two."""
    return sum(
        0
        if unicodedata.category(character) in {"Mn", "Me", "Cf"}
        else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def _check(candidate: Candidate) -> Iterator[Problem]:
    width = columns(candidate.rendered.subject)
    if width > LONGEST:
        yield Problem(
            f"the subject is {width} columns wide, and most inboxes show no more than {LONGEST}",
            "Shorten the title, or put what matters first",
            "subject",
        )


RULE = Rule(
    "subject-length",
    Level.WARN,
    f"A subject of at most {LONGEST} columns (a Chinese, Japanese or Korean letter takes two): inboxes cut "
    "off the rest.",
    _check,
)
