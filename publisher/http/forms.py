"""Forms with files, as browsers send them (RFC 7578)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

FormField = tuple[str, str | tuple[str, bytes, str]]
"""A name, and a text or a file: its name, content and type."""

_IN_NAMES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How names are written (RFC 7578, 2, which leaves it to HTML)."""


def form(fields: Sequence[FormField]) -> tuple[str, bytes]:
    """The content type and the body. The same fields give the same bytes."""
    boundary = sha256(repr(fields).encode()).hexdigest()[:32]
    # urllib3 would do it, and takes longer for a thousand recipients than composing their mails.
    parts = [part for name, value in fields for part in _part(boundary, name, value)]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body


def _part(boundary: str, name: str, value: str | tuple[str, bytes, str]) -> tuple[bytes, bytes, bytes]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_IN_NAMES)}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n".encode(), value.encode(), b"\r\n"
    file, content, kind = value
    head += f'; filename="{file.translate(_IN_NAMES)}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode(), content, b"\r\n"
