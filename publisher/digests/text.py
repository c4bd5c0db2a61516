"""Digests in plain text, as newsrooms paste them: no marks but those that people type anyway.

    Thu. Nov 21st, 2024               a date line, above or below the title; may be missing
    The name of the digest            the title: the first line that is no date
    A lead of any number of paragraphs.

    Name of a section                 a short line by itself
    • an item                         any common bullet, numbers, nested by indentation
    What is seen. [Someone / AFP]     a picture: its alt text, then its caption, each with a credit
    What the caption says [Someone/AFP]

    Source link                       what a copied page leaves at its end; no content

docs/digests.md tells editors the same at more length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from publisher.digests import frontmatter
from publisher.digests.characters import clean, decode
from publisher.digests.dates import AmbiguousDateError, read_date_line
from publisher.digests.frontmatter import FrontMatter
from publisher.digests.manuscripts import Part, manuscript
from publisher.digests.model import Block, Manuscript
from publisher.digests.textblocks import BlockReader, SectionStart
from publisher.digests.textheadings import find_headings
from publisher.digests.textlines import (
    Line,
    bullet,
    explicit_heading,
    is_rule,
    is_underline,
    lines_of,
    quote_depth,
    unstarred,
    unwrapped,
)
from publisher.digests.values import folded
from publisher.errors import DigestError

LEFTOVERS = frozenset(
    {"source link", "link to source", "source", "link", "original link", "original source", "original article"}
    | {"read more", "continue reading", "read the original", "read original", "view original", "view source"}
    | {"permalink", "share", "share this"}
)
"""Link labels that a copied page leaves as its last line. Alone there, without an address, they are no content."""

_BYLINE = re.compile(r"(?:by|von|par|por|di|door|av|af|przez|بقلم|מאת)\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above the text proper. `end` is the index of the first line under it."""

    end: int
    title: str = ""
    written: date | None = None
    author: str = ""
    glued: bool = False
    """The text goes on directly under the title, without a blank line."""


def read(data: bytes, *, name: str) -> Manuscript:
    """The manuscript of a plain-text file called `name`.

    Raises:
        DigestError: it cannot be taken as a digest; has the line where that can be told.
    """
    front, text, skipped = frontmatter.split(decode(data, name=name), name=name)
    lines = without_leftovers(lines_of(text, skipped=skipped))
    head = _head(lines, front, name)
    body = unwrapped(lines[head.end :])
    named = [rule.name for rule in front.sections]
    headings = find_headings(body, named=named, after_title=head.glued)
    lead, parts = _grouped(BlockReader(body, name, headings).read())
    return manuscript(
        front, title=head.title, lead=lead, parts=parts, name=name, written=head.written, author=head.author
    )


def without_leftovers(lines: Sequence[Line]) -> list[Line]:
    """The lines but trailing blank ones and trailing link labels (`LEFTOVERS`) that stand by themselves."""
    lines = list(lines)
    while lines and (
        lines[-1].blank or (folded(lines[-1].text) in LEFTOVERS and lines[-2:-1] != [] and lines[-2].blank)
    ):
        lines.pop()
    return lines


def _head(lines: Sequence[Line], front: FrontMatter, name: str) -> _Head:
    title, written, author = "", None, ""
    title_end = end = 0
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.blank:
            index += 1
            continue
        found = _date(line, name) if written is None else None
        byline = _BYLINE.match(line.text) if title_end and not author else None
        if found and (front.date is None or front.date == found):
            written = found
            index += 1
        elif not title_end:
            title, index = _title(lines, index, front, name)
            if not title:
                break
            title_end = index
        elif byline and _is_name(line.text[byline.end() :]):
            author = clean(line.text[byline.end() :])
            index += 1
        else:
            break
        end = index
    return _Head(end, title, written, author, glued=_is_glued(lines, end))


def _is_glued(lines: Sequence[Line], end: int) -> bool:
    """Whether the text goes on directly under its head although blank lines part its paragraphs."""
    return 0 < end < len(lines) and not lines[end].blank and any(line.blank for line in lines[end:])


def _title(lines: Sequence[Line], index: int, front: FrontMatter, name: str) -> tuple[str, int]:
    """The title that begins on this line, and the index after it; nothing when front matter has another one."""
    line = lines[index]
    marked = explicit_heading(line.text)
    text = clean(unstarred(marked[1] if marked else line.text))
    after = index + 1
    if front.title and folded(front.title) != folded(text):
        return "", index
    if bullet(line.text) or quote_depth(line.text) or is_rule(line.text):
        raise DigestError(
            "there is no title", remedy="Begin with a line that names the digest", file=name, line=line.number
        )
    while after < len(lines) and _goes_on(text, lines[after]):
        text = f"{text} {clean(lines[after].text)}"
        after += 1
    if after < len(lines) and is_underline(lines[after].text):
        after += 1
    return text, after


def _goes_on(title: str, line: Line) -> bool:
    """Whether a title was wrapped: it is long, ends no sentence, and the next line goes on in lower case."""
    return 40 < len(title) < 250 and line.text[:1].islower() and title[-1] not in ".!?…:"


def _is_name(text: str) -> bool:
    """Whether this may be who wrote it, rather than the rest of a sentence."""
    return len(text.split()) <= 8 and len(text) <= 80 and not text[0].islower() and text[-1] not in ".!?:"


def _date(line: Line, name: str) -> date | None:
    try:
        return read_date_line(line.text)
    except AmbiguousDateError as error:
        raise DigestError(
            str(error),
            remedy="Write the date with the month's name, or as 2024-11-21",
            file=name,
            line=line.number,
        ) from error


def _grouped(blocks: Sequence[Block | SectionStart]) -> tuple[tuple[Block, ...], list[Part]]:
    """The lead, and the sections; rules that only part them are left out."""
    groups: list[tuple[SectionStart | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if isinstance(block, SectionStart):
            groups.append((block, []))
        else:
            groups[-1][1].append(block)
    lead, *rest = (tuple(group) for _, group in groups)
    starts = [start for start, _ in groups if start]
    return lead, [Part(start.name, blocks, start.line) for start, blocks in zip(starts, rest, strict=True)]
