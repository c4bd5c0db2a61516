"""The preview opened from disk: every frame shows what its caption says, and nobody is asked for anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.gallery import Gallery
from tests.browser.tools import Window

pytestmark = pytest.mark.system

GROUND = """() => getComputedStyle(document.body).backgroundColor"""
LOADED = """() => [...document.images].map((each) => each.complete && each.naturalWidth > 0)"""


@pytest.fixture
def index(gallery: Gallery) -> Path:
    """The preview of a digest with a picture."""
    (found,) = (each.path for each in gallery.of_kind("desk") if "river-morning" in each.name)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_frames_show_what_they_say_whatever_the_editors_machine_likes(
    index: Path, window: Window, scheme: str
) -> None:
    window.open(index, scheme=scheme, width=1200)
    window.page.set_viewport_size({"width": 1200, "height": 9000})  # lazy frames load when they come into view
    window.page.wait_for_load_state("networkidle")
    seen = {}
    for frame in window.page.frames[1:]:
        element = frame.frame_element()
        title = str(element.get_attribute("title"))
        seen[title] = (frame.evaluate("innerWidth"), frame.evaluate(GROUND), frame.evaluate(LOADED))
    bright, dark = "rgb(246, 245, 242)", "rgb(15, 15, 14)"
    for width in (600, 375):
        assert seen[f"The mail, {width} pixels, light"] == (width, bright, [True])
        assert seen[f"The mail, {width} pixels, dark"] == (width, dark, [True])
        assert seen[f"The mail, {width} pixels, pictures off"] == (width, bright, [False])
    assert seen["The page"][2] == [True]
    assert seen["The feed entry"][2] == [True]
    assert window.asked == []


def test_frames_run_nothing(index: Path, window: Window) -> None:
    view = index.parent / "views" / "light.html"
    kept = view.read_bytes()
    view.write_bytes(
        kept + b"<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
    )
    try:
        window.open(index, width=1200)
        frame = next(frame for frame in window.page.frames if frame.url.endswith("light.html"))
        frame.wait_for_load_state()
        assert frame.title() != "ran"
    finally:
        view.write_bytes(kept)


def test_the_keyboard_reaches_everything(index: Path, window: Window) -> None:
    window.open(index, width=600)
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.className") == "skip"
    assert window.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    window.page.keyboard.press("Enter")
    assert window.page.url.endswith("#findings")
