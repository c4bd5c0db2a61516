"""How an item of a feed is set: a few lines with fields in braces. Pure.

It is no template language. A line is a paragraph; `### ` before it makes it a heading, `- ` an item of a list;
`**strong**` and `*stressed*` mean what they mean anywhere. A field is text wherever it stands: nothing that a
stranger writes into a title is markup here. A line with a field that is empty is left out, words and all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard, get_args

from publisher.config.feeds import ItemField
from publisher.digests.characters import clean
from publisher.digests.markdowninlines import trimmed
from publisher.digests.model import (
    Block,
    Emphasis,
    Heading,
    Inline,
    Item,
    Link,
    ListBlock,
    Paragraph,
    Strong,
    Text,
)

CONTENT = "content"
"""The one field that is blocks: it stands in a line of its own."""

_FIELD = re.compile(rf"\{{({'|'.join(get_args(ItemField))})\}}")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"\*(.+?)\*")

Values = Mapping[str, Sequence[Inline]]
"""By field, what stands for it; nothing, when an item has none."""


def laid_out(layout: str, values: Values, content: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks of an item.

    Args:
        layout: the lines.
        values: of every field but `content`.
        content: what stands for that one.
    """
    blocks: list[Block] = []
    for line in layout.splitlines():
        blocks += _line(line.strip(), values, content)
    return joined(blocks)


def filled(text: str, values: Mapping[str, str]) -> str:
    """One line of text with its fields filled in."""
    return clean(re.sub(r"\{([a-z]+)\}", lambda field: values.get(field[1], ""), text)).strip()


def _line(line: str, values: Values, content: Sequence[Block]) -> Sequence[Block]:
    if line == f"{{{CONTENT}}}":
        return content
    if not line or any(not values.get(name) for name in _FIELD.findall(line)):
        return ()
    for mark, make in _MARKS:
        if line.startswith(mark):
            return [make(inlines)] if (inlines := trimmed(list(_inlines(line[len(mark) :], values)))) else ()
    inlines = trimmed(list(_inlines(line, values)))
    return [Paragraph(inlines)] if inlines else ()


_MARKS = (
    ("### ", lambda inlines: Heading(3, inlines)),
    ("- ", lambda inlines: ListBlock((Item((Paragraph(inlines),)),))),
)


def _inlines(text: str, values: Values) -> Iterator[Inline]:
    """Marks are looked for in the layout's own words, before any value stands there."""
    end = 0
    for found in _STRONG.finditer(text):
        yield from _stressed(text[end : found.start()], values)
        yield from _wrapped(Strong, tuple(_stressed(found[1], values)))
        end = found.end()
    yield from _stressed(text[end:], values)


def _stressed(text: str, values: Values) -> Iterator[Inline]:
    end = 0
    for found in _EMPHASIS.finditer(text):
        yield from _filled(text[end : found.start()], values)
        yield from _wrapped(Emphasis, tuple(_filled(found[1], values)))
        end = found.end()
    yield from _filled(text[end:], values)


def _wrapped(kind: type[Strong] | type[Emphasis], children: tuple[Inline, ...]) -> Iterator[Inline]:
    if children:
        yield kind(children)


def _filled(text: str, values: Values) -> Iterator[Inline]:
    end = 0
    for found in _FIELD.finditer(text):
        if before := clean(text[end : found.start()]):
            yield Text(before)
        yield from values[found[1]]
        end = found.end()
    if after := clean(text[end:]):
        yield Text(after)


def joined(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks, lists with bullets that follow one another being one."""
    result: list[Block] = []
    for block in blocks:
        last = result[-1] if result else None
        if _has_bullets(block) and _has_bullets(last):
            result[-1] = ListBlock(last.items + block.items)
        else:
            result.append(block)
    return tuple(result)


def _has_bullets(block: Block | None) -> TypeGuard[ListBlock]:
    return isinstance(block, ListBlock) and block.start is None


def linked_title(title: str, link: str) -> tuple[Inline, ...]:
    """A title, leading to its item when there is somewhere to lead."""
    text = Text(title)
    return (Link(link, (text,)),) if link else (text,)
