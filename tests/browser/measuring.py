"""How a document is set, measured in the browser: positions, sizes and colours, never pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.browser.gallery import Shown
from tests.browser.tools import Window

WIDTHS = (600, 375, 320)
WIDE = (1200,)
"""For pages alone: a mail is as wide as its client lets it be."""
"""A mail's own width, a phone, and the narrowest screen that WCAG 1.4.10 asks for."""

_MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")


def faults(window: Window, scheme: str, *, pictures: bool = True) -> list[str]:
    """What is wrong with what the window shows, a line each; measure.js lists the kinds.

    Args:
        window: with a document in it.
        scheme: `light` or `dark`, as the window was opened.
        pictures: whether pictures should be there.
    """
    found = window.page.evaluate(_MEASURE, {"dark": scheme == "dark", "pictures": pictures})
    return [str(line) for line in found]


def all_faults(window: Window, shown: Iterable[Shown], scheme: str) -> Iterator[str]:
    """What is wrong with documents at every width, with where."""
    for each in shown:
        window.open(each.path, scheme=scheme)
        for width in (*WIDE, *WIDTHS) if each.kind == "page" else WIDTHS:
            window.resize(width)
            yield from (f"{each.name}, {scheme}, {width} px: {fault}" for fault in faults(window, scheme))
        yield from (f"{each.name}: asks {address}" for address in window.asked)
