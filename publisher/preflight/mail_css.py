"""Styles that many readers' mail programs ignore."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading

_OUTLOOK = "Outlook on Windows ignores it"
_GMAIL = "Gmail ignores it"
_MANY = "Gmail and Outlook ignore it"

_TABLE = "Set it with a table"
IGNORED: tuple[tuple[str, str, str, str], ...] = (
    (r"display", r"(?:inline-)?(?:flex|grid)", _OUTLOOK, _TABLE),
    (r"position", r"(?:absolute|fixed|relative|sticky)", _MANY, _TABLE),
    (r"float", r"(?:left|right|inline-\w+)", _OUTLOOK, "Use a table with align, or another cell"),
    (
        r"background(?:-image)?",
        r".*(?:url|gradient)\(.*",
        _OUTLOOK,
        "Give it a colour as well, and show pictures as <img>",
    ),
    (r"transform|clip-path|filter|animation.*|columns?|column-count", r"(?!none|auto).*", _MANY, "Do without it"),
    (r"object-fit|aspect-ratio", r".*", _OUTLOOK, "Make the picture as it is to be seen"),
    (r"--.*", r".*", _MANY, "Write the value itself"),
    (r".*", r".*\b(?:var|calc|min|max|clamp)\(.*", _MANY, "Write the value itself"),
)
"""Property and value as patterns, who ignores it, and what to do instead (after caniemail.com)."""

_COMPILED = [(re.compile(name), re.compile(value, re.DOTALL), who, remedy) for name, value, who, remedy in IGNORED]


def _check(candidate: Candidate) -> Iterator[Problem]:
    for block in reading(candidate).blocks:
        styles = Counter(element.get("style", "") for element in block.elements)
        found: Counter[tuple[str, str, str]] = Counter()
        for style, count in styles.items():
            for complaint in _ignored(style):
                found[complaint] += count
        for (declaration, who, remedy), count in found.items():
            often = f", {count} times" if count > 1 else ""
            yield Problem(f"the style {declaration}{often}: {who}", remedy, block.place)


def _ignored(style: str) -> Iterator[tuple[str, str, str]]:
    for declaration in style.lower().split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        value = value.removesuffix("!important").strip()
        for names, values, who, remedy in _COMPILED:
            if name and value and names.fullmatch(name) and values.fullmatch(value):
                yield f"{name}: {value[:60]}", who, remedy
                break


RULE = Rule(
    "mail-css",
    Level.WARN,
    "No flex, grid, position, float, background pictures, variables and the like in the mail's styles: Gmail or "
    "Outlook ignore them. Only a site's own templates can bring them.",
    _check,
)
