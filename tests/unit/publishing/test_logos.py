"""The logos of `[theme]`, from files to what readers see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher import config
from publisher.errors import ConfigError
from publisher.publishing.logos import Logos, read_logos
from publisher.rendering.look import Logo
from tests.unit.digests.picturing import camera_data, chart, opened, photograph, saved


def logos(root: Path, **theme: Any) -> Logos:
    raw = {
        "site": {"title": "The Gazette", "url": "https://news.example.org/"},
        "newsletter": [{"slug": "daily", "title": "Daily", "from": "daily@example.org"}],
        "theme": theme,
    }
    return read_logos(config.parse(raw, root=root), file="config.toml")


def refused(root: Path, **theme: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        logos(root, **theme)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_logo_there_is_none(tmp_path: Path) -> None:
    assert logos(tmp_path) == Logos()


def test_a_logo_has_twice_the_pixels_it_is_shown_at(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(saved(chart(1000, 251, "RGBA"), "PNG"))
    found = logos(tmp_path, logo="logo.png", logo_width=180)
    (asset,) = found.assets
    assert found.logo == Logo(f"asset:{asset.name}", 180, 45)
    assert opened(asset.data).size == (360, 90)
    assert found.logo_dark is None


def test_a_small_logo_is_not_blown_up(tmp_path: Path) -> None:
    data = saved(chart(90, 30), "PNG")
    (tmp_path / "logo.png").write_bytes(data)
    found = logos(tmp_path, logo="logo.png", logo_width=200)
    assert found.logo is not None
    assert (found.logo.width, found.logo.height, found.assets[0].data) == (90, 30, data)


def test_each_scheme_has_its_own_logo(tmp_path: Path) -> None:
    (tmp_path / "brand").mkdir()
    (tmp_path / "brand" / "day.png").write_bytes(saved(chart(400, 100), "PNG"))
    (tmp_path / "brand" / "night.webp").write_bytes(saved(chart(400, 100).rotate(180), "WEBP", lossless=True))
    found = logos(tmp_path, logo="brand/day.png", logo_dark="brand/night.webp")
    assert found.logo is not None
    assert found.logo_dark is not None
    assert [f"asset:{asset.name}" for asset in found.assets] == [found.logo.src, found.logo_dark.src]
    assert {asset.media_type for asset in found.assets} == {"image/png"}


def test_one_file_for_both_schemes_is_one_asset(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(saved(chart(400, 100), "PNG"))
    found = logos(tmp_path, logo="logo.png", logo_dark="logo.png")
    assert found.logo == found.logo_dark
    assert len(found.assets) == 1


def test_a_logo_may_lie_anywhere_and_be_linked(tmp_path: Path) -> None:
    """The configuration is the operator's, and so are the files that it names."""
    (tmp_path / "real.png").write_bytes(saved(chart(400, 100), "PNG"))
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "logo.png").symlink_to(tmp_path / "real.png")
    assert logos(tmp_path / "instance", logo="logo.png") == logos(tmp_path, logo=str(tmp_path / "real.png"))


def test_a_logo_says_nothing_of_the_camera(tmp_path: Path) -> None:
    (tmp_path / "logo.jpg").write_bytes(saved(photograph(300, 100), "JPEG", exif=camera_data()))
    assert b"Secretphone" not in logos(tmp_path, logo="logo.jpg").assets[0].data


def test_a_logo_that_cannot_be_shown_is_an_error_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(b"<svg/>")
    (tmp_path / "cut.png").write_bytes(saved(chart(400, 100), "PNG")[:-20])
    (tmp_path / "good.png").write_bytes(saved(chart(400, 100), "PNG"))
    assert refused(tmp_path, logo="none.png").startswith(
        'config.toml: theme.logo: the picture "none.png" is not there. It is looked for in '
    )
    assert refused(tmp_path, logo="logo.svg") == (
        'config.toml: theme.logo: the picture "logo.svg" is no PNG, JPEG, GIF or WebP. Save it as one of these'
    )
    assert "theme.logo_dark: the picture" in refused(tmp_path, logo="good.png", logo_dark="cut.png")
    assert "cannot be read: it is no ordinary file" in refused(tmp_path, logo=".")
    assert "Set theme.logo, too" in refused(tmp_path, logo_dark="good.png")
