"""Plain text out of a digest's structure: sentences, summaries, and what a table's columns hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from publisher.digests.model import (
    Alignment,
    Block,
    CodeSpan,
    Digest,
    Emphasis,
    Figure,
    Inline,
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
from publisher.errors import one_line

CONTENTS_FROM = 4
"""With so many sections a mail or page begins with a list of them."""

SUMMARY_LENGTH = 300
PREHEADER_LENGTH = 160
"""Longer than any client shows."""

_SENTENCE_END = re.compile(r"[.!?…؟।][\"'”’»)\]]*(?=\s)|[。！？][」』”）]*")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:\w|(?:\w\.)+\w|Mr|Mrs|Ms|Dr|Prof|St|No|Gen|Gov|Sen|Rep|Lt|Col|Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\.$"
)
_NUMBER = re.compile(r"[−–+-]?[^\w\s]?\s?\d[\d.,'’\s]*\s?(?:%|‰|[^\W\d_]{1,3}|[^\w\s])?")


def plain(inlines: Iterable[Inline]) -> str:
    """The words of a line, without marks for emphasis, links or footnotes."""
    return "".join(_words(inlines))


def _words(inlines: Iterable[Inline]) -> Iterator[str]:
    for node in inlines:
        match node:
            case Text(text) | CodeSpan(text):
                yield text
            case Strong(children) | Emphasis(children) | Link(_, children):
                yield from _words(children)
            case LineBreak():
                yield " "
            case NoteMark():
                pass


def paragraphs(blocks: Iterable[Block]) -> Iterator[str]:
    """The running text of blocks, paragraph by paragraph: no headings, figures, tables, code or footnotes."""
    for block in blocks:
        match block:
            case Paragraph(inlines):
                yield one_line(plain(inlines))
            case Quote(inside):
                yield from paragraphs(inside)
            case ListBlock(items):
                for item in items:
                    yield from paragraphs(item.blocks)


def opening_text(digest: Digest) -> list[str]:
    """The paragraphs a reader meets first: the lead's, or the first section's that has any."""
    for blocks in (digest.lead, *(section.blocks for section in digest.sections)):
        found = [text for text in paragraphs(blocks) if text]
        if found:
            return found
    return []


def preheader(digest: Digest) -> str:
    """The first sentence, as the line that inboxes show beside the subject."""
    first = next(iter(opening_text(digest)), "")
    return cut(first_sentence(first), PREHEADER_LENGTH)


def summary(digest: Digest) -> str:
    """The opening in at most 300 characters, cut at a word."""
    return cut(" ".join(opening_text(digest)), SUMMARY_LENGTH)


def first_sentence(text: str) -> str:
    """`text` up to the end of its first sentence; `U.S. troops` and `Dr. Who` end none."""
    for match in _SENTENCE_END.finditer(text):
        head = text[: match.end()]
        following = text[match.end() :].lstrip()[:1]
        if not _ABBREVIATED.search(head) and not following.islower():
            return head
    return text


def cut(text: str, length: int) -> str:
    """`text`, or as many whole words of it as fit into `length` characters with an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    if not text[length - 1].isspace() and re.search(r"\s", head):
        head = head[: max(match.start() for match in re.finditer(r"\s", head))]
    return head.rstrip(" ,;:–—-") + "…"


def contents(digest: Digest) -> tuple[Section, ...]:
    """The sections to list at the beginning: none of a short digest."""
    return digest.sections if len(digest.sections) >= CONTENTS_FROM else ()


def column_alignments(table: Table) -> tuple[Alignment, ...]:
    """A table's alignments, with columns of numbers to the right where the writer said nothing."""
    return tuple(
        "right" if chosen == "none" and _holds_numbers(table, column) else chosen
        for column, chosen in enumerate(table.alignments)
    )


def _holds_numbers(table: Table, column: int) -> bool:
    cells = [plain(row[column]).strip() for row in table.rows]
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(map(is_number, filled))


def is_number(text: str) -> bool:
    """Whether `text` is nothing but a number, with its sign and unit."""
    return _NUMBER.fullmatch(text.strip()) is not None


def cover(digest: Digest) -> Figure | None:
    """The digest's own picture, unless it stands somewhere in the text already."""
    picture = digest.image
    if picture is None or not picture.src:
        return picture
    everywhere = (digest.lead, *(section.blocks for section in digest.sections))
    shown = {figure.src for blocks in everywhere for figure in figures(blocks)}
    return None if picture.src in shown else picture


def figures(blocks: Iterable[Block]) -> Iterator[Figure]:
    """The pictures among blocks, in lists and quotes too."""
    for block in blocks:
        match block:
            case Figure():
                yield block
            case Quote(inside):
                yield from figures(inside)
            case ListBlock(items):
                for item in items:
                    yield from figures(item.blocks)
            case _:
                pass


def footnotes(digest: Digest) -> frozenset[int]:
    """The numbers of all footnotes, so that no mark leads nowhere."""

    def inside(blocks: tuple[Block, ...]) -> set[int]:
        found: set[int] = set()
        for block in blocks:
            match block:
                case Note(number, more):
                    found |= {number, *inside(more)}
                case Quote(more):
                    found |= inside(more)
                case ListBlock(items):
                    found |= {number for item in items for number in inside(item.blocks)}
                case _:
                    pass
        return found

    return frozenset(inside(digest.lead).union(*(inside(section.blocks) for section in digest.sections)))
