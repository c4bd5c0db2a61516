"""A digest that went out before."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.stories import Past, Story, all_shingles
from publisher.preflight.wording import quoted

SAME = 0.8
"""The share of a digest's words in a row that an earlier one had already, when it is the same digest again."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    read = reading(candidate)
    for past in read.past:
        if is_again(read.stories, past):
            yield Problem(
                f"nearly all of this was in {past.key}, {quoted(past.title)}, already",
                "Look whether the right file was taken; correct that digest with `publisher digest correct`",
                "digest",
            )


def is_again(stories: tuple[Story, ...], past: Past) -> bool:
    """Whether a digest with these stories is that earlier one again, word for word or nearly so."""
    if not stories:
        return False
    if {story.said for story in stories} == {story.said for story in past.stories}:
        return True
    now = all_shingles(stories)
    shared = len(now & past.shingles)
    return bool(now) and shared >= SAME * len(now) and shared >= SAME / 2 * len(past.shingles)


RULE = Rule(
    "digest-repeated",
    Level.WARN,
    "A digest that is not, as a whole or nearly so, one of the newsletter's last seven.",
    _check,
)
