"""Picture files, looked through without decoding them."""

from __future__ import annotations

import struct
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from publisher.digests.picturechains import MAX_SCANS, look_through
from publisher.digests.picturefiles import MAX_PIXELS, MAX_SIDE, Kind, PictureError, PictureFile
from publisher.digests.pictures import make_publishable
from tests.unit.digests.picturing import camera_data, chart, opened, photograph, png_chunk, saved

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def refused(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        look_through(data)
    return str(caught.value)


FILES = {
    "png": saved(photograph(31, 17), "PNG"),
    "jpeg": saved(photograph(31, 17), "JPEG"),
    "progressive": saved(photograph(31, 17), "JPEG", progressive=True),
    "restarts": saved(photograph(31, 17), "JPEG", restart_marker_blocks=1),
    "gif": saved(chart(31, 17).quantize(8), "GIF"),
    "webp": saved(photograph(31, 17), "WEBP"),
    "lossless": saved(photograph(31, 17), "WEBP", lossless=True),
    "extended": saved(photograph(31, 17), "WEBP", exif=camera_data(3)),
}
KINDS = {"png": Kind.PNG, "jpeg": Kind.JPEG, "progressive": Kind.JPEG, "restarts": Kind.JPEG, "gif": Kind.GIF}


@pytest.mark.parametrize("name", FILES)
def test_kind_and_size_come_from_the_content(name: str) -> None:
    found = look_through(FILES[name])
    assert (found.kind, found.width, found.height, found.frames) == (KINDS.get(name, Kind.WEBP), 31, 17, 1)
    assert found.essence == FILES[name]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_off_anywhere_is_refused(name: str) -> None:
    for length in range(16, len(FILES[name])):
        assert refused(FILES[name][:length]) == "is cut off. Save it again"


def test_frames_are_counted() -> None:
    images = [photograph(90, 60).rotate(angle) for angle in range(4)]
    for kind in ("GIF", "PNG", "WEBP"):
        moving = saved(images[0], kind, save_all=True, append_images=images[1:], duration=50)
        assert look_through(moving).frames == 4


# --- bombs -----------------------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG_HEAD + header + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    return FILES["jpeg"].replace(struct.pack(">HH", 17, 31), struct.pack(">HH", height, width), 1)


def gif_of(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + FILES["gif"][10:]


def webp_of(width: int, height: int) -> bytes:
    body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"WEBPVP8X" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


BOMBS = [png_of(60_000, 60_000), jpeg_of(60_000, 60_000), gif_of(60_000, 60_000), webp_of(60_000, 60_000)]


@pytest.mark.parametrize("bomb", BOMBS, ids=["png", "jpeg", "gif", "webp"])
def test_a_bomb_is_known_by_what_it_claims_before_anything_is_decoded(
    bomb: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", pytest.fail)
    with pytest.raises(PictureError, match=r"^claims 60000 x 60000 pixels\. Make it smaller: "):
        make_publishable(bomb)


def test_what_is_claimed_is_measured_to_the_pixel() -> None:
    side = 7_000
    assert look_through(png_of(side, MAX_PIXELS // side)).width == side
    assert "claims" in refused(png_of(side, MAX_PIXELS // side + 1))
    assert look_through(png_of(MAX_SIDE, 1)).height == 1
    assert "claims" in refused(png_of(1, MAX_SIDE + 1))
    assert "claims" in refused(webp_of(side, side))  # WebP takes twice the room
    assert refused(png_of(0, 9)) == refused(png_of(9, 0)) == "is broken. Save it again"


def test_the_frames_of_an_animation_count_together() -> None:
    data = gif_of(5_000, 5_000)
    frame = data[data.index(b"\x2c\0\0\0\0") : -1]
    assert look_through(data[:-1] + frame + b";").frames == 2
    assert "claims 5000 x 5000 pixels in 3 frames" in refused(data[:-1] + frame * 2 + b";")


def test_a_frame_that_reaches_beyond_its_screen_counts_in_full() -> None:
    data = bytearray(FILES["gif"])
    at = data.index(b"\x2c\0\0\0\0")
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    assert "claims 60000 x 60000" in refused(bytes(data))


def test_a_jpeg_of_endless_passes_is_refused() -> None:
    data = FILES["progressive"]
    at = data.rindex(b"\xff\xda")
    assert refused(data[:-2] + data[at:-2] * MAX_SCANS + data[-2:]) == "is broken. Save it again"


def test_a_jpeg_that_measures_itself_twice_is_refused() -> None:
    data = FILES["jpeg"]
    at = data.index(b"\xff\xc0")
    assert refused(data[:at] + data[at : at + 19] + data[at:]) == "is broken. Save it again"


@pytest.mark.parametrize("piece", [b"\x01\0", b"\0\0\0\0tEXt\0\0\0\0", b"\xff\xfe\0\x02"])
def test_many_small_pieces_are_walked_along_in_no_time(piece: bytes) -> None:
    heads = {b"\x01": FILES["gif"][:-1] + b"\x21\xfe", b"\0": FILES["png"][:-12], b"\xff": FILES["jpeg"][:2]}
    began = time.process_time()
    with suppress(PictureError):
        look_through(heads[piece[:1]] + piece * 100_000)
    assert time.process_time() - began < 5


# --- which way is up -------------------------------------------------------------------------------------------


def turned(exif: bytes) -> PictureFile:
    return look_through(PNG_HEAD + png_chunk(b"eXIf", exif) + FILES["png"][8:])


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_read_in_both_byte_orders(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}HHIHH", 0x010F, 3, 1, 7, 0) + struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0)
    exif = mark + struct.pack(f"{order}IH", 8, 2) + entries
    assert turned(exif).orientation == 6
    assert turned(exif[:-4] + struct.pack(f"{order}HH", 9, 0)).orientation == 1  # there is no ninth
    assert turned(exif[:-9]).orientation == 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]), st.binary())
def test_camera_data_that_nobody_can_read_says_nothing(head: bytes, exif: bytes) -> None:
    assert 1 <= turned(head + exif).orientation <= 8


# --- what is no picture ----------------------------------------------------------------------------------------


def test_the_essence_shows_the_same_pixels() -> None:
    data = saved(photograph(31, 17), "JPEG", comment=b"words", exif=camera_data(), icc_profile=b"p" * 99)
    found = look_through(data + b"PK appended")
    assert b"words" not in found.essence
    assert b"appended" not in found.essence
    assert opened(found.essence).tobytes() == opened(data).tobytes()
    assert opened(found.essence).info["icc_profile"] == b"p" * 99


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(list(FILES.values())),
    st.lists(st.tuples(st.integers(0), st.binary(max_size=6)), max_size=5),
    st.binary(max_size=8),
)
def test_whatever_the_bytes_there_is_a_file_or_one_clear_error(
    data: bytes, damages: list[tuple[int, bytes]], tail: bytes
) -> None:
    for at, damage in damages:
        at %= len(data)
        data = data[:at] + damage + data[at + len(damage) :]
    with suppress(PictureError):
        found = look_through(data + tail)
        assert 0 < found.width * found.height * found.frames <= MAX_PIXELS
