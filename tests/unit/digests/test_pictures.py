"""Pictures as mail programs can show them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from publisher.digests import pictures
from publisher.digests.picturefiles import Kind, PictureError
from publisher.digests.pictures import MAX_WIDTH, SMALL, make_publishable
from tests.unit.digests.picturing import (
    ACCENT,
    camera_data,
    chart,
    opened,
    photograph,
    png_chunk,
    saved,
    swapped_profile,
)

SECRETS = (b"Secretphone", b"Exif", b"secret words")


def refused(data: bytes) -> PictureError:
    with pytest.raises(PictureError) as caught:
        make_publishable(data)
    assert caught.value.remedy
    return caught.value


# --- size ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_wide_picture_is_twice_as_wide_as_the_column(kind: str) -> None:
    made = make_publishable(saved(photograph(2000, 1001), kind))
    assert (made.width, made.height) == (MAX_WIDTH, 601)
    assert opened(made.data).size == (made.width, made.height)


@pytest.mark.parametrize("size", [(1, 1), (300, 200), (1200, 10), (40, 3000)])
def test_a_small_picture_is_never_made_larger(size: tuple[int, int]) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        made = make_publishable(saved(photograph(*size), kind))
        assert (made.width, made.height) == opened(made.data).size == size


def test_a_strip_keeps_one_pixel_of_height() -> None:
    made = make_publishable(saved(Image.new("RGB", (9000, 1)), "PNG"))
    assert (made.width, made.height) == (MAX_WIDTH, 1)


# --- what is right stays ---------------------------------------------------------------------------------------

RIGHT = {
    "photograph": saved(photograph(600, 400), "JPEG", quality=90),
    "progressive": saved(photograph(600, 400), "JPEG", progressive=True),
    "gray": saved(photograph(600, 400, "L"), "JPEG"),
    "chart": saved(chart(1200, 700), "PNG"),
    "palette": saved(chart(800, 700).quantize(16), "PNG"),
    "see-through": saved(chart(300, 200, "LA"), "PNG"),
    "gif": saved(chart(300, 200).quantize(16), "GIF"),
    "profile": saved(photograph(200, 200), "JPEG", icc_profile=swapped_profile()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_small_file_that_is_right_stays_byte_for_byte(name: str) -> None:
    made = make_publishable(RIGHT[name])
    assert made.data == RIGHT[name]
    assert opened(made.data).size == (made.width, made.height)


def test_a_large_file_that_is_right_stays_when_making_it_anew_saves_little() -> None:
    frugal = saved(photograph(1200, 1600), "JPEG", quality=84, progressive=True)
    lavish = saved(photograph(1200, 1600), "JPEG", quality=100, subsampling=0)
    assert SMALL < len(frugal) < len(lavish)
    assert make_publishable(frugal).data == frugal
    assert len(make_publishable(lavish).data) < len(lavish) / 2


# --- kinds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_photograph_is_published_as_jpeg_and_a_drawing_as_png(kind: str) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    photo = make_publishable(saved(photograph(1300, 500), kind, **lossless))
    drawing = make_publishable(saved(chart(1300, 500), kind, **lossless))
    assert (photo.kind, opened(photo.data).format) == (Kind.JPEG, "JPEG")
    assert (drawing.kind, opened(drawing.data).format) == (Kind.PNG, "PNG")


def test_a_photograph_made_anew_is_a_progressive_jpeg() -> None:
    made = make_publishable(saved(photograph(1600, 1000), "JPEG", quality=95))
    assert opened(made.data).info["progressive"]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_what_shines_through_shines_through(kind: str) -> None:
    image = chart(1500, 600, "RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size).point(lambda value: 255 if value > 99 else 0))
    made = make_publishable(saved(image, kind))
    assert made.kind is Kind.PNG
    alpha = opened(made.data).getchannel("A")
    assert (alpha.getpixel((0, 0)), alpha.getpixel((0, 470))) == (0, 255)


def test_an_alpha_channel_that_hides_nothing_is_none() -> None:
    made = make_publishable(saved(photograph(1500, 600, "RGBA"), "PNG"))
    assert (made.kind, opened(made.data).mode) == (Kind.JPEG, "RGB")


ODD: dict[str, Callable[[], bytes]] = {
    "cmyk": lambda: saved(Image.new("CMYK", (50, 40), (0, 183, 204, 100)), "JPEG", quality=95),
    "lying palette": lambda: saved(Image.new("RGB", (1500, 40), ACCENT).quantize(2), "PNG"),
    "opaque alpha": lambda: saved(Image.new("RGBA", (1500, 40), (*ACCENT, 255)), "PNG"),
    "webp": lambda: saved(Image.new("RGB", (50, 40), ACCENT), "WEBP", lossless=True),
    "wide gif": lambda: saved(Image.new("RGB", (1500, 40), ACCENT).quantize(2), "GIF"),
}


@pytest.mark.parametrize("name", ODD)
def test_colours_stay_what_they_were(name: str) -> None:
    made = make_publishable(ODD[name]())
    image = opened(made.data)
    assert image.mode == "RGB"
    shown = image.getpixel((20, 20))
    assert isinstance(shown, tuple)
    assert all(abs(is_ - was) <= 3 for is_, was in zip(shown, ACCENT, strict=True)), shown


def test_sixteen_bits_become_eight_without_losing_the_light() -> None:
    image = Image.new("I;16", (1500, 40), 0x8000)
    made = opened(make_publishable(saved(image, "PNG")).data)
    assert (made.mode, made.getpixel((5, 5))) == ("L", 0x80)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_of_another_profile_become_those_of_the_web(kind: str) -> None:
    red = Image.new("RGB", (1500, 100), (250, 0, 0))
    made = opened(make_publishable(saved(red, kind, icc_profile=swapped_profile())).data)
    shown = made.getpixel((50, 50))
    assert isinstance(shown, tuple)
    assert shown[2] > 200 > 60 > shown[0], shown
    assert "icc_profile" not in made.info


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_that_is_broken_or_of_something_else_is_worth_none(mode: str) -> None:
    for profile in (b"no profile" * 999, swapped_profile() if mode != "RGB" else b"x" * 9000):
        made = opened(make_publishable(saved(photograph(1300, 90, mode), "JPEG", icc_profile=profile)).data)
        assert made.size[0] == MAX_WIDTH
        assert "icc_profile" not in made.info


# --- which way is up, and what nobody is to know ---------------------------------------------------------------

CORNERS = {1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left"} | {
    5: "top left",
    6: "top right",
    7: "bottom right",
    8: "bottom left",
}
"""Where the first stored pixel is shown, by orientation (Exif 2.3, 4.6.4)."""


@pytest.mark.parametrize("orientation", CORNERS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_upright_and_says_no_more_about_it(kind: str, orientation: int) -> None:
    image = Image.new("RGB", (90, 60), "white")
    image.paste("black", (0, 0, 20, 20))
    made = make_publishable(saved(image, kind, exif=camera_data(orientation)))
    upright = opened(made.data)
    assert upright.size == (made.width, made.height) == ((90, 60) if orientation < 5 else (60, 90))
    right, bottom = (edge - 5 for edge in upright.size)
    places = {"top left": (4, 4), "top right": (right, 4), "bottom left": (4, bottom)}
    places["bottom right"] = (right, bottom)
    gray = upright.convert("L")
    dark = [name for name, place in places.items() if float(str(gray.getpixel(place))) < 60]
    assert dark == [CORNERS[orientation]]
    assert not upright.getexif()


def test_a_wide_photograph_that_lies_on_its_side_is_fitted_as_it_is_shown() -> None:
    made = make_publishable(saved(photograph(3000, 1500), "JPEG", exif=camera_data(6)))
    assert (made.width, made.height) == (1200, 2400)
    made = make_publishable(saved(photograph(2000, 1000), "JPEG", exif=camera_data(8)))
    assert (made.width, made.height) == (1000, 2000)


def with_secrets() -> dict[str, bytes]:
    chatty = {"exif": camera_data(), "xmp": b"<x>secret words</x>"}
    png = saved(chart(90, 60), "PNG", exif=camera_data())
    words = png_chunk(b"tEXt", b"Comment\0secret words") + png_chunk(b"IEND", b"")
    photo = saved(photograph(90, 60), "JPEG", comment=b"secret words", **chatty)
    moving = [photograph(90, 60).quantize(9)]
    return {
        "small.jpg": photo,
        "appended.jpg": photo + photo + b"secret words",
        "large.jpg": saved(photograph(1600, 900), "JPEG", comment=b"secret words", **chatty),
        "small.png": png[:-12] + words + b"secret words",
        "large.webp": saved(photograph(1600, 900), "WEBP", **chatty),
        "still.gif": saved(chart(90, 60).quantize(9), "GIF", comment=b"secret words") + b"secret words",
        "moving.gif": saved(
            chart(90, 60).quantize(9), "GIF", save_all=True, append_images=moving, comment=b"secret words"
        ),
    }


@pytest.mark.parametrize(("name", "data"), with_secrets().items())
def test_nothing_that_the_camera_knew_is_published(name: str, data: bytes) -> None:
    assert any(secret in data for secret in SECRETS)
    made = make_publishable(data)
    assert not [secret for secret in SECRETS if secret in made.data], name
    assert not opened(made.data).getexif()


@pytest.mark.parametrize("name", ["small.jpg", "small.png", "still.gif"])
def test_forgetting_what_the_camera_knew_changes_no_pixel(name: str) -> None:
    data = with_secrets()[name]
    assert opened(make_publishable(data).data).tobytes() == opened(data).tobytes()


# --- animations ------------------------------------------------------------------------------------------------


def animation(kind: str, size: tuple[int, int] = (90, 60), frames: int = 3) -> bytes:
    images = [photograph(*size).rotate(angle) for angle in range(frames)]
    return saved(images[0], kind, save_all=True, append_images=images[1:], duration=100, loop=0)


def test_an_animated_gif_goes_on_moving() -> None:
    data = animation("GIF")
    made = make_publishable(data)
    assert (made.data, made.kind, made.width, made.height) == (data, Kind.GIF, 90, 60)


@pytest.mark.parametrize(("kind", "word"), [("WEBP", "animated WebP"), ("PNG", "animated PNG")])
def test_animations_that_mail_programs_do_not_show_are_refused(kind: str, word: str) -> None:
    assert word in str(refused(animation(kind)))


def test_an_animation_that_is_too_heavy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_ANIMATION", 1000)
    assert "is an animation of" in str(refused(animation("GIF")))


def test_an_animation_whose_later_frame_is_broken_is_refused() -> None:
    data = animation("GIF")
    palette = data.rindex(b"\x2c\0\0\0\0") + 10
    assert "is broken" in str(refused(data[: palette + 768] + b"\x08\0;"))


# --- what is broken --------------------------------------------------------------------------------------------


def test_the_same_file_gives_the_same_bytes() -> None:
    for data in (saved(photograph(1300, 300), "PNG"), saved(chart(1300, 300, "RGBA"), "WEBP")):
        assert make_publishable(data) == make_publishable(data)


@pytest.mark.parametrize(
    ("kind", "pattern"), [("PNG", b"IDAT"), ("JPEG", b"\xff\xc4"), ("GIF", b"\x2c\0\0"), ("WEBP", b"VP8L")]
)
def test_pixels_that_cannot_be_decoded_are_one_clear_error(kind: str, pattern: bytes) -> None:
    data = saved(photograph(120, 80), kind, **({"lossless": True} if kind == "WEBP" else {}))
    at = data.index(pattern) + 13
    assert str(refused(data[:at] + b"\x17" * 9 + data[at + 9 :])) == "is broken. Save it again"


@pytest.mark.parametrize("stumble", [SyntaxError, IndexError, ValueError, EOFError, OverflowError])
def test_whatever_a_decoder_stumbles_over_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, stumble: type[Exception]
) -> None:
    def stumbles(*_: object) -> None:
        raise stumble("a word for programmers\nand another")

    data = saved(chart(90, 60), "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", stumbles)
    assert str(refused(data)) == "is broken. Save it again"


SMALL_FILES = [saved(chart(20, 12), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP")]
SMALL_FILES += [saved(chart(20, 12), "JPEG", exif=camera_data(6), progressive=True), animation("GIF", (12, 8))]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(SMALL_FILES), st.lists(st.tuples(st.integers(0), st.binary(max_size=6)), max_size=4))
def test_damage_of_any_kind_gives_a_picture_or_one_clear_error(
    data: bytes, damages: list[tuple[int, bytes]]
) -> None:
    for at, damage in damages:
        at %= len(data)
        data = data[:at] + damage + data[at + len(damage) :]
    with suppress(PictureError):
        made = make_publishable(data)
        assert made.width * made.height > 0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x40\0\0\0WEBPVP8 "]),
    st.binary(),
)
def test_rubbish_is_one_clear_error(head: bytes, data: bytes) -> None:
    assert refused(head + data)
