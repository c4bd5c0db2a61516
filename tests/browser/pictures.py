"""`make pictures`: everything that people look at, as pictures for people to look at.

python -m tests.browser.pictures [FOLDER]            all of it, by default to var/pictures
python -m tests.browser.pictures --sample FILE       the one that the README shows
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.browser import gallery as galleries
from tests.browser.gallery import Gallery, Shown
from tests.browser.tools import ROOT, Window, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = {"mail": (600, 375), "page": (600, 375), "desk": (1100, 375)}
TALLEST = 12_000
"""Pixels; a longer document is cut off at the bottom."""

_LOADED = "() => Promise.allSettled([...document.images].map((each) => each.decode()))"

SAMPLE = "2026-11-20-the-quay-wall"
CROP, SCALE, GAP = 1240, 2 / 3, 26
"""How much of a document the sample shows, how small, and the space around it."""


def take(window: Window, shown: Shown, folder: Path) -> Iterator[Path]:
    """Pictures of one document: each width, light and dark; of a mail without its pictures too."""
    name = shown.name.replace(" ", "-").replace("/", "-").removesuffix(".html").removesuffix("-index")
    for width in WIDTHS[shown.kind]:
        for scheme in ("light", "dark"):
            yield _save(picture(window, shown.path, scheme, width), folder / f"{name}-{width}-{scheme}.png")
    off = shown.path.parent / "views" / "pictures-off.html"
    if shown.kind == "mail" and off.exists():
        yield _save(picture(window, off, "light", 600), folder / f"{name}-600-pictures-off.png")


def picture(window: Window, path: Path, scheme: str, width: int) -> Image.Image:
    """A document from top to bottom. The window grows first, so that what loads lazily is there."""
    window.open(path, scheme=scheme, width=width)
    height = int(window.page.evaluate("document.documentElement.scrollHeight"))
    window.page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
    if window.page.frames[1:]:
        window.page.wait_for_load_state("networkidle")
    window.page.evaluate(_LOADED)
    return Image.open(io.BytesIO(window.page.screenshot())).convert("RGB")


def take_all(browser: Browser, gallery: Gallery, folder: Path) -> int:
    """Pictures of everything; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    window = _window(browser, gallery)
    return sum(1 for shown in gallery.shown for _ in take(window, shown, folder))


def sample(browser: Browser, gallery: Gallery) -> Image.Image:
    """The sample digest as a mail in light and dark, and as a page on a phone, side by side."""
    window = _window(browser, gallery)
    mail = next(each for each in gallery.of_kind("mail") if SAMPLE in each.name)
    page = next(each for each in gallery.of_kind("page") if SAMPLE in each.name)
    taken = [
        picture(window, mail.path, "light", 600),
        picture(window, mail.path, "dark", 600),
        picture(window, page.path, "light", 375),
    ]
    return _side_by_side([_shrunk(each) for each in taken])


def _window(browser: Browser, gallery: Gallery) -> Window:
    return Window(browser, {galleries.PUBLIC: gallery.site})


def _shrunk(image: Image.Image) -> Image.Image:
    cropped = image.crop((0, 0, image.width, CROP))
    size = (round(image.width * SCALE), round(CROP * SCALE))
    return cropped.resize(size, Image.Resampling.LANCZOS)


def _side_by_side(images: Sequence[Image.Image]) -> Image.Image:
    width = sum(each.width + GAP for each in images) + GAP
    whole = Image.new("RGB", (width, images[0].height + 2 * GAP), "#d6d3cc")
    left = GAP
    for each in images:
        whole.paste(each, (left, GAP))
        left += each.width + GAP
    return whole


def _save(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


def main(words: Iterable[str]) -> None:
    """The command."""
    given = list(words)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        gallery = galleries.build(Path(scratch) / "instance")
        if given[:1] == ["--sample"]:
            few = sample(browser, gallery).quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(given[1], optimize=True)
            return
        folder = Path(given[0]) if given else ROOT / "var" / "pictures"
        count = take_all(browser, gallery, folder)
    print(f"{count} pictures in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
