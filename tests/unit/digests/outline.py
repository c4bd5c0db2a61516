"""A manuscript as a few plain lines, for comparing at a glance."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.digests import text
from publisher.digests.model import (
    Block,
    Code,
    Figure,
    Heading,
    ListBlock,
    Manuscript,
    Note,
    Paragraph,
    Quote,
    Rule,
    Table,
)
from publisher.digests.walk import plain


def outline(manuscript: Manuscript) -> str:
    """One line for each block, indented by nesting; sections begin with a section sign."""
    lines = list(_blocks(manuscript.lead, 0))
    for section in manuscript.sections:
        lines += [f"§ {section.name}", *_blocks(section.blocks, 0)]
    return "\n".join(lines)


def of_text(source: str) -> str:
    """The outline of a plain-text digest."""
    return outline(text.read(source.encode(), name="x.txt"))


def _blocks(blocks: Iterable[Block], depth: int) -> Iterable[str]:
    space = "  " * depth
    for block in blocks:
        match block:
            case Paragraph(inlines):
                yield f"{space}{plain(inlines)}"
            case Heading(level, inlines):
                yield f"{space}{'#' * level} {plain(inlines)}"
            case ListBlock(items, start):
                for number, item in enumerate(items, start or 0):
                    first, *rest = _blocks(item.blocks, depth + 1)
                    yield f"{space}{'-' if start is None else f'{number}.'} {first.strip()}"
                    yield from rest
            case Quote(inner, source):
                yield f"{space}> {source}".rstrip()
                yield from _blocks(inner, depth + 1)
            case Figure(alt, caption, credit, src):
                yield f"{space}figure {alt} | {plain(caption)} | {credit} | {src}".rstrip(" |")
            case Table(_, header, rows):
                yield from (f"{space}| {' | '.join(plain(cell) for cell in row)} |" for row in (header, *rows))
            case Code(code):
                yield f"{space}`{code}`"
            case Rule():
                yield f"{space}---"
            case Note(number, inner):
                yield f"{space}[{number}]"
                yield from _blocks(inner, depth + 1)
