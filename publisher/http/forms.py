"""Forms with files, as browsers send them (RFC 7578)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

FormField = tuple[str, str | tuple[str, bytes, str]]
"""A name, and a text or a file: its name, content and type."""

_IN_NAMES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How names are written (RFC 7578, 2, which leaves it to HTML)."""


def form(fields: Sequence[FormField]) -> tuple[str, bytes]:
    """The content type and the body. The same fields give the same bytes."""
    # urllib3 would do it, and takes longer for a thousand recipients than composing their mails.
    parts = [_part(name, value) for name, value in fields]
    boundary = _boundary(parts)
    before = b"--%b\r\nContent-Disposition: form-data; name=" % boundary
    pieces = [piece for head, content in parts for piece in (before, head, content, b"\r\n")]
    body = b"".join([*pieces, b"--%b--\r\n" % boundary])
    return f"multipart/form-data; boundary={boundary.decode()}", body


def _boundary(parts: Sequence[tuple[bytes, bytes]]) -> bytes:
    """What stands in none of them: a text that holds the digest of itself cannot be made."""
    digest = sha256()
    for head, content in parts:
        digest.update(b"%d %d\0" % (len(head), len(content)))
        digest.update(head)
        digest.update(content)
    return digest.hexdigest()[:32].encode()


def _part(name: str, value: str | tuple[str, bytes, str]) -> tuple[bytes, bytes]:
    """A field from its name on: the rest of its head, and its content."""
    if isinstance(value, str):
        return _text_head(name), value.encode()
    file, content, kind = value
    head = f"{_quoted(name)}; filename={_quoted(file)}\r\nContent-Type: {kind}\r\n\r\n"
    return head.encode(), content


@lru_cache(maxsize=64)
def _text_head(name: str) -> bytes:
    return f"{_quoted(name)}\r\n\r\n".encode()


def _quoted(name: str) -> str:
    return f'"{name.translate(_IN_NAMES)}"'
