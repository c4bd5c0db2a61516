"""The pictures beside a digest: found and told apart at every look, and made ready once the digest is taken.

A figure's `src` is an http(s) address, which stays one, or a path from the digest's own folder downward. Nothing
else is opened: no absolute path, no `..`, no symbolic link, no other kind of file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from publisher.digests.characters import MAX_BYTES as MAX_TEXT
from publisher.digests.files import read_regular
from publisher.digests.findings import Finding, Illustrated, LocalPicture
from publisher.digests.links import allowed
from publisher.digests.model import Asset, Digest, Figure
from publisher.digests.picturefiles import PictureError
from publisher.digests.pictures import Picture, make_publishable
from publisher.digests.walk import all_blocks, figures, map_figures
from publisher.errors import DigestError

MAX_BYTES = 20 * 1024 * 1024
MAX_TOTAL = 100 * 1024 * 1024
"""Bytes of one picture, and of all pictures of one digest."""

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
"""What picture files are called; the inbox passes over them."""

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of characters, which no file name can be written with."""

_LONGEST = 100
"""Characters of a picture's name that an error shows."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A digest, and the local pictures that its figures name: one for each way of naming one."""

    digest: Digest
    pictures: tuple[LocalPicture, ...]


@dataclass(slots=True)
class _Gatherer:
    folder: Path
    file: str
    text: str
    by_src: dict[str, LocalPicture] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each file, by its path."""
    total: int = 0

    def take(self, figure: Figure) -> Figure:
        path = self.local(figure.src)
        if path is None:
            return replace(figure, src=allowed(figure.src) or "")
        if path not in self.hashes:
            self.hashes[path] = self.hash_of(path, figure.src)
        self.by_src[figure.src] = LocalPicture(figure.src, path, self.hashes[path])
        return figure

    def local(self, src: str) -> str | None:
        """The path that a source names, or None for an address and for a figure without a picture."""
        if not src or (src.lower().startswith(("http://", "https://")) and allowed(src)):
            return None
        path = unquote(src).replace("\\", "/").removeprefix("./")
        parts = PurePosixPath(path).parts
        if ":" in path or path.startswith("/") or ".." in parts or not parts or _ODD.search(path):
            raise self.error(
                f'the picture "{_named(src)}" may not be used',
                "Write an address, or a path from the digest's own folder downward",
                src,
            )
        return str(PurePosixPath(path))

    def hash_of(self, path: str, src: str) -> str:
        self.refuse_links(path, src)
        data = self.bytes_of(path, src)
        self.total += len(data)
        if self.total > MAX_TOTAL:
            raise self.error(f"its pictures have more than {MAX_TOTAL // 2**20} MB", "Make them smaller", src)
        return hashlib.sha256(data).hexdigest()

    def refuse_links(self, path: str, src: str) -> None:
        try:
            for parent in [*reversed(PurePosixPath(path).parents), PurePosixPath(path)]:
                if (self.folder / parent).is_symlink() and str(parent) != ".":
                    raise self.error(
                        f'the picture "{_named(src)}" is a symbolic link', "Put the file itself there", src
                    )
        except OSError as error:  # a name that is longer than names can be
            raise self.unreadable(error, src) from error

    def bytes_of(self, path: str, src: str) -> bytes:
        try:
            data = read_regular(self.folder / path, MAX_BYTES + 1)
        except FileNotFoundError:
            raise self.error(
                f'the picture "{_named(src)}" is not there', "Put it beside the digest", src
            ) from None
        except OSError as error:
            raise self.unreadable(error, src) from error
        if len(data) > MAX_BYTES:
            raise self.error(
                f'the picture "{_named(src)}" has more than {MAX_BYTES // 2**20} MB', "Make it smaller", src
            )
        return data

    def unreadable(self, error: OSError, src: str) -> DigestError:
        message = f'the picture "{_named(src)}" cannot be read: {error.strerror}'
        return self.error(message, "Check its name and permissions", src)

    def error(self, message: str, remedy: str, src: str) -> DigestError:
        return DigestError(message, remedy=remedy, file=self.file, line=_line_of(src, self.text))


def _named(src: str) -> str:
    """A picture's name as an error shows it."""
    return _ODD.sub("\N{REPLACEMENT CHARACTER}", src if len(src) <= _LONGEST else f"{src[: _LONGEST - 1]}…")


def local_paths(digest: Digest, *, file: str, text: str = "") -> list[str]:
    """The paths, from the digest's folder, of the pictures it names; nothing is opened.

    Raises:
        DigestError: one of them may not be used.
    """
    gatherer = _Gatherer(Path(), file, text)
    paths = (gatherer.local(figure.src) for figure in _figures(digest))
    return list(dict.fromkeys(path for path in paths if path is not None))


def gather(digest: Digest, *, folder: Path, file: str, text: str = "") -> Gathered:
    """Find the local pictures of a digest. They are read to be told apart, and not looked into.

    Args:
        folder: where the digest file is.
        file: what to call the digest file in errors.
        text: of the digest file, to tell the line of what is wrong.

    Raises:
        DigestError: a picture is missing, too large, or not where pictures may be.
    """
    gatherer = _Gatherer(folder, file, text)
    changed = _with_figures(digest, gatherer.take)
    return Gathered(changed, tuple(gatherer.by_src.values()))


def illustrate(finding: Finding, *, inbox: Path) -> Illustrated:
    """Make the pictures of a digest ready to be published. They are decoded: a dozen photographs take seconds.

    Args:
        finding: the digest, as it was found.
        inbox: the folder that its path starts from.

    Raises:
        DigestError: one is no picture that can be published; or it is another one by now, which is not permanent.
    """
    file = inbox / finding.path
    gatherer = _Gatherer(file.parent, finding.path, _text_of(file))
    made: dict[str, Picture] = {}
    for picture in finding.pictures:
        if picture.sha256 not in made:
            made[picture.sha256] = _make(picture, gatherer)
    by_src = {picture.src: made[picture.sha256] for picture in finding.pictures}

    def shown(figure: Figure) -> Figure:
        picture = by_src.get(figure.src)
        if picture is None:
            return figure
        return replace(figure, src=f"asset:{asset_of(picture).name}", width=picture.width, height=picture.height)

    assets = {asset.name: asset for asset in map(asset_of, made.values())}
    return Illustrated(_with_figures(finding.digest, shown), tuple(assets.values()))


def asset_of(picture: Picture) -> Asset:
    """The picture as a file to publish, named by what it holds."""
    name = f"{hashlib.sha256(picture.data).hexdigest()[:32]}.{picture.kind.ending}"
    return Asset(name, picture.kind.media_type, picture.data)


def _make(found: LocalPicture, gatherer: _Gatherer) -> Picture:
    data = gatherer.bytes_of(found.path, found.src)
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise DigestError(
            f'the picture "{found.src}" has just been changed',
            remedy="The next pass takes it",
            file=gatherer.file,
            permanent=False,
        )
    try:
        return make_publishable(data)
    except PictureError as error:
        raise gatherer.error(f'the picture "{found.src}" {error.message}', error.remedy, found.src) from error


def _text_of(file: Path) -> str:
    """What the digest's file says, as far as it takes to tell a line; nothing when it is gone by now."""
    try:
        return read_regular(file, MAX_TEXT).decode("utf-8", "replace")
    except OSError:
        return ""


def _line_of(src: str, text: str) -> int | None:
    """The line that names the picture, as formats name one; else the first that has the same words at all."""
    at = min((at for sign in "(<\"'" if (at := text.find(f"{sign}{src}")) >= 0), default=text.find(src))
    return text.count("\n", 0, at) + 1 if at >= 0 and src else None


def _with_figures(digest: Digest, change: Callable[[Figure], Figure]) -> Digest:
    """The digest with every figure changed, in reading order."""
    image = change(digest.image) if digest.image else None
    lead = map_figures(digest.lead, change)
    sections = tuple(replace(section, blocks=map_figures(section.blocks, change)) for section in digest.sections)
    return replace(digest, image=image, lead=lead, sections=sections)


def _figures(digest: Digest) -> Iterator[Figure]:
    if digest.image:
        yield digest.image
    yield from figures(all_blocks(digest.lead, digest.sections))
