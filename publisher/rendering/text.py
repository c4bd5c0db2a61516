"""The plain-text mail, set from the digest's structure and never from its HTML.

Links are numbered within their section (or the lead), with the list of addresses at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from publisher.digests.model import (
    Block,
    Code,
    CodeSpan,
    Digest,
    Emphasis,
    Figure,
    Heading,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Note,
    NoteMark,
    Paragraph,
    Quote,
    Rule,
    Section,
    Strong,
    Table,
    Text,
)
from publisher.rendering.columns import NARROWEST, WIDTH, hang, pad, text_width, wrap
from publisher.rendering.dates import unbroken_dates
from publisher.rendering.prose import column_alignments, cover
from publisher.rendering.words import Words, capitals

Lines = list[str]

_JOINT = "\x1f"
"""A space where no line may break. A control character, so no digest holds it."""


def lead_text(digest: Digest, words: Words) -> str:
    """The lead, with a blank line before each of its blocks."""
    picture = cover(digest)
    return _Setter(words, digest.language).passage((*([picture] if picture else []), *digest.lead))


def section_text(section: Section, digest: Digest, words: Words) -> str:
    """A section: its name in capitals, its blocks, the addresses of its links."""
    name = "\n".join(wrap(capitals(section.name, digest.language)))
    return f"\n\n{name}\n{_Setter(words, digest.language).passage(section.blocks)}"


@dataclass
class _Setter:
    """Sets the blocks of one section; remembers the links that it met."""

    words: Words
    language: str
    links: list[str] = field(default_factory=list)

    def passage(self, blocks: Iterable[Block]) -> str:
        """All blocks and the list of links; every line ends with a line break."""
        lines = self.blocks(blocks, WIDTH)
        text = "".join(f"{line}\n" for line in (["", *lines] if lines else []))
        if self.links:
            text += "\n" + "".join(f"[{number}] {href}\n" for number, href in enumerate(self.links, 1))
        return text

    def blocks(self, blocks: Iterable[Block], width: int, *, tight: bool = False) -> Lines:
        """Blocks with one blank line between them; `tight` has none before a list."""
        lines: Lines = []
        for block in blocks:
            more = _BLOCKS[type(block)](self, block, max(width, NARROWEST))
            apart = lines and more and not (tight and isinstance(block, ListBlock))
            lines += ["", *more] if apart else more
        return lines

    # --- inside a line -------------------------------------------------------------------------------------

    def line(self, inlines: Iterable[Inline]) -> str:
        """The words of a line; a meant line break is a `\\n`."""
        return "".join(self._inline(node) for node in inlines)

    def _inline(self, node: Inline) -> str:
        match node:
            case Text(text):
                return unbroken_dates(text.replace("\n", " "), self.language, _JOINT)
            case CodeSpan(text):
                return text
            case Strong(children) | Emphasis(children):
                return self.line(children)
            case LineBreak():
                return "\n"
            case NoteMark(number):
                return f"{_JOINT}[{self.words('note')}{_JOINT}{number}]"
            case Link(href, children):
                return self._link(href, self.line(children))

    def _link(self, href: str, text: str) -> str:
        """The link's text with its number; an address that is its own text needs none."""
        if text.strip() in {href, href.removeprefix("mailto:"), href.removeprefix("tel:")} or not text.strip():
            return text if text.strip() else href
        if href not in self.links:
            self.links.append(href)
        return f"{text}{_JOINT}[{self.links.index(href) + 1}]"

    def wrapped(self, inlines: Iterable[Inline], width: int) -> Lines:
        """A line of the digest in lines of the mail."""
        return [line for part in self.line(inlines).split("\n") for line in _set(part, width)]

    # --- blocks --------------------------------------------------------------------------------------------

    def paragraph(self, block: Paragraph, width: int) -> Lines:
        return self.wrapped(block.inlines, width)

    def heading(self, block: Heading, width: int) -> Lines:
        lines = self.wrapped(block.inlines, width)
        return [*lines, "-" * max(map(text_width, lines))] if lines else []

    def list(self, block: ListBlock, width: int) -> Lines:
        """Items under one another; with air between them where one of them runs over a line."""
        signs = _signs(block)
        airy = any(
            self._long(item.blocks, width - len(sign)) for item, sign in zip(block.items, signs, strict=True)
        )
        lines: Lines = []
        for item, sign in zip(block.items, signs, strict=True):
            more = hang(self.blocks(item.blocks, width - len(sign), tight=True), sign)
            lines += ["", *more] if lines and airy else more
        return lines

    def _long(self, blocks: Sequence[Block], width: int) -> bool:
        """Whether an item is more than one line of text and the lists under it."""
        own = [block for block in blocks if not isinstance(block, ListBlock)]
        if len(own) == 1 and isinstance(own[0], Paragraph):
            return len(self.wrapped(own[0].inlines, width)) > 1
        return bool(own)

    def quote(self, block: Quote, width: int) -> Lines:
        lines = self.blocks(block.blocks, width - 2)
        if block.source:
            lines += [*([""] if lines else []), *hang(wrap(block.source, width - 4), "— ")]
        return hang(lines, "> ", "> ")

    def figure(self, block: Figure, width: int) -> Lines:
        caption = self.line(block.caption).strip() or block.alt
        credit = f"({block.credit})" if block.credit else ""
        words = " ".join(filter(None, (caption, credit)))
        label = self.words("Picture")
        return _set(f"[{self.words.label(label)} {words}]" if words else f"[{label}]", width)

    def table(self, block: Table, width: int) -> Lines:
        """Columns when they fit, else each row as a list of its cells."""
        header = [self.cell(cell) for cell in block.header]
        rows = [[self.cell(cell) for cell in row] for row in block.rows]
        every = [header, *rows] if header else rows
        widths = [max(map(text_width, column)) for column in zip(*every, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) > width:
            return _records(header, rows, width, self.words)
        alignments = column_alignments(block)
        lines = [
            "  ".join(pad(*cell) for cell in zip(row, widths, alignments, strict=True)).rstrip() for row in every
        ]
        return [lines[0], "  ".join("-" * each for each in widths), *lines[1:]] if header else lines

    def cell(self, inlines: Iterable[Inline]) -> str:
        """A cell of a table in one line."""
        return " ".join(self.line(inlines).replace(_JOINT, " ").split())

    def code(self, block: Code, width: int) -> Lines:
        return [f"    {line}".rstrip() for line in block.text.split("\n")]

    def rule(self, block: Rule, width: int) -> Lines:
        return [pad("* * *", width, "center").rstrip()]

    def note(self, block: Note, width: int) -> Lines:
        sign = f"[{self.words('note')} {block.number}] "
        return hang(self.blocks(block.blocks, width - len(sign)), sign)


def _set(text: str, width: int) -> Lines:
    return [line.replace(_JOINT, " ") for line in wrap(text, width)]


def _signs(block: ListBlock) -> Lines:
    """What stands before each item, all of one width."""
    if block.start is None:
        return ["* "] * len(block.items)
    numbers = [f"{number}. " for number in range(block.start, block.start + len(block.items))]
    widest = max(map(len, numbers), default=0)
    return [number.rjust(widest) for number in numbers]


def _records(header: Lines, rows: list[Lines], width: int, words: Words) -> Lines:
    """A table too wide for columns: a row after the other, each cell after its column's label.

    Names of columns that no row fills stand first, so that no word is lost.
    """
    unused = [name for column, name in enumerate(header) if name and not any(row[column] for row in rows)]
    lines = [line for name in unused for line in hang(wrap(name, width - 2), "", "  ")]
    for row in rows:
        names = header or [""] * len(row)
        cells = [
            (f"{words.label(name)} {cell}" if name else cell)
            for name, cell in zip(names, row, strict=True)
            if cell
        ]
        record = [line for cell in cells for line in hang(wrap(cell, width - 2), "", "  ")]
        lines += ["", *record] if lines and record else record
    return lines


_BLOCKS: dict[type[Block], Callable[[_Setter, Any, int], Lines]] = {
    Paragraph: _Setter.paragraph,
    Heading: _Setter.heading,
    ListBlock: _Setter.list,
    Quote: _Setter.quote,
    Figure: _Setter.figure,
    Table: _Setter.table,
    Code: _Setter.code,
    Rule: _Setter.rule,
    Note: _Setter.note,
}
