"""The words of a digest, each piece with its place as an editor would name it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto

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
    Paragraph,
    Quote,
    Strong,
    Table,
    Text,
)
from publisher.digests.walk import figures, links, plain
from publisher.preflight.wording import ordinal, quoted

OWN_PICTURE = "the digest’s own picture"


class Role(Enum):
    """What a piece is."""

    TITLE = auto()
    AUTHOR = auto()
    NAME = auto()  # of a section
    HEADING = auto()
    TEXT = auto()  # a paragraph: by itself, in a list or a quote
    NOTE = auto()  # a paragraph of a footnote
    CELL = auto()  # of a table
    ALT = auto()
    CAPTION = auto()
    CREDIT = auto()
    SOURCE = auto()  # of a quote
    CODE = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the digest that is read in one go.

    What belongs to the same item, quote, table, picture or footnote has the same place. `home` is the slug of its
    section, empty for the lead and what stands before it.
    """

    place: str
    role: Role
    home: str
    inlines: tuple[Inline, ...] = field(repr=False)

    @property
    def text(self) -> str:
        """All of its words."""
        return plain(self.inlines)

    @property
    def prose(self) -> str:
        """Its words without code, which may look like anything."""
        return "" if self.role is Role.CODE else "".join(_prose(self.inlines))

    @property
    def unlinked(self) -> str:
        """Its words without code and without the texts of links."""
        return "" if self.role is Role.CODE else "".join(_prose(self.inlines, linked=False))

    @property
    def links(self) -> Iterator[Link]:
        """Its links."""
        return links(self.inlines)


def _prose(inlines: Iterable[Inline], *, linked: bool = True) -> Iterator[str]:
    for inline in inlines:
        match inline:
            case Text(text):
                yield text
            case Link(_, children) if linked:
                yield from _prose(children)
            case Strong(children) | Emphasis(children):
                yield from _prose(children, linked=linked)
            case LineBreak() | CodeSpan() | Link():
                yield " "
            case _:
                pass


def section_place(name: str) -> str:
    """How a section is named."""
    return f"section {quoted(name)}"


def pieces(digest: Digest) -> Iterator[Piece]:
    """Every piece of a digest, in the order in which it is read; pieces without a character are left out."""
    found = _Home("title", "").one(Role.TITLE, digest.title)
    found += _Home("author", "").one(Role.AUTHOR, digest.author)
    if digest.image:
        found += _Home(OWN_PICTURE, "").figure(digest.image)
    yield from found
    yield from _Home("lead", "").blocks(digest.lead)
    for section in digest.sections:
        home = _Home(section_place(section.name), section.slug)
        yield from home.one(Role.NAME, section.name)
        yield from home.blocks(section.blocks)


def placed_figures(digest: Digest) -> Iterator[tuple[str, Figure]]:
    """Every figure of a digest with its place, its own picture first."""
    if digest.image:
        yield OWN_PICTURE, digest.image
    homes = [("lead", digest.lead), *((section_place(each.name), each.blocks) for each in digest.sections)]
    for home, blocks in homes:
        for place, inner in numbered_blocks(blocks, home):
            for figure in figures(inner):
                yield place, figure


_KINDS: dict[type[Block], str] = {
    Paragraph: "paragraph",
    Heading: "heading",
    Quote: "quote",
    Figure: "picture",
    Table: "table",
    Code: "piece of code",
}


def numbered_blocks(blocks: Iterable[Block], place: str) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """The blocks of a lead or section with their places; the items of lists each by itself."""
    counts: Counter[str] = Counter()

    def placed(kind: str) -> str:
        counts[kind] += 1
        return f"{place}, {ordinal(counts[kind])} {kind}"

    for block in blocks:
        if isinstance(block, ListBlock):
            for item in block.items:
                yield placed("item"), item.blocks
        elif isinstance(block, Note):
            yield f"{place}, note {block.number}", (block,)
        elif type(block) in _KINDS:
            yield placed(_KINDS[type(block)]), (block,)


@dataclass(frozen=True, slots=True)
class _Home:
    """Where pieces are: a place, and the slug of its section."""

    place: str
    slug: str
    text: Role = Role.TEXT

    def one(self, role: Role, text: str) -> list[Piece]:
        return self.piece(role, (Text(text),) if text else ())

    def piece(self, role: Role, inlines: tuple[Inline, ...]) -> list[Piece]:
        return [Piece(self.place, role, self.slug, inlines)] if inlines else []

    def blocks(self, blocks: Iterable[Block]) -> Iterator[Piece]:
        for place, inner in numbered_blocks(blocks, self.place):
            yield from replace(self, place=place).inside(inner)

    def inside(self, blocks: Iterable[Block]) -> Iterator[Piece]:
        """The pieces of blocks that share a place."""
        for block in blocks:
            match block:
                case Paragraph(inlines):
                    yield from self.piece(self.text, inlines)
                case Heading(_, inlines):
                    yield from self.piece(Role.HEADING, inlines)
                case ListBlock(items):
                    for item in items:
                        yield from self.inside(item.blocks)
                case Quote(inner, source):
                    yield from self.inside(inner)
                    yield from self.one(Role.SOURCE, source)
                case Figure():
                    yield from self.figure(block)
                case Table(_, header, rows):
                    for cell in (*header, *(cell for row in rows for cell in row)):
                        yield from self.piece(Role.CELL, cell)
                case Code(text):
                    yield from self.one(Role.CODE, text)
                case Note(_, inner):
                    yield from replace(self, text=Role.NOTE).inside(inner)
                case _:
                    pass

    def figure(self, figure: Figure) -> list[Piece]:
        return [
            *self.one(Role.ALT, figure.alt),
            *self.piece(Role.CAPTION, figure.caption),
            *self.one(Role.CREDIT, figure.credit),
        ]
