"""A browser for each module, a gallery for each worker.

Not one browser for all: as long as one is open its event loop counts as running, and no test could begin another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import gallery as galleries
from tests.browser.gallery import Gallery
from tests.browser.tools import Window, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Everything that people look at."""
    return galleries.build(tmp_path_factory.mktemp("gallery") / "instance")


@pytest.fixture(scope="module")
def window(browser: Browser, gallery: Gallery) -> Window:
    """A window without network, but for what the gallery's site will serve."""
    return Window(browser, {galleries.PUBLIC: gallery.site})
