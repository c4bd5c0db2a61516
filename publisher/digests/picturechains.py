"""The chains of pieces that picture files are made of, walked along without decoding one pixel.

The walk gives the size, the number of frames and which way is up, shows whether the end is there, and leaves
behind what is no picture: camera data with the place where it was taken, comments, previews, what was appended.

PNG: W3C PNG (Third Edition). JPEG: ITU-T T.81, JFIF 1.02, Exif 2.3. GIF: GIF89a. WebP: RFC 9649.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace

from publisher.digests.picturefiles import (
    Kind,
    PictureError,
    PictureFile,
    broken,
    check_size,
    cut_off,
    orientation_of,
)

MAX_SCANS = 100
"""Passes of a progressive JPEG, each of which costs a decoder the whole picture; programs write about ten."""


def look_through(data: bytes) -> PictureFile:
    """What the file says about itself.

    Raises:
        PictureError: it is no picture, cut off, broken, or claims more pixels than anybody needs.
    """
    reader = next((reader for matches, reader in _READERS if matches(data)), None)
    if reader is None:
        raise PictureError("is no PNG, JPEG, GIF or WebP", remedy="Save it as one of these")
    try:
        found = reader(data)
    except (struct.error, IndexError) as error:
        raise cut_off() from error
    check_size(found)
    return found


# --- PNG -------------------------------------------------------------------------------------------------------

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB"})


def _png(data: bytes) -> PictureFile:
    found = PictureFile(Kind.PNG, 0, 0)
    kept = [_PNG_HEAD]
    for name, body, whole in _png_chunks(data):
        if name == b"IHDR":
            width, height = struct.unpack_from(">II", body)
            found = replace(found, width=width, height=height)
        elif name == b"acTL":
            found = replace(found, frames=max(1, struct.unpack_from(">I", body)[0]))
        elif name == b"eXIf":
            found = replace(found, orientation=orientation_of(body))
        if name in _PNG_KEPT:
            kept.append(whole)
    return replace(found, essence=b"".join(kept))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, body and whole of each chunk up to the end."""
    at, name = len(_PNG_HEAD), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + length + 12
        if end > len(data):
            raise cut_off()
        yield name, data[at + 8 : end - 4], data[at:end]
        at = end


# --- JPEG ------------------------------------------------------------------------------------------------------

_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_KEPT = frozenset(range(0xC0, 0xD0)) | {_SOS, 0xDB, 0xDD}
_APP_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""Application segments that say how to show the picture, by how they begin."""

_NEXT_MARKER = re.compile(rb"\xff(?=[^\x00\xd0-\xd7\xff])")


def _jpeg(data: bytes) -> PictureFile:
    found = PictureFile(Kind.JPEG, 0, 0)
    kept = [data[:2]]
    scans = 0
    for marker, body, whole in _jpeg_segments(data):
        if marker in _SOF:
            height, width = struct.unpack_from(">HH", body, 1)
            if found.width:
                raise broken()
            found = replace(found, width=width, height=height)
        elif marker == _APP1 and body.startswith(b"Exif\0\0"):
            found = replace(found, orientation=orientation_of(body[6:]))
        scans += marker == _SOS
        if scans > MAX_SCANS:
            raise broken()
        if marker in _JPEG_KEPT or (marker in _APP_KEPT and body.startswith(_APP_KEPT[marker])):
            kept.append(whole)
    return replace(found, essence=b"".join((*kept, b"\xff\xd9")))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, body and whole of each segment up to the end; a scan's whole has what it encodes."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise broken()
        while data[at + 1] == 0xFF:  # any number of them may stand before a marker
            at += 1
        marker = data[at + 1]
        if marker == _EOI:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            raise cut_off()
        end = at + 2 + length
        if marker == _SOS:
            following = _NEXT_MARKER.search(data, end)
            if following is None:
                raise cut_off()
            end = following.start()
        yield marker, body, data[at:end]
        at = end


# --- GIF -------------------------------------------------------------------------------------------------------

_GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B
_GIF_CONTROL, _GIF_APPLICATION = 0xF9, 0xFF
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def _gif(data: bytes) -> PictureFile:
    """The screen is as large as its frames reach: viewers differ in what they do with one that is smaller."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _palette(flags)
    kept = [data[:at]]
    frames = 0
    while data[at] != _GIF_END:
        if data[at] == _GIF_IMAGE:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, at + 1)
            width, height, frames = max(width, left + wide), max(height, top + high), frames + 1
            end = _blocks_end(data, at + 11 + _palette(flags))
            keep = True
        elif data[at] == _GIF_EXTENSION:
            end = _blocks_end(data, at + 2)
            keep = data[at + 1] == _GIF_CONTROL or (
                data[at + 1] == _GIF_APPLICATION and data[at + 3 : at + 14] in _GIF_LOOPS
            )
        else:
            raise broken()
        if keep:
            kept.append(data[at:end])
        at = end
    if not frames:
        raise broken()
    return PictureFile(Kind.GIF, width, height, frames, essence=b"".join((*kept, b";")))


def _palette(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


# --- WebP ------------------------------------------------------------------------------------------------------


def _webp(data: bytes) -> PictureFile:
    found = PictureFile(Kind.WEBP, 0, 0, essence=data)
    frames = 0
    for name, body in _webp_chunks(data):
        if name == b"VP8X":
            width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
            found = replace(found, width=width, height=height)
        elif name == b"ANMF":
            frames += 1
        elif name == b"EXIF":
            found = replace(found, orientation=orientation_of(body.removeprefix(b"Exif\0\0")))
        elif not found.width and name == b"VP8 ":
            width, height = struct.unpack_from("<HH", body, 6)
            found = replace(found, width=width & 0x3FFF, height=height & 0x3FFF)
        elif not found.width and name == b"VP8L":
            (bits,) = struct.unpack_from("<I", body, 1)
            found = replace(found, width=(bits & 0x3FFF) + 1, height=(bits >> 14 & 0x3FFF) + 1)
    return replace(found, frames=max(1, frames))


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk."""
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise cut_off()
    at = 12
    while at < end:
        name, length = struct.unpack_from("<4sI", data, at)
        at += 8 + length + (length & 1)
        if at > end + 1:  # some writers leave the last byte of padding out
            raise cut_off()
        yield name, data[at - length - (length & 1) : at - (length & 1)]


_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], PictureFile]], ...] = (
    (lambda data: data.startswith(_PNG_HEAD), _png),
    (lambda data: data.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda data: data.startswith((b"GIF87a", b"GIF89a")), _gif),
    (lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", _webp),
)
