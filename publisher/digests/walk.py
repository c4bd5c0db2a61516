"""Going through a digest's blocks in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from publisher.digests.model import (
    Block,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Item,
    LineBreak,
    Link,
    ListBlock,
    Note,
    NoteMark,
    Paragraph,
    Quote,
    Section,
    Strong,
    Table,
    Text,
)


def plain(inlines: Iterable[Inline]) -> str:
    """Inlines as plain text; a line break is a space, the mark of a footnote nothing."""
    out: list[str] = []
    for inline in inlines:
        match inline:
            case Text(text) | CodeSpan(text):
                out.append(text)
            case Strong(children) | Emphasis(children) | Link(_, children):
                out.append(plain(children))
            case LineBreak():
                out.append(" ")
            case NoteMark():
                pass
    return "".join(out)


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    """Every piece of text in the blocks, in reading order; what belongs to one word is in one piece."""
    for block in blocks:
        match block:
            case Paragraph(inlines) | Heading(_, inlines):
                yield plain(inlines)
            case ListBlock(items):
                for item in items:
                    yield from texts(item.blocks)
            case Quote(inner, source):
                yield from texts(inner)
                yield source
            case Figure(alt, caption, credit):
                yield alt
                yield plain(caption)
                yield credit
            case Table(_, header, rows):
                yield from (plain(cell) for cell in header)
                yield from (plain(cell) for row in rows for cell in row)
            case Note(_, inner):
                yield from texts(inner)
            case _:
                yield getattr(block, "text", "")


def lines(blocks: Iterable[Block]) -> Iterator[tuple[Inline, ...]]:
    """Every run of inlines in the blocks, in reading order."""
    for block in blocks:
        match block:
            case Paragraph(inlines) | Heading(_, inlines) | Figure(_, inlines):
                yield inlines
            case ListBlock(items):
                for item in items:
                    yield from lines(item.blocks)
            case Quote(inner) | Note(_, inner):
                yield from lines(inner)
            case Table(_, header, rows):
                yield from header
                yield from (cell for row in rows for cell in row)
            case _:
                pass


def pieces(blocks: Iterable[Block]) -> Iterator[Block | Item | Inline | tuple[Inline, ...]]:
    """Everything that costs something to set: blocks, items, lines, cells, and what those are made of."""
    for block in blocks:
        yield block
        match block:
            case ListBlock(items):
                for item in items:
                    yield item
                    yield from pieces(item.blocks)
            case Quote(inner) | Note(_, inner):
                yield from pieces(inner)
            case _:
                for line in lines((block,)):
                    yield line
                    yield from _parts(line)


def _parts(inlines: Iterable[Inline]) -> Iterator[Inline]:
    for inline in inlines:
        yield inline
        match inline:
            case Strong(children) | Emphasis(children) | Link(_, children):
                yield from _parts(children)
            case _:
                pass


def links(inlines: Iterable[Inline]) -> Iterator[Link]:
    """Every link among inlines, inside stressed text too."""
    for inline in inlines:
        match inline:
            case Link():
                yield inline
            case Strong(children) | Emphasis(children):
                yield from links(children)
            case _:
                pass


def figures(blocks: Iterable[Block]) -> Iterator[Figure]:
    """Every figure in the blocks, nested ones too."""
    for block in blocks:
        match block:
            case Figure():
                yield block
            case ListBlock(items):
                for item in items:
                    yield from figures(item.blocks)
            case Quote(inner) | Note(_, inner):
                yield from figures(inner)


def map_figures(blocks: Iterable[Block], change: Callable[[Figure], Figure]) -> tuple[Block, ...]:
    """The blocks with every figure changed."""
    return tuple(_map(block, change) for block in blocks)


def _map(block: Block, change: Callable[[Figure], Figure]) -> Block:
    match block:
        case Figure():
            return change(block)
        case ListBlock(items):
            return replace(block, items=tuple(Item(map_figures(item.blocks, change)) for item in items))
        case Quote(inner) | Note(_, inner):
            return replace(block, blocks=map_figures(inner, change))
        case _:
            return block


def all_blocks(lead: Iterable[Block], sections: Iterable[Section]) -> Iterator[Block]:
    """The blocks of the lead, then those of each section."""
    yield from lead
    for section in sections:
        yield from section.blocks
