"""Pictures beside a digest."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests import assets
from publisher.digests.assets import gather, illustrate, local_paths
from publisher.digests.findings import Finding, Illustrated, LocalPicture
from publisher.digests.model import Block, Digest, Figure, Item, ListBlock, Note, Paragraph, Quote, Section, Text
from publisher.digests.walk import figures
from publisher.errors import DigestError
from tests.unit.digests.picturing import chart, photograph, saved

PNG = saved(chart(60, 40), "PNG")
KINDS = {
    "a.png": (PNG, "png", "image/png"),
    "a.jpeg": (saved(chart(60, 40), "JPEG"), "jpg", "image/jpeg"),
    "a.gif": (saved(chart(60, 40).quantize(8), "GIF"), "gif", "image/gif"),
}


def digest(*blocks: Block, image: Figure | None = None) -> Digest:
    return Digest("daily", "s", "T", date(2024, 11, 21), "en", "ltr", blocks, (), image=image)


def shown(src: str) -> Digest:
    return digest(Figure(src=src))


def refused(src: str, folder: Path) -> DigestError:
    with pytest.raises(DigestError) as caught:
        taken(shown(src), folder, f"one\ntwo ![]({src})")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def taken(whole: Digest, folder: Path, text: str = "") -> Illustrated:
    """As it is when the inbox has taken it."""
    (folder / "a.md").write_text(text)
    found = gather(whole, folder=folder, file="a.md", text=text)
    return illustrate(Finding("a.md", found.digest, False, found.pictures, ""), inbox=folder)


@pytest.mark.parametrize("name", KINDS)
def test_pictures_are_named_by_what_they_hold(tmp_path: Path, name: str) -> None:
    data, ending, media_type = KINDS[name]
    (tmp_path / name).write_bytes(data)
    ready = taken(shown(name), tmp_path)
    (asset,) = ready.assets
    assert asset.name == f"{hashlib.sha256(data).hexdigest()[:32]}.{ending}"
    assert (asset.media_type, asset.data) == (media_type, data)
    assert ready.digest.lead == (Figure(src=f"asset:{asset.name}", width=60, height=40),)


def test_the_name_is_that_of_the_file_that_is_published_and_so_is_the_size(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(photograph(1800, 900), "WEBP"))
    ready = taken(shown("a.png"), tmp_path)
    (asset,) = ready.assets
    assert asset.name == f"{hashlib.sha256(asset.data).hexdigest()[:32]}.jpg"
    assert ready.digest.lead == (Figure(src=f"asset:{asset.name}", width=1200, height=600),)


def test_a_picture_is_told_apart_by_its_own_bytes(tmp_path: Path) -> None:
    """What is made of it may change with what makes it; that the digest changed must not be said for that."""
    data = saved(photograph(1800, 900), "WEBP")
    (tmp_path / "a.webp").write_bytes(data)
    found = gather(shown("./a.webp"), folder=tmp_path, file="a.md", text="\n![](./a.webp)")
    assert found.pictures == (LocalPicture("./a.webp", "a.webp", hashlib.sha256(data).hexdigest()),)
    assert found.digest == shown("./a.webp")


def test_pictures_are_found_wherever_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    pictures = []
    for number in range(6):
        (tmp_path / "pics" / f"a {number}.png").write_bytes(saved(chart(60 + number, 40), "PNG"))
        pictures.append(Figure(src=f"./pics/a%20{number}.png"))
    one, two, three, four, five, six = pictures
    whole = digest(
        ListBlock((Item((one, Paragraph((Text("x"),)))),)), Quote((two,)), Note(1, (three,)), image=four
    )
    whole = Digest(
        **{**{f: getattr(whole, f) for f in whole.__slots__}, "sections": (Section("a", "A", (five, six)),)}
    )
    found = gather(whole, folder=tmp_path, file="a.md")
    paths = [picture.path for picture in found.pictures]
    assert paths == [f"pics/a {number}.png" for number in (3, 0, 1, 2, 4, 5)]
    assert local_paths(whole, file="a.md") == paths
    ready = taken(whole, tmp_path)
    assert len(ready.assets) == 6
    assert ready.digest.image == Figure(src=f"asset:{ready.assets[0].name}", width=63, height=40)
    assert "a%20" not in repr(ready.digest)


def test_one_picture_shown_twice_is_one_asset(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "b.png").write_bytes(PNG)
    ready = taken(digest(*(Figure(src=src) for src in ("a.png", "./a.png", "b.png"))), tmp_path)
    (asset,) = ready.assets
    assert {figure.src for figure in figures(ready.digest.lead)} == {f"asset:{asset.name}"}


def test_addresses_and_figures_without_a_picture_are_left_alone(tmp_path: Path) -> None:
    whole = digest(Figure(src="https://example.org/a.png"), Figure(alt="x"))
    assert taken(whole, tmp_path) == Illustrated(whole, ())


OUTSIDE = """
../a.png pics/../../a.png /etc/passwd %2e%2e/a.png ..\\a.png file:///etc/passwd C:\\a.png data:image/png;base64,xx
asset:0.png cid:x http:// https://[x . a%00.png //example.org/a.png
"""


@pytest.mark.parametrize("src", OUTSIDE.split())
def test_nothing_outside_the_folder_is_opened(tmp_path: Path, src: str) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    inner = tmp_path / "inner"
    inner.mkdir()
    error = refused(src, inner)
    assert "may not be used" in str(error)
    assert error.line == 2


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").write_bytes(PNG)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.png").symlink_to(tmp_path / "real" / "a.png")
    (folder / "pics").symlink_to(tmp_path / "real")
    assert "is a symbolic link" in str(refused("a.png", folder))
    assert "is a symbolic link" in str(refused("pics/a.png", folder))


REFUSED: dict[str, tuple[bytes, str]] = {
    "svg.png": (b"<svg onload=alert(1)>", "is no PNG, JPEG, GIF or WebP. Save it as one of these"),
    "page.jpg": (b"<!DOCTYPE html><script>alert(1)</script>", "is no PNG, JPEG, GIF or WebP"),
    "empty.png": (b"", "is no PNG, JPEG, GIF or WebP"),
    "tiff.png": (saved(chart(60, 40), "TIFF"), "is no PNG, JPEG, GIF or WebP"),
    "cut.jpg": (KINDS["a.jpeg"][0][:-99], "is cut off. Save it again"),
    "broken.png": (PNG[:50] + bytes(9) + PNG[59:], "is broken. Save it again"),
    "bomb.png": (PNG[:16] + bytes.fromhex("0000ea60 0000ea60") + PNG[24:], "claims 60000 x 60000 pixels. Make it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_with_its_line_and_a_remedy(tmp_path: Path, name: str) -> None:
    data, words = REFUSED[name]
    (tmp_path / name).write_bytes(data)
    assert str(refused(name, tmp_path)).startswith(f'a.md:2: the picture "{name}" {words}')


@pytest.mark.parametrize("named", ["![a cut](cut.png)", '"src": "cut.png"', "image: cut.png"])
def test_the_line_is_the_one_that_names_the_picture(tmp_path: Path, named: str) -> None:
    words = "one\n" if named.startswith("image") else "All about cut.png\n"
    (tmp_path / "cut.png").write_bytes(PNG[:-1])
    with pytest.raises(DigestError, match="is cut off") as caught:
        taken(shown("cut.png"), tmp_path, f"{words}\n{named}\n\ncut.png\n")
    assert caught.value.line == 3


def test_what_is_no_file_or_too_much_of_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    assert "no ordinary file" in str(refused("folder.png", tmp_path))
    assert "no ordinary file" in str(refused("pipe.png", tmp_path))
    assert str(refused("missing.png", tmp_path)).startswith('a.md:2: the picture "missing.png" is not there')
    monkeypatch.setattr(assets, "MAX_BYTES", len(PNG))
    (tmp_path / "big.png").write_bytes(PNG + b"x")
    assert "has more than" in str(refused("big.png", tmp_path))
    monkeypatch.setattr(assets, "MAX_TOTAL", len(PNG) - 1)
    (tmp_path / "small.png").write_bytes(PNG)
    assert "pictures have more than" in str(refused("small.png", tmp_path))


@pytest.mark.parametrize(
    "src", ["a" * 5000 + ".png", "a/" * 3000 + "b.png", "\ud800.png", "a\x1b[31m.png", "a\0.png"]
)
def test_names_that_no_file_can_have_are_one_short_line(src: str, tmp_path: Path) -> None:
    with pytest.raises(DigestError) as caught:
        gather(shown(src), folder=tmp_path, file="a.json")
    said = str(caught.value)
    assert len(said) < 300
    assert said.encode().decode().isprintable()


def test_a_picture_that_changes_after_it_was_found_is_left_for_the_next_pass(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    found = gather(shown("a.png"), folder=tmp_path, file="a.md")
    (tmp_path / "a.png").write_bytes(KINDS["a.gif"][0])
    with pytest.raises(DigestError, match="has just been changed") as caught:
        illustrate(Finding("a.md", found.digest, False, found.pictures, ""), inbox=tmp_path)
    assert not caught.value.permanent


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(), st.integers(0, 200))
def test_whatever_lies_there_is_an_asset_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, kept: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.png").write_bytes(PNG[:kept] + data + PNG[kept + len(data) :])
    try:
        assert taken(shown("any.png"), folder).assets
    except DigestError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a picture that came through is as good
