"""A feed that is opened in a browser can be read: titles, days and summaries, and nothing for machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.feeds.documents import feed_documents
from publisher.feeds.model import STYLESHEET
from publisher.rendering import feed_style
from tests.browser.tools import Window
from tests.unit.feeds.samples import FEED, PLAIN, RICH
from tests.unit.rendering.samples import SITE

pytestmark = pytest.mark.system

SHOWN = """() => [...document.querySelectorAll("*")].filter(each => each.getClientRects().length)
    .map(each => each.localName)"""
TEXTS = """() => [...document.querySelectorAll("*")].filter(each => each.getClientRects().length)
    .map(each => each.textContent)"""
COLOURS = "() => [getComputedStyle(document.documentElement).color, getComputedStyle(document.documentElement)" \
    ".backgroundColor]"  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FEED.path).mkdir()
    (tmp_path / STYLESHEET).write_bytes(feed_style(SITE))
    for document in feed_documents(FEED, [PLAIN, RICH]):
        (tmp_path / document.path).write_bytes(document.data)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rss.xml", {"rss", "channel", "title", "description", "item", "pubDate"}),
        ("atom.xml", {"feed", "title", "subtitle", "entry", "published", "summary"}),
    ],
)
def test_people_see_what_is_theirs_and_nothing_else(
    window: Window, folder: Path, name: str, shown: set[str]
) -> None:
    window.open(folder / FEED.path / name)
    assert set(window.page.evaluate(SHOWN)) == shown
    assert {PLAIN.title, PLAIN.summary, RICH.title} <= set(window.page.evaluate(TEXTS))
    assert window.asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_feed_is_shown_in_the_sites_colours(window: Window, folder: Path, scheme: str) -> None:
    window.open(folder / FEED.path / "rss.xml", scheme=scheme)
    colours = SITE.theme.light if scheme == "light" else SITE.theme.dark
    assert window.page.evaluate(COLOURS) == [rgb(colours.ink), rgb(colours.paper)]


@pytest.mark.parametrize("width", [320, 1200])
def test_no_line_is_wider_than_the_screen(window: Window, folder: Path, width: int) -> None:
    window.open(folder / FEED.path / "atom.xml", width=width)
    assert window.page.evaluate("() => document.documentElement.scrollWidth") <= width


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"
