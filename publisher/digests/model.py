"""A digest as data: blocks of text in sections, independent of the format it was written in.

Everything is frozen and holds plain text (never HTML): rendering escapes, readers never do. Texts are
NFC-normalised, without control characters but line breaks inside `Code`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

Direction = Literal["ltr", "rtl"]
Alignment = Literal["left", "right", "center", "none"]


# --- inside a line ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A run of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Text of strong importance."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Stressed text."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """A run of code."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link; `href` is absolute with one of the schemes http, https, mailto or tel."""

    href: str
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A line break that the writer meant."""


@dataclass(frozen=True, slots=True)
class NoteMark:
    """The mark of a footnote; `number` counts from 1 through the digest, `Note.number` is its other end."""

    number: int


Inline = Text | Strong | Emphasis | CodeSpan | Link | LineBreak | NoteMark


# --- blocks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section or lead; `level` 3 to 6 (1 is the title, 2 the section's name)."""

    level: int
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: usually a paragraph, then perhaps a nested list."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list. `start` is the first number of an ordered list, None for bullets."""

    items: tuple[Item, ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation; `source` is the attribution when it was given apart."""

    blocks: tuple[Block, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: with `src` an image, without it caption and credit stand as text.

    `src` is an http(s) address, or `asset:NAME` for a file that the inbox took in (see `Asset`), or empty.
    `width` and `height` are the pixels of our own file, 0 for a picture that is elsewhere: nobody measured it.
    """

    alt: str = ""
    caption: tuple[Inline, ...] = ()
    credit: str = ""
    src: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `header` may be empty; every row is as long as `alignments`."""

    alignments: tuple[Alignment, ...]
    header: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code, line breaks kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A thematic break."""


@dataclass(frozen=True, slots=True)
class Note:
    """The text of a footnote; stands at the end of the section (or lead) that first marks it."""

    number: int
    blocks: tuple[Block, ...]


Block = Paragraph | Heading | ListBlock | Quote | Figure | Table | Code | Rule | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a digest. `slug` is unique in the digest, ASCII, and what readers' choices name."""

    slug: str
    name: str
    blocks: tuple[Block, ...]


# --- the whole -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that belongs to a digest. `name` is `SHA256[:32].ext`: same bytes, same name, anywhere."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What one file says, before the inbox has settled newsletter, slug and date.

    None means that the file is silent. `draft` is front matter's `status: draft`.
    """

    title: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    date: date | None = None
    newsletter: str | None = None
    slug: str | None = None
    language: str | None = None
    direction: Direction = "ltr"
    author: str = ""
    image: Figure | None = None
    publish_at: datetime | None = None
    """Aware, or naive when the file gave no zone: then the newsletter's zone is meant."""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest with its identity settled. `newsletter` and `slug` name it for ever."""

    newsletter: str
    slug: str
    title: str
    date: date
    language: str
    direction: Direction
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    author: str = ""
    image: Figure | None = None
    publish_at: datetime | None = None
    """Aware UTC; None: as soon as finalized."""

    @property
    def key(self) -> str:
        """`newsletter/slug`, as people type it."""
        return f"{self.newsletter}/{self.slug}"


class DigestState(StrEnum):
    """Where a digest stands. `held` waits for an editor's word; the rest is DESIGN.md's words."""

    DRAFT = "draft"
    FINALIZED = "finalized"
    HELD = "held"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
