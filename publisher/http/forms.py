"""Forms with files, as browsers send them (RFC 7578)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from urllib3.filepost import encode_multipart_formdata

FormField = tuple[str, str | tuple[str, bytes, str]]
"""A name, and a text or a file: its name, content and type."""


def form(fields: Sequence[FormField]) -> tuple[str, bytes]:
    """The content type and the body. The same fields give the same bytes."""
    boundary = sha256(repr(fields).encode()).hexdigest()[:32]
    body, content_type = encode_multipart_formdata(list(fields), boundary=boundary)
    return content_type, body
