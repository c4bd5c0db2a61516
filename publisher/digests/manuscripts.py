"""What every reader does last: from title, lead and named parts to a checked `Manuscript`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from publisher.digests.characters import direction_of
from publisher.digests.frontmatter import FrontMatter
from publisher.digests.model import Block, LineBreak, ListBlock, Manuscript, Paragraph, Quote, Rule, Section
from publisher.digests.slugs import section_slugs
from publisher.digests.values import MAX_TITLE, folded
from publisher.digests.walk import all_blocks, pieces, plain, texts
from publisher.errors import DigestError

MAX_NESTING = 20
"""How deep lists, quotes and notes may stand in one another; nobody reads deeper, and recursion has an end."""

MAX_PIECES = 20_000
"""Paragraphs, items, cells, links and runs of text in one digest. The time that a digest takes grows with them (a
browser's would, too), and two hundred pages of text have fewer."""

DASHES = "—–―"
"""What stands before the name of who is quoted."""

MAX_SOURCE = 160


@dataclass(frozen=True, slots=True)
class Part:
    """A section as a reader found it."""

    name: str
    blocks: tuple[Block, ...]
    line: int = 0
    slug: str = ""


def too_deep(name: str, line: int | None) -> DigestError:
    """The error for what nests deeper than `MAX_NESTING`."""
    return DigestError(
        f"nests deeper than {MAX_NESTING}", remedy="Write it with fewer levels", file=name, line=line
    )


def attributed(blocks: Sequence[Block]) -> Quote:
    """A quote of these blocks; a last line that begins with a long dash names its source."""
    whole = Quote(tuple(blocks))
    if not blocks or not isinstance(last := blocks[-1], Paragraph):
        return whole
    breaks = [index for index, inline in enumerate(last.inlines) if isinstance(inline, LineBreak)]
    kept, line = (last.inlines[: breaks[-1]], last.inlines[breaks[-1] + 1 :]) if breaks else ((), last.inlines)
    text = plain(line).strip()
    if text[:1] not in DASHES or not 1 < len(text) <= MAX_SOURCE or not (kept or len(blocks) > 1):
        return whole
    rest = (*blocks[:-1], Paragraph(kept)) if kept else tuple(blocks[:-1])
    return Quote(rest, text.lstrip(f"{DASHES} \u00a0"))


def is_rule_for(rules: Iterable[str], heading: str) -> bool:
    """Whether `sections` in the front matter names this heading."""
    return folded(heading) in {folded(rule) for rule in rules}


def manuscript(
    front: FrontMatter,
    *,
    title: str,
    lead: tuple[Block, ...],
    parts: Sequence[Part],
    name: str,
    written: date | None = None,
    author: str = "",
) -> Manuscript:
    """The manuscript of one file. What front matter says goes before what the text says.

    Raises:
        DigestError: it has no title or no text, more than MAX_PIECES pieces, or `sections` names a heading that is
            not there.
    """
    title = front.title or title
    if not title:
        raise DigestError("there is no title", remedy="Begin with a line that names the digest", file=name)
    _check_length("the title", title, name, None)
    for part in parts:
        _check_length("a section's name", part.name, name, part.line or None)
    lead = _without_outer_rules(lead)
    sections = _sections(front, parts, name)
    _check_pieces(lead, sections, name)
    if not lead and not any(section.blocks for section in sections) and front.image is None:
        raise DigestError("there is nothing but headings", remedy="Write the digest's text under them", file=name)
    return Manuscript(
        title=title,
        lead=lead,
        sections=sections,
        date=front.date or written,
        newsletter=front.newsletter,
        slug=front.slug,
        language=front.language,
        direction=direction_of(
            [title, *(s.name for s in sections), *texts(all_blocks(lead, sections))], front.language or ""
        ),
        author=front.author or author,
        image=front.image,
        publish_at=front.publish_at,
        draft=front.draft,
    )


def _check_length(what: str, text: str, name: str, line: int | None) -> None:
    if len(text) > MAX_TITLE:
        raise DigestError(
            f"{what} is longer than {MAX_TITLE} characters",
            remedy="Begin with a short line that names the digest" if "title" in what else "Shorten it",
            file=name,
            line=line,
        )


def _check_pieces(lead: tuple[Block, ...], sections: tuple[Section, ...], name: str) -> None:
    if next(islice(pieces(all_blocks(lead, sections)), MAX_PIECES, None), None) is not None:
        raise DigestError(
            f"more than {MAX_PIECES} paragraphs, items, cells and links",
            remedy="Make several digests of it, or put the data on a page of its own and link to it",
            file=name,
        )


def _sections(front: FrontMatter, parts: Sequence[Part], name: str) -> tuple[Section, ...]:
    present = {folded(part.name) for part in parts}
    missing = next((rule for rule in front.sections if folded(rule.name) not in present), None)
    if missing is not None:
        raise DigestError(
            f'sections: there is no heading "{missing.name}"',
            remedy="Name the headings as they stand in the text",
            file=name,
            line=missing.line,
        )
    wishes = {folded(rule.name): rule.slug for rule in front.sections}
    named: list[tuple[str, str]] = []
    for part in parts:
        # a name that comes twice has its wished slug once
        named.append((part.name, part.slug or wishes.pop(folded(part.name), "")))
    slugs = section_slugs(named)
    return tuple(
        Section(slug, part.name, _without_outer_rules(part.blocks))
        for slug, part in zip(slugs, parts, strict=True)
    )


def without_empty(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks but lists and quotes that hold nothing."""
    return tuple(
        block
        for block in blocks
        if not (isinstance(block, ListBlock) and not block.items)
        and not (isinstance(block, Quote) and not block.blocks)
    )


def _without_outer_rules(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Without rules at either end: there they part sections, which rendering does."""
    first, last = 0, len(blocks)
    while first < last and isinstance(blocks[first], Rule):
        first += 1
    while last > first and isinstance(blocks[last - 1], Rule):
        last -= 1
    return tuple(blocks[first:last])
