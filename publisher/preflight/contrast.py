"""Colours of the theme that cannot be told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.preflight.model import Candidate, Level, Problem, Rule

LEAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text of ordinary size."""

PAIRS = (
    ("ink", "paper", "text"),
    ("muted", "paper", "captions, dates and the footer"),
    ("accent", "paper", "links and bullets"),
    ("ink", "page", "code"),
)
"""Which colour stands on which, and what is set in it."""


def ratio(first: str, second: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2); 0.04045 is sRGB's own threshold, which gives the same for 8 bits."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _check(candidate: Candidate) -> Iterator[Problem]:
    yield from _weak(candidate.light, "[theme.light]")
    yield from _weak(candidate.dark, "[theme.dark]")


def _weak(colours: Mapping[str, str], table: str) -> Iterator[Problem]:
    for front, back, what in PAIRS:
        if front not in colours or back not in colours:
            continue
        found = ratio(colours[front], colours[back])
        if found < LEAST:
            yield Problem(
                f"{front} {colours[front]} on {back} {colours[back]} has a contrast of {_down(found)}:1; "
                f"{what} cannot be read by everybody below {LEAST}:1",
                f"Make {front} {'darker' if _luminance(colours[back]) > 0.18 else 'lighter'}",
                table,
            )


def _down(number: float) -> str:
    """With one decimal, cut off: 4.49 is not 4.5."""
    return f"{int(number * 10) / 10}"


RULE = Rule(
    "contrast",
    Level.WARN,
    f"A contrast of at least {LEAST}:1 (WCAG) of the theme's ink, muted and accent on its paper, and of ink on "
    "page, by day and in the dark.",
    _check,
)
