"""HTML of strangers, as upstream feeds bring it, becomes blocks of a digest: plain text in our own model.

nh3 reads it as a browser would and leaves only the elements that are known here; what is made of those holds no
markup at all. Words stay, whatever stood around them; programs, styles, frames and forms go with what is in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import urljoin

import nh3
from lxml import etree
from lxml import html as lxml_html

from publisher.digests.characters import clean, clean_code
from publisher.digests.links import allowed, linked
from publisher.digests.markdowninlines import trimmed
from publisher.digests.model import (
    Alignment,
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
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
)
from publisher.digests.walk import texts

MAX_CHARACTERS = 60_000
"""Of one item; an article of twenty pages has fewer."""

MAX_TAGS = 1_500
"""What a browser's algorithm makes of formatting that nobody closes grows with the square of it."""

MAX_DEPTH = 8
"""How deep lists and quotes stand in one another; what is deeper is one paragraph."""

_HIGHEST = 150
"""Elements within elements: libxml2 drops what is deeper than 255, and we go down with it."""

_EMPTY = re.compile(r"<(?:br|hr|img)\b")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_GONE = frozenset(
    {
        *("script", "style", "title", "template", "noscript", "iframe", "object", "embed", "svg", "math"),
        *("form", "select", "textarea", "button", "audio", "video", "canvas"),
    }
)
"""Elements that go with all that is in them."""
_INLINE = frozenset({"a", "b", "strong", "em", "i", "cite", "code", "br"})
_FLOW = frozenset(
    {
        *("p", "div", "section", "article", "header", "footer", "main", "aside", "center", "dl", "dt", "dd", "li"),
        *("figcaption", "td", "th", "caption", "thead", "tbody", "tfoot", "tr", "address", "details", "summary"),
    }
)
"""Elements that part paragraphs, and say nothing else."""
_BLOCK = frozenset(
    {
        *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "hr"),
        *("img", "figure", "table"),
    }
)
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_PIXEL = 2
"""A picture that is no larger in one direction is there to count readers."""


def bare(text: str) -> str:
    """One line of text from a string that may hold a little HTML, without parsing it: for titles."""
    return clean(unescape(_TAG.sub("", text))).strip()


def blocks_of(markup: str, *, base: str = "", pictures: bool = False) -> tuple[Block, ...]:
    """The blocks that a piece of HTML becomes. Never raises, whatever it is given.

    What has more than MAX_CHARACTERS or MAX_TAGS, or is very deep, is one paragraph of its text.

    Args:
        markup: a fragment of HTML.
        base: what relative addresses in it are relative to.
        pictures: whether pictures stay; they lie with the stranger, who then sees each reader come for them.
    """
    markup = clean_code(markup)
    if len(markup) > MAX_CHARACTERS or len(_TAG.findall(markup)) > MAX_TAGS:
        return _words(markup)
    kept = nh3.clean(
        markup,
        tags=set(_INLINE | _FLOW | _BLOCK),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    if not kept.strip():
        return ()
    if _height(kept) > _HIGHEST:
        return _words(kept)
    root = lxml_html.fragment_fromstring(kept, create_parent="div")
    return tuple(_Converter(base, pictures).flow(root, 0))


def _words(markup: str) -> tuple[Block, ...]:
    """All its text as one paragraph."""
    text = bare(markup[: MAX_CHARACTERS * 2])[:MAX_CHARACTERS]
    return (Paragraph((Text(text),)),) if text else ()


def _height(markup: str) -> int:
    """How deep elements stand in one another, in markup that nh3 has closed."""
    height = highest = 0
    for tag in _TAG.finditer(markup):
        if tag[0].startswith("</"):
            height -= 1
        elif not _EMPTY.match(tag[0]):
            height += 1
            highest = max(highest, height)
    return highest


def plain_text(markup: str) -> str:
    """The words of a piece of HTML in one line."""
    return " ".join(" ".join(texts(blocks_of(markup))).split())


@dataclass(frozen=True, slots=True)
class _Converter:
    """Converts elements. `base` and `pictures` are those of `blocks_of`."""

    base: str
    pictures: bool

    def flow(self, element: etree._Element, depth: int) -> list[Block]:
        """What an element holds, as blocks."""
        blocks: list[Block] = []
        run: list[Inline] = list(self._text(element.text, in_link=False))

        def end_run() -> None:
            inlines = trimmed(run)
            run.clear()
            if inlines:
                blocks.append(Paragraph(inlines))

        for child in element:
            if child.tag in _INLINE:
                run += self._inline(child, in_link=False)
                if figures := [each for img in child.iter("img") for each in self._figure(img)]:
                    end_run()
                    blocks += figures
            else:
                end_run()
                blocks += self._block(child, depth)
            run += self._text(child.tail, in_link=False)
        end_run()
        return blocks

    def _block(self, element: etree._Element, depth: int) -> Sequence[Block]:
        tag = str(element.tag)
        if tag in _NESTING and depth >= MAX_DEPTH:
            text = clean(" ".join(_strings(element))).strip()
            return [Paragraph((Text(text),))] if text else []
        made = _BLOCKS.get(tag)
        return made(self, element, depth) if made else self.flow(element, depth)

    def heading(self, element: etree._Element, _depth: int) -> list[Block]:
        """Below the sections, whatever its level was."""
        inlines = trimmed(self._inlines(element, in_link=False))
        return [Heading(min(max(int(str(element.tag)[1]), 4), 6), inlines)] if inlines else []

    def listed(self, element: etree._Element, depth: int) -> list[Block]:
        """Its items; what stands between them is one, too."""
        held: list[Sequence[Block]] = [self._stray(element.text)]
        for child in element:
            held += [self.flow(child, depth + 1), self._stray(child.tail)]
        items = tuple(Item(tuple(blocks)) for blocks in held if blocks)
        start = element.get("start", "")
        first = int(start) if re.fullmatch(r"[0-9]{1,9}", start, re.ASCII) else 1
        return [ListBlock(items, first if element.tag == "ol" else None)] if items else []

    def quote(self, element: etree._Element, depth: int) -> list[Block]:
        """What somebody said."""
        blocks = tuple(self.flow(element, depth + 1))
        return [Quote(blocks)] if blocks else []

    def code(self, element: etree._Element, _depth: int) -> list[Block]:
        """Lines as they are."""
        text = clean_code("".join(_strings(element)))
        return [Code(text)] if text.strip() else []

    def rule(self, _element: etree._Element, _depth: int) -> list[Block]:
        """A break."""
        return [Rule()]

    def picture(self, element: etree._Element, _depth: int) -> Sequence[Block]:
        """A picture by itself."""
        return self._figure(element)

    def figure(self, element: etree._Element, depth: int) -> Sequence[Block]:
        """What it holds; its caption goes to its first picture, or follows when there is none."""
        caption = next(element.iterchildren("figcaption"), None)
        if caption is None:
            return self.flow(element, depth)
        inlines, tail = trimmed(self._inlines(caption, in_link=False)), caption.tail
        caption.clear()
        caption.tail = tail
        blocks = self.flow(element, depth)
        for place, block in enumerate(blocks):
            if isinstance(block, Figure):
                return [*blocks[:place], replace(block, caption=inlines), *blocks[place + 1 :]]
        return [*blocks, Paragraph(inlines)] if inlines else blocks

    def table(self, element: etree._Element, depth: int) -> Sequence[Block]:
        """Rows and cells; a table of one column is there for the looks of it."""
        rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in element.iter("tr")]
        width = max(map(len, rows), default=0)
        if width < 2 or any(True for _ in element.iterdescendants("table")):
            return self.flow(element, depth + 1)
        cells = [tuple(trimmed(self._inlines(cell, in_link=False)) for cell in row) for row in rows]
        whole = tuple(row + ((),) * (width - len(row)) for row in cells if any(row))
        has_head = bool(rows[0]) and all(cell.tag == "th" for cell in rows[0]) and len(whole) > 1
        header, body = (whole[0], whole[1:]) if has_head else ((), whole)
        plain: Alignment = "none"
        captions = [each for found in element.iterchildren("caption") for each in self.flow(found, depth)]
        return [*captions, Table((plain,) * width, header, body)] if body else captions

    def _stray(self, text: str | None) -> Sequence[Block]:
        """Text where none belongs, as a paragraph."""
        inlines = trimmed(list(self._text(text, in_link=False)))
        return [Paragraph(inlines)] if inlines else []

    def _figure(self, element: etree._Element) -> list[Block]:
        src = self._address(element.get("src", ""))
        if not self.pictures or not src.startswith(("http://", "https://")) or _counts_readers(element):
            return []
        return [Figure(alt=clean(element.get("alt", "")).strip(), src=src)]

    def _inlines(self, element: etree._Element, *, in_link: bool) -> list[Inline]:
        inlines = list(self._text(element.text, in_link=in_link))
        for child in element:
            inlines += self._inline(child, in_link=in_link)
            inlines += self._text(child.tail, in_link=in_link)
        return inlines

    def _inline(self, element: etree._Element, *, in_link: bool) -> list[Inline]:
        """An element inside a line; what would be a paragraph of its own is words with a space around them."""
        tag = str(element.tag)
        if tag == "br":
            return [LineBreak()]
        if tag == "code":
            text = clean("".join(_strings(element)))
            return [CodeSpan(text)] if text.strip() else []
        href = self._address(element.get("href", "")) if tag == "a" and not in_link else ""
        children = self._inlines(element, in_link=in_link or bool(href))
        if tag not in _INLINE:
            return [Text(" "), *children, Text(" ")]
        if not any(map(_says, children)):
            return []
        wrap = _WRAPS.get(tag)
        if href:
            return [Link(href, tuple(children))]
        return [wrap(tuple(children))] if wrap else children

    def _text(self, text: str | None, *, in_link: bool) -> tuple[Inline, ...]:
        if not text:
            return ()
        return (Text(clean(text)),) if in_link else linked(text)

    def _address(self, address: str) -> str:
        try:
            return allowed(urljoin(self.base, address.strip())) or "" if address.strip() else ""
        except ValueError:
            return ""


_BLOCKS: Mapping[str, Callable[[_Converter, etree._Element, int], Sequence[Block]]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _Converter.heading),
    "ul": _Converter.listed,
    "ol": _Converter.listed,
    "blockquote": _Converter.quote,
    "pre": _Converter.code,
    "hr": _Converter.rule,
    "img": _Converter.picture,
    "figure": _Converter.figure,
    "table": _Converter.table,
}
_NESTING = frozenset({"ul", "ol", "blockquote", "table"})
_WRAPS: Mapping[str, Callable[[tuple[Inline, ...]], Inline]] = {
    "b": Strong,
    "strong": Strong,
    "em": Emphasis,
    "i": Emphasis,
    "cite": Emphasis,
}


def _strings(element: etree._Element) -> Iterator[str]:
    return (str(text) for text in element.itertext())


def _says(inline: Inline) -> bool:
    return not isinstance(inline, Text | LineBreak) or (isinstance(inline, Text) and bool(inline.text.strip()))


def _counts_readers(element: etree._Element) -> bool:
    sizes = (element.get(name, "").removesuffix("px").strip() for name in ("width", "height"))
    return any(size.isascii() and size.isdigit() and int(size[:6]) <= _PIXEL for size in sizes)
