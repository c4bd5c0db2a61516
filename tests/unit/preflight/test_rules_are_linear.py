"""However long a digest is: four times the words take not much more than four times the work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from publisher.digests.model import Digest
from publisher.preflight.model import Candidate, Rule
from publisher.preflight.registry import RULES
from tests.unit.rendering.samples import bullets, line, link, para

from .candidates import GOOD, candidate, digest

LARGE = 800

SHAPES: dict[str, Callable[[int], Digest]] = {
    "words": lambda n: digest("The tanker docked at dawn with grain. " * n),
    "one word": lambda n: digest("a" * 20 * n),
    "capitals": lambda n: digest("GRAIN " * n + "a"),
    "dots": lambda n: digest("a." * n + "/"),
    "slashes": lambda n: digest("http:/" * n),
    "braces": lambda n: digest("{{ " * n),
    "percents": lambda n: digest("%(a" * n),
    "controls": lambda n: digest("\u2067\u202b" * n, title="\u2067" * 100),
    "signs": lambda n: digest("!$" * n),
    "ideographs": lambda n: digest("港口" * 4 * n),
    "items": lambda n: digest(
        blocks=(bullets(*(f"Ship {number} docked at dawn with its grain." for number in range(n))),)
    ),
    "same items": lambda n: digest(
        blocks=(bullets(*["The ship docked at dawn, and the council heard of it."] * n),)
    ),
    "links": lambda n: digest(*(link(f"https://example.org/{number}", f"ship {number}") for number in range(n))),
    "same links": lambda n: digest(*(link("https://example.org/a", "example.org") for _ in range(n))),
    "one long link": lambda n: digest(link("https://example.org/a", "a.b/" * n)),
    "title": lambda n: replace(GOOD, title="Harbour " * n, lead=(para("Harbour " * n),)),
    "captions": lambda n: digest(blocks=tuple(para(*line(f"a{number}")) for number in range(n))),
}


def calls(rules: tuple[Rule, ...], given: Candidate) -> int:
    """How many calls the rules make: unlike seconds, the same on a busy machine."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        for rule in rules:
            list(rule.check(given))
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_words_take_not_much_more_than_four_times_the_calls(shape: str) -> None:
    small, large = (
        calls(RULES, candidate(wanted, earlier=[replace(wanted, slug="before", title="Before")]))
        for wanted in map(SHAPES[shape], (LARGE // 4, LARGE))
    )
    assert large < 5 * small + 2_000
