"""The yardstick itself: each kind of fault is planted and found, and a document without one has none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.measuring import faults
from tests.browser.tools import Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.system

FRAME = """<!DOCTYPE html><html lang="en" dir="{direction}"><head><meta charset="utf-8"><title>x</title><style>
body {{ margin: 0; padding: 16px; background: {paper}; color: {ink}; font: 16px/24px sans-serif; }}
a {{ color: inherit; }} nav a {{ display: inline-block; padding: 4px 8px; min-width: 24px; }}
{style}</style></head><body>{body}</body></html>"""

GOOD = """<h1>A title</h1><p>A line with <a href="#">a link</a> and <b>bold</b> words.</p>
<nav><a href="#">One</a> · <a href="#">Two</a></nav><ul><li>A point</li></ul>
<button style="min-height: 24px">Send</button><table><tr><th>Name</th><td>12</td></tr></table>"""

PLANTED = [  # kind, style, body
    (
        "sideways",
        "td { white-space: nowrap; min-width: 800px }",
        "<table><tr><td>A cell that is too wide</td></tr></table>",
    ),
    ("sideways", "", "<p style='margin-left:-40px'>Words beyond the edge</p>"),
    (
        "clipped",
        "div { height: 24px; width: 90px; overflow: hidden }",
        "<div>Words that go on for some lines</div>",
    ),
    ("out", "div { width: 90px }", "<div>Donaudampfschifffahrtsgesellschaft</div>"),
    ("small", "small { font-size: 12px }", "<p>Words <small>in small print</small></p>"),
    ("target", "", "<p><a href='#'>A link alone</a></p>"),
    ("target", "", "<p>Feeds: <a href='#'>One</a> · <a href='#'>Two</a></p>"),
    ("target", "button { padding: 0; border: 0; font-size: 14px; line-height: 16px }", "<button>Send it</button>"),
    ("faint", "p { color: #8a8a8a }", "<p>Words in grey on white</p>"),
    ("faint", "p { opacity: .4 }", "<p>Words that one looks through</p>"),
    ("faint", "p { background: #303030 }", "<p>Ink on a dark box</p>"),
    ("over", "p + p { margin-top: -40px }", "<p>The first of two lines</p><p>The second of two lines</p>"),
    ("gloomy", "div { width: 200px; height: 100px; background: #202020 }", "<div></div>"),
    ("picture", "", "<img src='nowhere.png' alt='A picture' width='100' height='50'>"),
]


@pytest.fixture(scope="module")
def window(browser: Browser) -> Window:
    """A window without a site."""
    return Window(browser, {})


def show(
    window: Window, folder: Path, body: str, style: str = "", *, dark: bool = False, direction: str = "ltr"
) -> list[str]:
    paper, ink = ("#111111", "#eeeeee") if dark else ("#ffffff", "#1b1b1b")
    path = folder / "planted.html"
    path.write_text(
        FRAME.format(direction=direction, paper=paper, ink=ink, style=style, body=body), encoding="utf-8"
    )
    scheme = "dark" if dark else "light"
    window.open(path, scheme=scheme, width=375)
    return faults(window, scheme)


@pytest.mark.parametrize("dark", [False, True])
def test_a_good_document_has_no_fault(window: Window, tmp_path: Path, dark: bool) -> None:
    assert show(window, tmp_path, GOOD, "button { color: #fff; background: #333 }", dark=dark) == []


@pytest.mark.parametrize(("kind", "style", "body"), PLANTED)
def test_a_planted_fault_is_found(window: Window, tmp_path: Path, kind: str, style: str, body: str) -> None:
    found = show(window, tmp_path, body, style)
    assert kind in {line.partition(":")[0] for line in found}, found


def test_a_mail_that_stays_bright_in_the_dark_is_found(window: Window, tmp_path: Path) -> None:
    found = show(
        window, tmp_path, "<div>Paper</div>", "div { background: #fff; color: #000; height: 50px }", dark=True
    )
    assert [line.partition(":")[0] for line in found] == ["bright"]


def test_words_from_the_right_must_stand_at_the_right(window: Window, tmp_path: Path) -> None:
    arabic = "<p>وقفت الشاحنات عليه من منتصف الليل.</p><p>A line in English may stand where it likes.</p>"
    assert show(window, tmp_path, arabic, direction="rtl") == []
    assert [line.partition(":")[0] for line in show(window, tmp_path, arabic)] == ["side"]
    sign = '<table role="listitem"><tr><td>•</td><td>وقفت الشاحنات</td></tr></table>'
    assert show(window, tmp_path, sign, direction="rtl") == []
    (found,) = show(window, tmp_path, sign.replace("<table", '<table dir="ltr" style="text-align: right"'))
    assert "its sign does not stand at the right" in found


def test_what_nobody_sees_is_no_fault(window: Window, tmp_path: Path) -> None:
    body = "<a class='skip' href='#'>Skip</a><p>Words</p><div hidden>Small print</div>"
    style = ".skip { position: absolute; left: -9999px; font-size: 8px } div { font-size: 3px }"
    assert show(window, tmp_path, body, style) == []
