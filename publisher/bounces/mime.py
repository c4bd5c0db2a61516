"""A raw mail from anybody as parts and headers, with limits on everything. Pure.

The parser of the standard library reads reports as mails within mails, and those that are encoded not at all. Here
whatever is `message/...` is text: `message/delivery-status` becomes `text/delivery-status`, decoded like any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from publisher.errors import PublisherError

LARGEST = 1_000_000
"""Octets that are looked at: what a server says stands before the mail that it returns."""

MOST_PARTS = 50
_DEEPEST = 20
"""Boundaries: the parser takes each line to each of them."""

_MOST_FIELDS = 500
_LONGEST_HEADER = 2000

FOREIGN_RUBBISH = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    MessageError,
)
"""What the standard library raises for mails that are none."""

_BOUNDARY = re.compile(rb"boundary\*?[0-9]{0,3}\*?\s{0,80}=", re.I)
_A_MESSAGE = re.compile(rb"^(content-type:\s{0,80})message/", re.I | re.M)


class UnreadableError(PublisherError):
    """A mail cannot be read; it says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that has no parts. `type` is in lower case, see the module; `text` is decoded."""

    type: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that came in.

    Args:
        type: of the whole: "multipart/report".
        headers: names in lower case, with the values in the order they came, each in one line.
        parts: those without parts, in their order.
    """

    type: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a header, the topmost first; `name` is in lower case."""
        return tuple(value for found, value in self.headers if found == name)

    def header(self, name: str) -> str:
        """The topmost value of a header; empty when there is none."""
        return next(iter(self.values(name)), "")

    def part(self, *types: str) -> Part | None:
        """The first part of one of these types."""
        return next((part for part in self.parts if part.type in types), None)

    @property
    def text(self) -> str:
        """What is written for people; empty when there is nothing in plain text."""
        found = self.part("text/plain")
        return found.text if found else ""


def opened(raw: bytes) -> Mail:
    """A raw mail, cut at LARGEST.

    Raises:
        UnreadableError: it is none, or is made to be a burden.
    """
    raw = raw[:LARGEST]
    if len(_BOUNDARY.findall(raw)) > _DEEPEST:
        raise UnreadableError("too many boundaries")
    try:
        message = message_from_bytes(_A_MESSAGE.sub(rb"\1text/", raw))
        parts = tuple(_parts(message))
        return Mail(message.get_content_type(), tuple(_headers(message)), parts)
    except FOREIGN_RUBBISH as error:
        raise UnreadableError(type(error).__name__) from error


def fields(text: str) -> dict[str, str]:
    """A block of header fields, the first of each name, names in lower case; what is no field is left out."""
    try:
        found = _headers(HeaderParser().parsestr(text.lstrip()))
        return dict(reversed(list(found)))
    except FOREIGN_RUBBISH:
        return {}


def _parts(message: Message) -> Iterator[Part]:
    leaves = (each for each in message.walk() if not each.is_multipart())
    for number, leaf in enumerate(leaves):
        if number == MOST_PARTS:
            raise UnreadableError("too many parts")
        yield Part(leaf.get_content_type(), _text(leaf))


def _text(leaf: Message) -> str:
    """A part's text, in the character set that it says, or nearly. What is no text is not decoded."""
    if leaf.get_content_maintype() != "text":
        return ""
    payload = leaf.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(leaf.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # no such character set
        return data.decode("utf-8", "replace")


def _headers(message: Message) -> Iterator[tuple[str, str]]:
    for name, value in islice(message.raw_items(), _MOST_FIELDS):
        # Letters beyond ASCII are UTF-8 (RFC 6532), whatever else they were meant to be.
        said = str(value)[:_LONGEST_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        yield name.lower(), " ".join(_decoded(said).split())


def _decoded(value: str) -> str:
    """A header's words (RFC 2047) as text; as it is when they are broken."""
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except FOREIGN_RUBBISH:
        return value
