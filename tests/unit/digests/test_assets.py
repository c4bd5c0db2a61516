"""Pictures beside a digest."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from publisher.digests import assets
from publisher.digests.assets import gather, local_paths
from publisher.digests.model import Block, Digest, Figure, Item, ListBlock, Note, Paragraph, Quote, Section, Text
from publisher.errors import DigestError

PNG = b"\x89PNG\r\n\x1a\n picture"
KINDS = {
    "a.png": (PNG, "png", "image/png"),
    "a.jpeg": (b"\xff\xd8\xff\xe0 picture", "jpg", "image/jpeg"),
    "a.gif": (b"GIF89a picture", "gif", "image/gif"),
    "a.webp": (b"RIFF\0\0\0\0WEBP picture", "webp", "image/webp"),
}


def digest(*blocks: Block, image: Figure | None = None) -> Digest:
    return Digest("daily", "s", "T", date(2024, 11, 21), "en", "ltr", blocks, (), image=image)


def shown(src: str) -> Digest:
    return digest(Figure(src=src))


def refused(src: str, folder: Path) -> DigestError:
    with pytest.raises(DigestError) as caught:
        gather(shown(src), folder=folder, file="a.md", text=f"one\ntwo ![]({src})")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("name", KINDS)
def test_pictures_are_named_by_what_they_hold(tmp_path: Path, name: str) -> None:
    data, ending, media_type = KINDS[name]
    (tmp_path / name).write_bytes(data)
    found = gather(shown(name), folder=tmp_path, file="a.md")
    (asset,) = found.assets
    assert asset.name == f"{hashlib.sha256(data).hexdigest()[:32]}.{ending}"
    assert (asset.media_type, asset.data) == (media_type, data)
    assert found.digest.lead == (Figure(src=f"asset:{asset.name}"),)


def test_pictures_are_found_wherever_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    figures = []
    for number in range(6):
        (tmp_path / "pics" / f"a {number}.png").write_bytes(PNG + bytes([number]))
        figures.append(Figure(src=f"./pics/a%20{number}.png"))
    one, two, three, four, five, six = figures
    whole = digest(
        ListBlock((Item((one, Paragraph((Text("x"),)))),)), Quote((two,)), Note(1, (three,)), image=four
    )
    whole = Digest(
        **{**{f: getattr(whole, f) for f in whole.__slots__}, "sections": (Section("a", "A", (five, six)),)}
    )
    found = gather(whole, folder=tmp_path, file="a.md")
    assert len(found.assets) == 6
    assert found.paths == tuple(f"pics/a {number}.png" for number in (3, 0, 1, 2, 4, 5))
    assert local_paths(whole, file="a.md") == list(found.paths)
    assert found.digest.image == Figure(src=f"asset:{found.assets[0].name}")
    assert "a%20" not in repr(found.digest)


def test_one_picture_shown_twice_is_one_asset(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "b.png").write_bytes(PNG)
    assert (
        len(
            gather(digest(*(Figure(src=s) for s in ("a.png", "a.png", "b.png"))), folder=tmp_path, file="a").assets
        )
        == 1
    )


def test_addresses_and_figures_without_a_picture_are_left_alone(tmp_path: Path) -> None:
    whole = digest(Figure(src="https://example.org/a.png"), Figure(alt="x"))
    found = gather(whole, folder=tmp_path, file="a.md")
    assert (found.digest, found.assets) == (whole, ())


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


def test_what_is_no_picture_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"<svg onload=alert(1)>")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    assert "is no PNG, JPEG, GIF or WebP" in str(refused("a.png", tmp_path))
    assert "is no PNG, JPEG, GIF or WebP" in str(refused("empty.png", tmp_path))
    assert "no ordinary file" in str(refused("folder.png", tmp_path))
    assert "no ordinary file" in str(refused("pipe.png", tmp_path))
    assert str(refused("missing.png", tmp_path)).startswith('a.md:2: the picture "missing.png" is not there')
    monkeypatch.setattr(assets, "MAX_BYTES", 20)
    (tmp_path / "big.png").write_bytes(PNG + b"x" * 20)
    assert "has more than" in str(refused("big.png", tmp_path))
    monkeypatch.setattr(assets, "MAX_TOTAL", 4)
    (tmp_path / "small.png").write_bytes(PNG)
    assert "pictures have more than" in str(refused("small.png", tmp_path))
