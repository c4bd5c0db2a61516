"""The parser's tokens inside a line become inlines; pictures among them become figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from markdown_it.token import Token

from publisher.digests.characters import clean
from publisher.digests.credits import split_credit
from publisher.digests.links import allowed, linked
from publisher.digests.manuscripts import DASHES
from publisher.digests.model import (
    CodeSpan,
    Emphasis,
    Figure,
    Inline,
    LineBreak,
    Link,
    NoteMark,
    Paragraph,
    Strong,
    Text,
)
from publisher.digests.walk import plain

_Other = TypeVar("_Other")


@dataclass(slots=True)
class _Open:
    """An inline that is not closed yet. `text` gathers, so that an address broken over tokens is found."""

    kind: str
    href: str | None = None
    title: str = ""
    children: list[Inline | Figure] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class InlineConverter:
    """Converts the tokens of one line after the other; `figures` gathers pictures that stood inside something."""

    def __init__(self, number: Callable[[Token], int], *, quoted: bool = False) -> None:
        self._number = number
        self._quoted = quoted
        self._stack: list[_Open] = []
        self._broken = False
        """The line was broken just now."""
        self.figures: list[Figure] = []

    def paragraphs(self, tokens: Iterable[Token]) -> list[Paragraph | Figure]:
        """A paragraph, parted by the pictures in it."""
        self.figures = []
        result: list[Paragraph | Figure] = []
        run: list[Inline] = []
        for child in self._children(tokens):
            if isinstance(child, Figure):
                result += _paragraph(run)
                result.append(child)
                run = []
            else:
                run.append(child)
        return [*result, *_paragraph(run), *self.figures]

    def inlines(self, tokens: Iterable[Token]) -> tuple[Inline, ...]:
        """The line as inlines; its pictures go to `figures`."""
        children = self._children(tokens)
        self.figures += [child for child in children if isinstance(child, Figure)]
        return trimmed([child for child in children if not isinstance(child, Figure)])

    def _children(self, tokens: Iterable[Token]) -> list[Inline | Figure]:
        self._stack = [_Open("")]
        for token in tokens:
            self._take(token)
        self._end_text()
        return self._stack[0].children

    def _take(self, token: Token) -> None:
        top = self._stack[-1]
        match token.type:
            case "softbreak":
                top.text.append("\n")
                self._broken = True
                return
            case "hardbreak":
                self._add(LineBreak())
            case "code_inline":
                self._add(CodeSpan(clean(token.content)))
            case "footnote_ref":
                self._add(NoteMark(self._number(token)))
            case "image":
                self._image(token)
            case "strong_open" | "em_open" | "link_open":
                self._end_text()
                href = allowed(str(token.attrs.get("href", "")))
                self._stack.append(_Open(token.type, href, str(token.attrs.get("title", ""))))
            case "strong_close" | "em_close" | "link_close":
                self._close()
            case _:
                if self._quoted and self._broken and token.content.startswith(tuple(DASHES)):
                    top.text.pop()
                    self._add(LineBreak())  # who said it, under what was said
                top.text.append(token.content)
        self._broken = False

    def _add(self, inline: Inline | Figure) -> None:
        self._end_text()
        self._stack[-1].children.append(inline)

    def _end_text(self) -> None:
        top = self._stack[-1]
        if top.text:
            text = "".join(top.text)
            top.text.clear()
            in_link = any(frame.href for frame in self._stack)
            top.children.extend([Text(clean(text))] if in_link else linked(text))

    def _image(self, token: Token) -> None:
        figure = _figure(token)
        if len(self._stack) == 1:
            self._add(figure)
        else:
            self.figures.append(figure)

    def _close(self) -> None:
        self._end_text()
        frame = self._stack.pop()
        children = tuple(merged(child for child in frame.children if not isinstance(child, Figure)))
        parent = self._stack[-1].children
        if children and frame.kind == "strong_open":
            parent.append(Strong(children))
        elif children and frame.kind == "em_open":
            parent.append(Emphasis(children))
        elif children and frame.href:
            parent.append(Link(frame.href, children))
        else:
            parent.extend(children)
        if frame.title.strip():  # only a pointing hand would see it; nobody points in a mail
            parent.append(Text(f" ({clean(frame.title).strip()})"))


def _figure(token: Token) -> Figure:
    """Alt text between the brackets, caption and credit in the title."""
    caption = clean(str(token.attrs.get("title", ""))).strip()
    credited = split_credit(caption)
    return Figure(
        alt=clean(_alt(token)).strip(),
        caption=linked(credited.text if credited else caption),
        credit=credited.credit if credited else "",
        src=str(token.attrs.get("src", "")).strip(),
    )


def _alt(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return "".join(_alt(child) for child in token.children) if token.children else token.content


def trimmed(inlines: Sequence[Inline]) -> tuple[Inline, ...]:
    """Without white space and line breaks at either end."""
    first, last = 0, len(inlines)
    while first < last and _is_space(inlines[first]):
        first += 1
    while last > first and _is_space(inlines[last - 1]):
        last -= 1
    result = list(merged(inlines[first:last]))
    if result and isinstance(opening := result[0], Text):
        result[0] = Text(opening.text.lstrip(" "))
    if result and isinstance(closing := result[-1], Text):
        result[-1] = Text(closing.text.rstrip(" "))
    return tuple(result)


def _is_space(inline: Inline) -> bool:
    return isinstance(inline, LineBreak) or (isinstance(inline, Text) and not inline.text.strip())


def merged(inlines: Iterable[Inline]) -> Iterator[Inline]:
    """The inlines, neighbouring runs of text being one."""
    run: list[str] = []
    for inline in inlines:
        if isinstance(inline, Text):
            run.append(inline.text)
            continue
        if run:
            yield Text("".join(run))
            run.clear()
        yield inline
    if run:
        yield Text("".join(run))


def _paragraph(run: Sequence[Inline]) -> list[Paragraph]:
    inlines = trimmed(run)
    return [Paragraph(inlines)] if inlines else []


def captioned(blocks: Iterable[_Other]) -> Iterator[_Other | Figure]:
    """The blocks, where an emphasised line under a picture has become its caption and credit."""
    figure: Figure | None = None
    for block in blocks:
        if figure is not None:
            told = _told(figure, block)
            yield told or figure
            figure = None
            if told:
                continue
        if isinstance(block, Figure):
            figure = block
        else:
            yield block
    if figure is not None:
        yield figure


def _told(figure: Figure, block: object) -> Figure | None:
    """The figure with what the emphasised line says, or None when this is no such line."""
    if not isinstance(block, Paragraph) or len(block.inlines) != 1 or figure.credit:
        return None
    line = block.inlines[0]
    if not isinstance(line, Emphasis):
        return None
    text = plain(line.children).strip()
    if figure.caption:
        return replace(figure, credit=text.strip("[]() "))
    credited = split_credit(text)
    last = line.children[-1]
    if credited is None or not isinstance(last, Text) or len(last.text) < len(text) - len(credited.text):
        return replace(figure, caption=line.children)
    kept = last.text.rstrip()[: len(credited.text) - len(text)].rstrip()
    return replace(figure, caption=trimmed([*line.children[:-1], Text(kept)]), credit=credited.credit)
