"""What a look at the inbox gives: plain data between the part that touches files and the part that decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.digests.model import Asset, Digest
from publisher.errors import DigestError

Stamp = tuple[int, int]
"""Size in bytes and mtime in nanoseconds: while these stay, a file stays."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The files of the inbox at one moment, by their path relative to it with forward slashes.

    `refused` are things that can never be a digest or picture: symbolic links, pipes, names that are no text.
    `unsettled` are files that were still changing.
    """

    files: Mapping[str, Stamp]
    refused: tuple[DigestError, ...] = ()
    unsettled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LocalPicture:
    """A picture beside a digest, found but not looked into.

    Args:
        src: how the digest names it, `./pictures/pier%20one.png`.
        path: from the digest's folder, `pictures/pier one.png`.
        sha256: of the file as it lies there, in hex.
    """

    src: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A digest that the inbox holds, as it is written: its figures name `pictures` by their `src`.

    `source_hash` is SHA-256, in hex, over its file and its local pictures as they lie there: what becomes of the
    pictures afterwards, with this or a later version of what makes them, does not make it another digest.
    """

    path: str
    digest: Digest
    draft: bool
    pictures: tuple[LocalPicture, ...]
    source_hash: str


@dataclass(frozen=True, slots=True)
class Illustrated:
    """A digest with its pictures made ready: figures name them `asset:NAME`, with width and height."""

    digest: Digest
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """All that one look gives. `present` are all files that were there, whatever became of them."""

    findings: tuple[Finding, ...] = ()
    errors: tuple[DigestError, ...] = ()
    unsettled: frozenset[str] = frozenset()
    present: frozenset[str] = field(default_factory=frozenset)
