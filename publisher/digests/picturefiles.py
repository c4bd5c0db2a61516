"""What a picture file says about itself, as data, and what it may say."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import Enum

from publisher.errors import PublisherError

MAX_PIXELS = 50_000_000
"""Of a picture, of an animation all frames together: decoding so many takes some 400 MB for a moment."""

MAX_WEBP_PIXELS = MAX_PIXELS // 2
"""WebP is decoded on several canvases, which take twice the room."""

MAX_SIDE = 16_384
"""Pixels of a side: no camera makes more, and a strip of one pixel's height is no picture."""


class PictureError(PublisherError):
    """A picture file cannot be taken.

    The message goes on after the words that name the file ("is cut off"); whoever knows what these are, and where
    they stand, raises an error of their own from it.
    """


class Kind(Enum):
    """A format of pictures: the ending of its files, its media type, and what people call it."""

    PNG = "png", "image/png", "PNG"
    JPEG = "jpg", "image/jpeg", "JPEG"
    GIF = "gif", "image/gif", "GIF"
    WEBP = "webp", "image/webp", "WebP"

    def __init__(self, ending: str, media_type: str, label: str) -> None:
        self.ending = ending
        self.media_type = media_type
        self.label = label


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file, looked through.

    Args:
        kind: what it is, whatever it is called.
        width: pixels as they are stored, before it is turned upright.
        height: the same.
        frames: 1, or more of an animation.
        orientation: which way is up, as Exif counts: 1 is as stored, 5 to 8 lie on their side.
        essence: the file without what is no picture; colour profiles are picture. Of WebP it is the whole file.
    """

    kind: Kind
    width: int
    height: int
    frames: int = 1
    orientation: int = 1
    essence: bytes = field(default=b"", repr=False)


def cut_off() -> PictureError:
    """Its end is missing."""
    return PictureError("is cut off", remedy="Save it again")


def broken() -> PictureError:
    """It is not as its format has to be."""
    return PictureError("is broken", remedy="Save it again")


def check_size(found: PictureFile) -> None:
    """Refuse what is larger than anybody needs, before anything of it is decoded.

    Raises:
        PictureError: it claims no pixel at all, or too many.
    """
    if not found.width or not found.height:
        raise broken()
    limit = MAX_WEBP_PIXELS if found.kind is Kind.WEBP else MAX_PIXELS
    if max(found.width, found.height) > MAX_SIDE or found.width * found.height * found.frames > limit:
        frames = f" in {found.frames} frames" if found.frames > 1 else ""
        raise PictureError(
            f"claims {found.width} x {found.height} pixels{frames}",
            remedy=f"Make it smaller: {limit // 1_000_000} megapixels and {MAX_SIDE} pixels a side are taken",
        )


_ORIENTATION, _SHORT = 0x0112, 3


def orientation_of(exif: bytes) -> int:
    """Which way is up, from the first directory; 1 when it is not said, or unreadable."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, at)
        for entry in range(entries):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * entry)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1  # camera data that nobody can read says nothing
    return 1
