"""A candidate, read once for all rules: its mail as a tree, its text part, its links, its words by place.

The HTML is looked at as rendering made it, with a stand-in for every subscriber's value; what is said of sizes is
said of the message itself.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from urllib.parse import unquote

from lxml import etree

from publisher.digests.walk import plain
from publisher.editions import BlockKind, EditionBlock, FieldName, Parts
from publisher.preflight.folding import BEGIN, END
from publisher.preflight.model import Candidate
from publisher.preflight.pieces import Piece, pieces, section_place
from publisher.preflight.stories import Past, Story, stories

STAND_IN = "field.invalid"
"""The domain of the values that stand for a subscriber's (RFC 2606)."""

VALUES: Mapping[FieldName, str] = {
    name: f"reader@{STAND_IN}" if name is FieldName.EMAIL else f"https://{STAND_IN}/{name.value}"
    for name in FieldName
}

_BETWEEN = "next block"
_SILENT = frozenset({"style", "script", "head", "noscript"})
_WITHIN_WORDS = "abbr b bdi bdo cite code em font i mark q s small span strong sub time u wbr"
_INLINE = frozenset(_WITHIN_WORDS.split())
"""Elements that part no words."""

_PLACES = {
    BlockKind.OPENING: "head of the mail",
    BlockKind.LEAD: "lead",
    BlockKind.CONTENTS: "contents",
    BlockKind.CHOICE: "the word about chosen sections",
    BlockKind.CLOSING: "footer",
}
_WRITTEN = frozenset({BlockKind.LEAD, BlockKind.SECTION})
"""Blocks whose words are the editors'; those of the others are the templates'."""


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as a reader meets it; `href` is as it stands there."""

    place: str
    text: str
    href: str


@dataclass(slots=True)
class MailBlock:
    """What a block of the mail shows: `said` is its visible text, `strings` texts and attributes one by one."""

    block: EditionBlock
    place: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    said: str = field(default="", repr=False)
    strings: list[str] = field(default_factory=list, repr=False)
    elements: list[etree._Element] = field(default_factory=list, repr=False)

    @property
    def own(self) -> bool:
        """Whether the words in it are the templates' rather than the editors'."""
        return self.block.kind not in _WRITTEN

    def named(self, tag: str) -> Iterator[etree._Element]:
        """Its visible elements of one name."""
        return (element for element in self.elements if element.tag == tag)


class Reading:
    """Everything rules ask of a candidate, found out when first asked."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The digest's own words."""
        return tuple(pieces(self.candidate.digest))

    @cached_property
    def blocks(self) -> tuple[MailBlock, ...]:
        """The mail, block by block."""
        names = {section.slug: section_place(section.name) for section in self.candidate.digest.sections}
        found = tuple(
            MailBlock(
                block,
                _PLACES.get(block.kind) or names.get(block.section) or section_place(block.section),
                html=filled(block.html),
                text=filled(block.text),
            )
            for block in self.candidate.rendered.blocks
        )
        _look(found)
        return found

    @cached_property
    def links(self) -> tuple[ShownLink, ...]:
        """Every link of the mail but a subscriber's own: the editors' first, then what templates added."""
        written = [
            ShownLink(piece.place, plain(link.children), link.href)
            for piece in self.pieces
            for link in piece.links
        ]
        known = {unquote(link.href) for link in written}
        return (*written, *(link for link in self._links_in_mail() if unquote(link.href) not in known))

    def _links_in_mail(self) -> Iterator[ShownLink]:
        for block in self.blocks:
            for element in block.named("a"):
                href = element.get("href")
                if href is not None and STAND_IN not in href:
                    yield ShownLink(block.place, text_of(element), href)

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """The digest's stories."""
        return stories(self.candidate.digest)

    @cached_property
    def past(self) -> tuple[Past, ...]:
        """The newsletter's last digests, newest first, without the one itself that is corrected."""
        return tuple(
            Past(earlier.key, earlier.digest.title, stories(earlier.digest))
            for earlier in self.candidate.earlier
            if earlier.key != self.candidate.digest.key
        )

    @cached_property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return email.message_from_bytes(self.candidate.message, policy=email.policy.default)

    def body(self, subtype: str) -> bytes | None:
        """The decoded octets of the message's part text/`subtype`; None when it has none."""
        for part in self.message.walk():
            if part.get_content_type() == f"text/{subtype}" and not part.is_multipart():
                content = part.get_payload(decode=True)
                return content if isinstance(content, bytes) else b""
        return None


_last: list[Reading] = []


def reading(candidate: Candidate) -> Reading:
    """The reading of a candidate. The last one is kept: all rules ask for the same, one after another."""
    for known in tuple(_last):
        if known.candidate is candidate:
            return known
    _last[:] = [Reading(candidate)]
    return _last[0]


def filled(parts: Parts) -> str:
    """Parts with the stand-ins for a subscriber's values."""
    return "".join(part if isinstance(part, str) else VALUES[part.name] for part in parts)


def text_of(element: etree._Element) -> str:
    """What stands in an element, pictures by their alt text, in one line."""
    said = [str(text) for text in element.itertext(tag=None)]
    said += [image.get("alt", "") for image in element.iter("img")]
    return " ".join("".join(said).split())


def is_hidden(element: etree._Element) -> bool:
    """Whether readers do not see it, by its own style or attribute."""
    style = element.get("style", "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style or element.get("hidden") is not None


def _look(blocks: tuple[MailBlock, ...]) -> None:
    """Parse the whole mail once, and give each block what is shown between its beginning and the next one's."""
    document = f"<!--{_BETWEEN}-->".join(block.html for block in blocks)
    root = parsed(document)
    if root is None or not blocks:
        return
    remaining = iter(blocks)
    block = next(remaining)
    said: list[str] = []
    walker = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, element in walker:
        if event == "comment":
            if element.text == _BETWEEN:
                block.said, said = "".join(said), []
                block = next(remaining, block)
            tail = element.tail
        elif event == "start":
            if element.tag in _SILENT or is_hidden(element):
                walker.skip_subtree()
                continue
            block.elements.append(element)
            block.strings += [str(value) for name, value in element.items() if name not in {"style", "class"}]
            said.append(_border(element, BEGIN))
            tail = element.text
            if element.tag == "a" and not text_of(element):
                walker.skip_subtree()  # the text part shows the address of a link without words
        else:
            said.append(_border(element, END))
            tail = element.tail
        if tail:
            said.append(tail)
            block.strings.append(tail)
    block.said = "".join(said)


def _border(element: etree._Element, of_link: str) -> str:
    """What stands between the words before and after the beginning or end of an element."""
    if element.tag == "a":
        return of_link
    return "" if element.tag in _INLINE else " "


def parsed(document: str) -> etree._Element | None:
    """A document as a tree; None when there is nothing in it."""
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    data = document.encode("utf-8", "replace")
    return etree.fromstring(data, parser) if data.strip() else None
