"""The logos of `[theme]`: pictures in place of a newsletter's name, read once and published beside the pages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from publisher.config import Settings
from publisher.digests.assets import MAX_BYTES, asset_of
from publisher.digests.files import read_regular
from publisher.digests.model import Asset
from publisher.digests.picturefiles import PictureError
from publisher.digests.pictures import Picture, make_publishable
from publisher.errors import ConfigError
from publisher.rendering.look import Logo


@dataclass(frozen=True, slots=True)
class Logos:
    """The logos as readers see them, and the files that show them."""

    logo: Logo | None = None
    logo_dark: Logo | None = None
    assets: tuple[Asset, ...] = ()


def read_logos(settings: Settings, *, file: str) -> Logos:
    """The logos that `[theme]` names, made for twice the size they are shown at.

    Args:
        settings: the configuration.
        file: what it is called in errors.

    Raises:
        ConfigError: a logo is not there, is no picture, or there is one for the dark alone.
    """
    theme = settings.theme
    if theme.logo is None:
        if theme.logo_dark is not None:
            raise ConfigError(
                "theme.logo_dark: there is a logo for the dark, but none for the day",
                remedy="Set theme.logo, too",
                file=file,
            )
        return Logos()
    light = _read(settings.path(theme.logo), "theme.logo", theme.logo_width, file)
    if theme.logo_dark is None:
        return Logos(_shown(light, theme.logo_width), None, (asset_of(light),))
    dark = _read(settings.path(theme.logo_dark), "theme.logo_dark", theme.logo_width, file)
    assets = dict.fromkeys((asset_of(light), asset_of(dark)))
    return Logos(_shown(light, theme.logo_width), _shown(dark, theme.logo_width), tuple(assets))


def _read(path: Path, key: str, width: int, file: str) -> Picture:
    def error(message: str, remedy: str) -> ConfigError:
        return ConfigError(f'{key}: the picture "{path.name}" {message}', remedy=remedy, file=file)

    try:
        data = read_regular(Path(os.path.realpath(path)), MAX_BYTES + 1)
    except FileNotFoundError:
        raise error("is not there", f"It is looked for in {path.parent}") from None
    except OSError as reason:
        raise error(f"cannot be read: {reason.strerror}", "Check its name and permissions") from reason
    if len(data) > MAX_BYTES:
        raise error(f"has more than {MAX_BYTES // 2**20} MB", "Make it smaller")
    try:
        return make_publishable(data, max_width=2 * width)
    except PictureError as reason:
        raise error(reason.message, reason.remedy) from reason


def _shown(picture: Picture, width: int) -> Logo:
    """In CSS pixels; a file with fewer is not blown up."""
    shown = min(width, picture.width)
    return Logo(f"asset:{asset_of(picture).name}", shown, max(1, round(picture.height * shown / picture.width)))
