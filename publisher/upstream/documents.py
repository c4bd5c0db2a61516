"""Which reader takes which document. What it is is told by how it begins, not by what its server calls it."""

from __future__ import annotations

from publisher.upstream import jsonfeeds, xmlfeeds
from publisher.upstream.model import Document

_MARK = b"\xef\xbb\xbf"


def read(data: bytes, *, address: str) -> Document:
    """The feed in a document, whatever its format.

    Args:
        data: its bytes.
        address: where it came from, for relative addresses in it.

    Raises:
        UpstreamError: there is no feed in it.
    """
    data = data.removeprefix(_MARK).lstrip()
    reader = jsonfeeds.read if data[:1] in (b"{", b"[") else xmlfeeds.read
    return reader(data, address=address)
