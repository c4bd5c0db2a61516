"""A picture as mail and pages can show it: upright, in sRGB, no wider than a screen needs, without camera data.

Mail programs show PNG, JPEG and GIF; WebP, CMYK and 16 bits a colour are for others. What is right already stays
as it is, byte for byte. The same file gives the same bytes with the same Pillow, whose only room this is: nothing
that has to stay the same over the years may depend on what comes out of here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image, ImageCms

from publisher.digests.picturechains import look_through
from publisher.digests.picturefiles import Kind, PictureError, PictureFile, broken

MAX_WIDTH = 1200
"""Pixels: the 600 of a mail's column, for screens that have two for each."""

MAX_ANIMATION = 4_000_000
"""Bytes of an animation. It cannot be made smaller without harm, and readers wait for it."""

QUALITY = 82
"""Of JPEG, from 0 to 95: where eyes stop to see a difference at two pixels for one."""

SMALL = 100_000
"""Bytes from which it is asked whether a picture that is right could not be a good deal lighter."""

_LIGHTER = 0.8
"""It is made anew when that saves a fifth; for less, a JPEG that is squeezed a second time is not worth it."""

_GRAPHIC = 2
"""A PNG may have so many times the bytes that the same picture has as a JPEG, which blurs letters and lines."""

_SMALL_PROFILE = 4096
"""Bytes of a colour profile that may go along; those of printers have a hundred times as many."""

_PLAIN = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})
"""Pillow's names for what every mail program shows."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by its Exif orientation."""

_SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be published; `width` and `height` are the pixels of `data`."""

    kind: Kind
    data: bytes = field(repr=False)
    width: int
    height: int


def make_publishable(data: bytes, *, max_width: int = MAX_WIDTH) -> Picture:
    """The picture in a file, to be shown at up to half of `max_width` CSS pixels. It is never made larger.

    Raises:
        PictureError: it cannot be taken; the message says why.
    """
    source = look_through(data)
    try:
        with Image.open(BytesIO(source.essence), formats=[source.kind.name]) as image:
            if image.width > source.width or image.height > source.height:
                raise broken()  # Pillow reads another size than was checked
            return _animation(source, image) if source.frames > 1 else _still(source, image, max_width)
    except PictureError:
        raise
    except Exception as error:
        # Pillow raises whatever a broken file makes it stumble over: OSError, SyntaxError, IndexError, zlib.error
        raise broken() from error


def _animation(source: PictureFile, image: Image.Image) -> Picture:
    """As it is, once every frame was seen to be there: who resizes an animation makes it larger."""
    if source.kind is not Kind.GIF:
        raise PictureError(
            f"is an animated {source.kind.label}, which many mail programs do not show",
            remedy="Save it as an animated GIF, or as a still",
        )
    if len(source.essence) > MAX_ANIMATION:
        raise PictureError(
            f"is an animation of {len(source.essence) / 1_000_000:.1f} MB",
            remedy=f"Make it lighter ({MAX_ANIMATION // 1_000_000} MB are taken), or save it as a still",
        )
    for frame in range(source.frames):
        image.seek(frame)
        image.load()
    return Picture(Kind.GIF, source.essence, source.width, source.height)


def _still(source: PictureFile, image: Image.Image, max_width: int) -> Picture:
    size = _fitting(source, max_width)
    image.draft(image.mode, (size[0] * 2, size[1] * 2))  # a JPEG of a camera is decoded at a fraction of its size
    image.load()
    right = _is_right(source, image, size)
    if right and len(source.essence) <= SMALL:
        return Picture(source.kind, source.essence, *size)
    made = _made(source, image, size)
    if right and len(made.data) > len(source.essence) * _LIGHTER:
        return Picture(source.kind, source.essence, *size)
    return made


def _fitting(source: PictureFile, max_width: int) -> tuple[int, int]:
    """Width and height, as they are stored, at which the upright picture is no wider than `max_width`."""
    shown_width = source.height if source.orientation >= 5 else source.width
    scale = min(1.0, max_width / shown_width)
    return max(1, round(source.width * scale)), max(1, round(source.height * scale))


def _is_right(source: PictureFile, image: Image.Image, size: tuple[int, int]) -> bool:
    return (
        source.kind is not Kind.WEBP
        and source.orientation == 1
        and image.size == size
        and image.mode in _PLAIN
        and len(image.info.get("icc_profile") or b"") <= _SMALL_PROFILE
    )


def _made(source: PictureFile, image: Image.Image, size: tuple[int, int]) -> Picture:
    image = _with_full_colours(image)
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    if source.orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[source.orientation])
    image = _opaque(_in_srgb(image))
    image.info = {}  # whatever is left of the file's own must not go along
    kind, data = _encoded(image, source.kind)
    return Picture(kind, data, *image.size)


def _with_full_colours(image: Image.Image) -> Image.Image:
    """In a mode that can be resized, and from which colours can be converted."""
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode.startswith("I;16"):  # Pillow's own way from 16 bits to 8 cuts off what is lighter than 1/256
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode in {"1", "I", "F"} else "RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    """In the colours of the web. A profile that is broken or of something else is worth none: browsers agree."""
    profile = image.info.get("icc_profile")
    mode = {"CMYK": "RGB", "L": "L"}.get(image.mode, image.mode)
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, _SRGB, outputMode="RGB" if mode == "L" else mode, inPlace=False
            )
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted.convert(mode)
    return image if image.mode == mode else image.convert(mode)


def _opaque(image: Image.Image) -> Image.Image:
    """Without an alpha channel that lets nothing through."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image


def _encoded(image: Image.Image, origin: Kind) -> tuple[Kind, bytes]:
    """As PNG when something shines through, as JPEG when it was one; else as whichever is sensible."""
    if image.mode == "RGBA":
        return Kind.PNG, _png(image)
    jpeg = _jpeg(image)
    if origin is Kind.JPEG:
        return Kind.JPEG, jpeg
    png = _png(image)
    return (Kind.PNG, png) if len(png) <= len(jpeg) * _GRAPHIC else (Kind.JPEG, jpeg)


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY, progressive=True, optimize=True)
    return file.getvalue()
