"""The site opened from its folder in a real browser, and pictures of it for people to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.instance import Instance

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample instance's site."""
    instance = Instance(tmp_path_factory.mktemp("browser") / "instance")
    shutil.copy(ROOT / "config.toml", instance.config)
    for path in (ROOT / "digests").rglob("*"):
        if path.is_file():
            instance.put(path.relative_to(ROOT / "digests").as_posix(), path.read_bytes())
    assert instance("run").code == 0
    return instance.site


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: .ci/packages installs it"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [600, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_opens_from_disk_and_fits(site: Path, browser: Any, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="Morning from the harbour: what the divers saw").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Morning from the harbour: what the divers saw"
    assert page.evaluate("document.images[0].naturalWidth") == 1200
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="All of The Harbour Daily").click()
    assert page.get_by_role("link", name="a roof before the snow").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(url.startswith("file:") for url in requests), requests
    page.close()
