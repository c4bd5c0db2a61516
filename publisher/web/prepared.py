"""An answer that is made before anybody asks: its headers for ASGI, and the same as bytes for the wire. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

RawHeaders = tuple[tuple[bytes, bytes], ...]


class Answer(NamedTuple):
    """What is sent. The Date belongs between `line` and `fields`; it is the server's."""

    status: int
    headers: RawHeaders
    line: bytes
    """The status line."""
    fields: bytes
    """The headers as lines, without the empty one that ends them."""
    body: bytes | None
    """None for what is read from disk for each answer."""


def prepared(status: int, headers: Mapping[str, str], body: bytes | None = b"") -> Answer:
    """Make an answer ready."""
    raw = tuple((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items())
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode("ascii")
    return Answer(int(status), raw, line, lines_of(raw), body)


def lines_of(headers: RawHeaders | list[tuple[bytes, bytes]]) -> bytes:
    """Headers as HTTP/1.1 writes them."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
