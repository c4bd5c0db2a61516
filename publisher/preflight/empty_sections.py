"""Sections, or a whole digest, with nothing in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from publisher.digests.model import Block
from publisher.digests.walk import figures, texts
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import section_place
from publisher.preflight.signs import is_blank


def _check(candidate: Candidate) -> Iterator[Problem]:
    digest = candidate.digest
    filled = [section for section in digest.sections if not _is_empty(section.blocks)]
    if not filled and _is_empty(digest.lead):
        yield Problem("the digest says nothing but its title", "Write something, or hold it back", "digest")
        return
    for section in digest.sections:
        if section not in filled:
            yield Problem(
                "there is nothing under this heading",
                "Write something under it, or delete it",
                section_place(section.name),
            )
        elif is_blank(section.name):
            yield Problem("a section without a name", "Give it a heading", "section")


def _is_empty(blocks: Iterable[Block]) -> bool:
    blocks = tuple(blocks)
    return all(map(is_blank, texts(blocks))) and not any(figure.src for figure in figures(blocks))


RULE = Rule(
    "empty-sections",
    Level.WARN,
    "Something under every heading, and a digest that says more than its title.",
    _check,
)
