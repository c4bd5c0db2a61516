"""A digest written as JSON, in the format that `json` reads: for parts of the publisher that make digests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

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


def written(
    *,
    newsletter: str,
    slug: str,
    title: str,
    day: date,
    status: Literal["draft", "final"],
    lead: Sequence[Block],
    sections: Sequence[Section],
) -> bytes:
    """The bytes of a file for the inbox; the same digest gives the same bytes.

    A section without a slug gets one when it is read.
    """
    parts = [
        {
            "name": section.name,
            **({"slug": section.slug} if section.slug else {}),
            "blocks": _blocks(section.blocks),
        }
        for section in sections
    ]
    whole = {
        "title": title,
        "date": day.isoformat(),
        "newsletter": newsletter,
        "slug": slug,
        "status": status,
        "lead": _blocks(lead),
        "sections": parts,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def _blocks(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    return [_block(block) for block in blocks]


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph(inlines):
            return {"type": "paragraph", "content": _inlines(inlines)}
        case Heading(level, inlines):
            return {"type": "heading", "level": level, "content": _inlines(inlines)}
        case ListBlock(items, start):
            numbered = {} if start is None else {"start": start}
            return {"type": "list", **numbered, "items": [_item(item) for item in items]}
        case Quote(blocks, source):
            return {"type": "quote", "blocks": _blocks(blocks), "source": source}
        case Figure(alt, caption, credit, src):
            return {"type": "figure", "src": src, "alt": alt, "caption": _inlines(caption), "credit": credit}
        case Table(alignments, header, rows):
            return {
                "type": "table",
                "alignments": list(alignments),
                "header": [_inlines(cell) for cell in header],
                "rows": [[_inlines(cell) for cell in row] for row in rows],
            }
        case Code(text):
            return {"type": "code", "text": text}
        case Rule():
            return {"type": "rule"}
        case Note(number, blocks):
            return {"type": "note", "number": number, "blocks": _blocks(blocks)}


def _item(item: Item) -> Any:
    """A line as such, more than a line as its blocks."""
    if len(item.blocks) == 1 and isinstance(only := item.blocks[0], Paragraph) and only.inlines:
        return _inlines(only.inlines)
    return {"blocks": _blocks(item.blocks)}


def _inlines(inlines: Sequence[Inline]) -> Any:
    if len(inlines) == 1 and isinstance(only := inlines[0], Text):
        return only.text
    return [_inline(inline) for inline in inlines]


def _inline(inline: Inline) -> Any:
    match inline:
        case Text(text):
            return text
        case CodeSpan(text):
            return {"type": "code", "text": text}
        case Strong(children):
            return {"type": "strong", "content": _inlines(children)}
        case Emphasis(children):
            return {"type": "emphasis", "content": _inlines(children)}
        case Link(href, children):
            return {"type": "link", "href": href, "content": _inlines(children)}
        case LineBreak():
            return {"type": "break"}
        case NoteMark(number):
            return {"type": "mark", "number": number}
