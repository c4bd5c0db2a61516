"""What only `make check` has: Chromium, axe-core, the Nu validator. `.ci/packages` installs them.

Without one, a test that needs it is skipped and says so; with `CI=true` it fails, so that no build goes green on
tests that never ran.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def needed(tool: str, path: Path | None) -> Path:
    """The path of a tool; skips or fails the test that has none."""
    if path is not None and path.exists():
        return path
    reason = f"{tool} is missing: .ci/packages installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def command(name: str) -> Path:
    """A command of this machine."""
    found = shutil.which(name)
    return needed(name, Path(found) if found else None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that asks nothing of anybody."""
    program = command("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield opened
        opened.close()


class Window:
    """A page of the browser that has no network: addresses below `site` are files, all others are refused.

    Args:
        browser: whose page it is.
        site: the site's public address, with a slash at the end, and the folder that it will be served from.
    """

    def __init__(self, browser: Browser, site: Mapping[str, Path]) -> None:
        self.page: Page = browser.new_page(viewport={"width": 600, "height": 800})
        self.asked: list[str] = []
        """Addresses of other hosts that a document wanted."""
        self._site = site
        self.page.route("**/*", self._answer)

    def open(self, path: Path, *, scheme: str = "light", width: int = 600) -> None:
        """Show a file."""
        self.asked.clear()
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.resize(width)
        self.page.goto(path.as_uri())

    def resize(self, width: int) -> None:
        """Make the window as wide as a screen."""
        self.page.set_viewport_size({"width": width, "height": 800})

    def _answer(self, route: Route) -> None:
        address = route.request.url
        if address.startswith("file:"):
            route.continue_()
            return
        for public, folder in self._site.items():
            path = folder / address.removeprefix(public).partition("?")[0]
            if address.startswith(public) and path.is_file():
                route.fulfill(path=path)
                return
        self.asked.append(address)
        route.abort()
