"""Pictures for tests, made on the spot: the same bytes every time."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageDraw

ACCENT = (155, 44, 31)


def photograph(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Soft colours everywhere, as light makes them."""
    small = max(1, width // 16), max(1, height // 16)
    noise = random.Random(width * height).randbytes(small[0] * small[1] * 3)
    return Image.frombytes("RGB", small, noise).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def chart(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Flat colours and hard edges, as programs draw them."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for bar in range(10):
        left = bar * width // 10
        draw.rectangle((left, height - height * (bar + 1) // 12, left + width // 12, height), fill=ACCENT)
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    """The bytes of its file."""
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    """The picture in a file, decoded."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def png_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def camera_data(orientation: int = 1) -> Image.Exif:
    """What a telephone writes into its photographs: itself, and where its owner stood."""
    exif = Image.Exif()
    exif[0x010F] = "Secretphone"
    exif[0x0112] = orientation
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.3), 3: "E", 4: (13.0, 24.0, 18.5)}
    return exif


def swapped_profile() -> bytes:
    """A colour profile that calls red what is blue."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"zXYZ").replace(b"bXYZ", b"rXYZ").replace(b"zXYZ", b"bXYZ")
