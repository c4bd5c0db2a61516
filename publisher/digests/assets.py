"""The pictures beside a digest: found, checked, and named by what they hold.

A figure's `src` is an http(s) address, which stays one, or a path from the digest's own folder downward. Nothing
else is opened: no absolute path, no `..`, no symbolic link, no other kind of file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from publisher.digests.files import read_regular
from publisher.digests.links import allowed
from publisher.digests.model import Asset, Digest, Figure
from publisher.digests.walk import all_blocks, figures, map_figures
from publisher.errors import DigestError

MAX_BYTES = 20 * 1024 * 1024
MAX_TOTAL = 100 * 1024 * 1024
"""Bytes of one picture, and of all pictures of one digest."""

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
"""What picture files are called; the inbox passes over them."""

_KINDS: tuple[tuple[Callable[[bytes], bool], str, str], ...] = (
    (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), "png", "image/png"),
    (lambda head: head.startswith(b"\xff\xd8\xff"), "jpg", "image/jpeg"),
    (lambda head: head.startswith((b"GIF87a", b"GIF89a")), "gif", "image/gif"),
    (lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP", "webp", "image/webp"),
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A digest whose figures name assets, and these. `paths` are the pictures' paths from the digest's folder."""

    digest: Digest
    assets: tuple[Asset, ...]
    paths: tuple[str, ...]


@dataclass(slots=True)
class _Gatherer:
    folder: Path
    file: str
    text: str
    by_path: dict[str, Asset] = field(default_factory=dict)
    total: int = 0

    def take(self, figure: Figure) -> Figure:
        path = self.local(figure.src)
        if path is None:
            return replace(figure, src=allowed(figure.src) or "")
        if path not in self.by_path:
            self.by_path[path] = self.read(path, figure.src)
        return replace(figure, src=f"asset:{self.by_path[path].name}")

    def local(self, src: str) -> str | None:
        """The path that a source names, or None for an address and for a figure without a picture."""
        if not src or (src.lower().startswith(("http://", "https://")) and allowed(src)):
            return None
        path = unquote(src).replace("\\", "/").removeprefix("./")
        parts = PurePosixPath(path).parts
        if ":" in path or path.startswith("/") or ".." in parts or not parts or "\0" in path:
            raise self.error(
                f'the picture "{src}" may not be used',
                "Write an address, or a path from the digest's own folder downward",
                src,
            )
        return str(PurePosixPath(path))

    def read(self, path: str, src: str) -> Asset:
        for parent in [*reversed(PurePosixPath(path).parents), PurePosixPath(path)]:
            if (self.folder / parent).is_symlink() and str(parent) != ".":
                raise self.error(f'the picture "{src}" is a symbolic link', "Put the file itself there", src)
        data = self.bytes_of(path, src)
        self.total += len(data)
        if self.total > MAX_TOTAL:
            raise self.error(f"its pictures have more than {MAX_TOTAL // 2**20} MB", "Make them smaller", src)
        for matches, ending, media_type in _KINDS:
            if matches(data[:16]):
                return Asset(f"{hashlib.sha256(data).hexdigest()[:32]}.{ending}", media_type, data)
        raise self.error(f'the picture "{src}" is no PNG, JPEG, GIF or WebP', "Save it as one of these", src)

    def bytes_of(self, path: str, src: str) -> bytes:
        try:
            data = read_regular(self.folder / path, MAX_BYTES + 1)
        except FileNotFoundError:
            raise self.error(f'the picture "{src}" is not there', "Put it beside the digest", src) from None
        except OSError as error:
            raise self.error(
                f'the picture "{src}" cannot be read: {error.strerror}', "Check its name and permissions", src
            ) from error
        if len(data) > MAX_BYTES:
            raise self.error(f'the picture "{src}" has more than {MAX_BYTES // 2**20} MB', "Make it smaller", src)
        return data

    def error(self, message: str, remedy: str, src: str) -> DigestError:
        at = self.text.find(src)
        line = self.text.count("\n", 0, at) + 1 if at >= 0 and src else None
        return DigestError(message, remedy=remedy, file=self.file, line=line)


def local_paths(digest: Digest, *, file: str, text: str = "") -> list[str]:
    """The paths, from the digest's folder, of the pictures it names; nothing is opened.

    Raises:
        DigestError: one of them may not be used.
    """
    gatherer = _Gatherer(Path(), file, text)
    paths = (gatherer.local(figure.src) for figure in _figures(digest))
    return list(dict.fromkeys(path for path in paths if path is not None))


def gather(digest: Digest, *, folder: Path, file: str, text: str = "") -> Gathered:
    """Read the local pictures of a digest, and have its figures name them `asset:NAME`.

    Args:
        folder: where the digest file is.
        file: what to call the digest file in errors.
        text: of the digest file, to tell the line of what is wrong.

    Raises:
        DigestError: a picture is missing, too large, of an unknown kind, or not where pictures may be.
    """
    gatherer = _Gatherer(folder, file, text)
    image = gatherer.take(digest.image) if digest.image else None
    lead = map_figures(digest.lead, gatherer.take)
    sections = tuple(
        replace(section, blocks=map_figures(section.blocks, gatherer.take)) for section in digest.sections
    )
    assets = {asset.name: asset for asset in gatherer.by_path.values()}
    changed = replace(digest, image=image, lead=lead, sections=sections)
    return Gathered(changed, tuple(assets.values()), tuple(gatherer.by_path))


def _figures(digest: Digest) -> Iterator[Figure]:
    if digest.image:
        yield digest.image
    yield from figures(all_blocks(digest.lead, digest.sections))
