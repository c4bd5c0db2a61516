"""Which reader takes which file. A format is one line here and one module beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from publisher.digests import json, markdown, text
from publisher.digests.model import Manuscript
from publisher.errors import DigestError

Reader = Callable[..., Manuscript]
"""`read(data, *, name)`: the manuscript in a file's bytes; raises DigestError with the file's name and a line."""

READERS: Mapping[str, Reader] = {
    ".txt": text.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".json": json.read,
}
"""Readers by the ending of the file name, in lower case."""


def suffix_of(name: str) -> str:
    """The ending of a file name as `READERS` knows it."""
    return PurePosixPath(name).suffix.lower()


def read_file(data: bytes, *, name: str) -> Manuscript:
    """The manuscript in a file; `name` (a path will do) tells its format and stands in errors.

    Raises:
        DigestError: no reader knows the ending, or the reader cannot take the file.
    """
    reader = READERS.get(suffix_of(name))
    if reader is None:
        endings = ", ".join(READERS)
        raise DigestError("no format has this ending", remedy=f"A digest ends in one of {endings}", file=name)
    return reader(data, name=name)
