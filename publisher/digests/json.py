"""Digests in JSON, for programs that write them. Their format is `digest.schema.json` (JSON Schema 2020-12)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from publisher.digests import jsonmodels as models
from publisher.digests import values
from publisher.digests.characters import clean, clean_code, decode
from publisher.digests.frontmatter import FrontMatter
from publisher.digests.jsonchecks import first_problem
from publisher.digests.jsonplaces import Path, line_deeper_than, line_of, spelled
from publisher.digests.manuscripts import MAX_NESTING, Part, manuscript, too_deep
from publisher.digests.model import (
    Block,
    Code,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Item,
    LineBreak,
    Link,
    ListBlock,
    Manuscript,
    Note,
    NoteMark,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
)
from publisher.errors import DigestError

_LEVELS_PER_NESTING = 4
"""A list in a list is four brackets: the object, its items, the item, its blocks."""

_DIGITS = 20
"""No number of the format needs as many; Python refuses thousands in words about itself."""


def read(data: bytes, *, name: str) -> Manuscript:
    """The manuscript of a JSON file called `name`.

    Raises:
        DigestError: it is no JSON, or not in the published format; has the path of the value and its line.
    """
    text = decode(data, name=name)
    line = line_deeper_than(text, _LEVELS_PER_NESTING * (MAX_NESTING + 2))
    if line is not None:
        raise too_deep(name, line)
    raw = _parsed(text, name)
    try:
        digest = models.DigestModel.model_validate(raw)
    except ValidationError as error:
        path, reason = _explained(error, raw)
        raise _wrong(text, path, reason, name) from error
    problem = first_problem(digest)
    if problem:
        raise _wrong(text, problem.path, problem.reason, name)
    return _manuscript(digest, name)


def _parsed(text: str, name: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise DigestError(f"no valid JSON: {error.msg}", file=name, line=error.lineno) from error
    except ValueError as error:  # a doubled key, a constant, an endless number
        raise DigestError(f"no valid JSON: {error}", file=name) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f'the key "{key}" is twice in one object')
        result[key] = value
    return result


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"a number has {len(text)} digits")
    return int(text)


def _constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _wrong(text: str, path: Path, reason: str, name: str) -> DigestError:
    place = spelled(path)
    return DigestError(
        f"{place}: {reason}" if place else reason,
        remedy="digest.schema.json tells the format",
        file=name,
        line=line_of(text, path),
    )


def _explained(error: ValidationError, raw: object) -> tuple[Path, str]:
    """Path and reason of the problem that lies deepest: unions report one for each of their branches."""
    problems = error.errors(include_url=False, include_input=False)
    problem = max(problems, key=lambda problem: len(_path(problem["loc"], raw)))
    path = _path(problem["loc"], raw)
    if problem["type"] == "missing":
        return (*path, problem["loc"][-1]), "is required"
    if problem["type"] == "extra_forbidden":
        return path, "unknown key"
    return path, problem["msg"].removeprefix("Value error, ")


def _path(location: Sequence[str | int], raw: object) -> Path:
    """The location as far as it exists, without the names of models that pydantic puts between the keys."""
    path: list[str | int] = []
    value = raw
    for part in location:
        inside = _inside(value, part)
        if inside:
            path.append(part)
            value = inside[0]
    return tuple(path)


def _inside(value: object, part: str | int) -> tuple[object] | None:
    """What stands at one key or index; the name of a model is no key, even when an object has such a one."""
    if isinstance(value, dict) and part in value and value.get("type") != part:
        return (value[part],)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return (value[part],)
    return None


# --- into the model --------------------------------------------------------------------------------------------


def _manuscript(digest: models.DigestModel, name: str) -> Manuscript:
    front = FrontMatter(
        date=date.fromisoformat(digest.date) if digest.date else None,
        newsletter=digest.newsletter,
        slug=digest.slug,
        draft=values.draft(digest.status),
        publish_at=values.moment(digest.publish_at) if digest.publish_at else None,
        language=digest.language,
        image=_figure(digest.image) if digest.image else None,
        author=clean(digest.author).strip(),
    )
    parts = [
        Part(clean(section.name).strip(), _blocks(section.blocks), slug=section.slug or "")
        for section in digest.sections
    ]
    return manuscript(front, title=clean(digest.title).strip(), lead=_blocks(digest.lead), parts=parts, name=name)


def _blocks(blocks: Sequence[models.BlockModel]) -> tuple[Block, ...]:
    return tuple(_block(block) for block in blocks)


def _block(block: models.BlockModel) -> Block:
    match block:
        case models.ParagraphModel():
            return Paragraph(_inlines(block.content))
        case models.HeadingModel():
            return Heading(block.level, _inlines(block.content))
        case models.ListModel():
            return ListBlock(tuple(_item(item) for item in block.items), block.start)
        case models.QuoteModel():
            return Quote(_blocks(block.blocks), clean(block.source))
        case models.FigureModel():
            return _figure(block)
        case models.TableModel():
            rows = tuple(tuple(_inlines(cell) for cell in row) for row in block.rows)
            return Table(tuple(block.alignments), tuple(_inlines(cell) for cell in block.header), rows)
        case models.CodeModel():
            return Code(clean_code(block.text))
        case models.RuleModel():
            return Rule()
        case models.NoteModel():
            return Note(block.number, _blocks(block.blocks))


def _item(item: str | list[Any] | models.ItemModel) -> Item:
    return Item(_blocks(item.blocks) if isinstance(item, models.ItemModel) else (Paragraph(_inlines(item)),))


def _figure(picture: models.PictureModel) -> Figure:
    return Figure(clean(picture.alt), _inlines(picture.caption), clean(picture.credit), picture.src.strip())


def _inlines(content: models.InlinesModel) -> tuple[Inline, ...]:
    if isinstance(content, str):
        return (Text(clean(content)),) if content else ()
    return tuple(_inline(inline) for inline in content if inline != "")


def _inline(inline: str | models.InlineModel) -> Inline:
    match inline:
        case models.LinkModel():
            return Link(inline.href, _inlines(inline.content))
        case models.StrongModel():
            return Strong(_inlines(inline.content))
        case models.EmphasisModel():
            return Emphasis(_inlines(inline.content))
        case models.CodeSpanModel():
            return CodeSpan(clean(inline.text))
        case models.LineBreakModel():
            return LineBreak()
        case models.NoteMarkModel():
            return NoteMark(inline.number)
        case _:
            return Text(clean(inline))
