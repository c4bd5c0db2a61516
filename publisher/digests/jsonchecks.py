"""What a JSON Schema cannot say about a digest: both ends of footnotes, tables of one width, nesting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from publisher.digests import jsonmodels as models
from publisher.digests.jsonplaces import Path
from publisher.digests.manuscripts import MAX_NESTING


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class _Footnotes:
    marks: dict[int, Path] = field(default_factory=dict)
    notes: dict[int, Path] = field(default_factory=dict)


def first_problem(digest: models.DigestModel) -> Problem | None:
    """The first thing wrong with a digest that has the right shape, or None."""
    return next(_problems(digest), None)


def _problems(digest: models.DigestModel) -> Iterator[Problem]:
    seen = _Footnotes()
    slugs: set[str] = set()
    yield from _in_blocks(digest.lead, ("lead",), seen, 0)
    for index, section in enumerate(digest.sections):
        if section.slug in slugs:
            yield Problem(("sections", index, "slug"), f'"{section.slug}" is there twice')
        slugs |= {section.slug} if section.slug else set()
        yield from _in_blocks(section.blocks, ("sections", index, "blocks"), seen, 0)
    for number in sorted(seen.marks.keys() ^ seen.notes.keys()):
        missing = "mark" if number in seen.notes else "text"
        yield Problem((seen.marks | seen.notes)[number], f"the footnote {number} has no {missing}")
    if seen.notes and max(seen.notes) > len(seen.notes):
        yield Problem(seen.notes[max(seen.notes)], "footnotes are numbered 1, 2, 3 through the digest")


def _in_blocks(blocks: Sequence[models.BlockModel], path: Path, seen: _Footnotes, depth: int) -> Iterator[Problem]:
    if depth > MAX_NESTING:
        yield Problem(path, f"nests deeper than {MAX_NESTING}")
        return
    for index, block in enumerate(blocks):
        here = (*path, index)
        match block:
            case models.ParagraphModel() | models.HeadingModel():
                yield from _in_line(block.content, (*here, "content"), seen, 0)
            case models.FigureModel():
                yield from _in_line(block.caption, (*here, "caption"), seen, 0)
            case models.ListModel():
                yield from _in_items(block, here, seen, depth)
            case models.TableModel():
                yield from _in_table(block, here, seen)
            case models.QuoteModel():
                yield from _in_blocks(block.blocks, (*here, "blocks"), seen, depth + 1)
            case models.NoteModel():
                if block.number in seen.notes:
                    yield Problem(here, f"the footnote {block.number} is there twice")
                seen.notes[block.number] = here
                yield from _in_blocks(block.blocks, (*here, "blocks"), seen, depth + 1)


def _in_items(block: models.ListModel, path: Path, seen: _Footnotes, depth: int) -> Iterator[Problem]:
    for index, item in enumerate(block.items):
        here = (*path, "items", index)
        if isinstance(item, models.ItemModel):
            yield from _in_blocks(item.blocks, (*here, "blocks"), seen, depth + 1)
        else:
            yield from _in_line(item, here, seen, 0)


def _in_table(block: models.TableModel, path: Path, seen: _Footnotes) -> Iterator[Problem]:
    rows = [(("header",), block.header), *((("rows", index), row) for index, row in enumerate(block.rows))]
    for place, cells in rows:
        if (cells or place != ("header",)) and len(cells) != len(block.alignments):
            yield Problem((*path, *place), "is not as long as alignments")
        for index, cell in enumerate(cells):
            yield from _in_line(cell, (*path, *place, index), seen, 0)


def _in_line(content: models.InlinesModel, path: Path, seen: _Footnotes, depth: int) -> Iterator[Problem]:
    if depth > MAX_NESTING:
        yield Problem(path, f"nests deeper than {MAX_NESTING}")
        return
    for index, inline in enumerate([] if isinstance(content, str) else content):
        match inline:
            case models.NoteMarkModel():
                seen.marks.setdefault(inline.number, (*path, index))
            case models.LinkModel() | models.StrongModel() | models.EmphasisModel():
                yield from _in_line(inline.content, (*path, index, "content"), seen, depth + 1)
