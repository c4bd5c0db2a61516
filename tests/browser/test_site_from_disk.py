"""The site opened from its folder: it fits, its links lead on, its pictures are there, and it asks nobody."""

from __future__ import annotations

import pytest

from tests.browser.gallery import Gallery
from tests.browser.tools import Window

pytestmark = pytest.mark.system


@pytest.mark.parametrize("width", [600, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_opens_from_disk_and_its_links_lead_on(
    gallery: Gallery, window: Window, width: int, scheme: str
) -> None:
    window.open(gallery.site / "index.html", scheme=scheme, width=width)
    page = window.page
    page.get_by_role("link", name="Morning from the harbour: what the divers saw").first.click()
    heading = page.get_by_role("heading", level=1).inner_text().replace("\u00a0", " ")
    assert heading == "Morning from the harbour: what the divers saw"
    assert page.evaluate("document.images[0].naturalWidth") >= 1104  # twice what the mail shows
    page.get_by_role("link", name="All issues of The Harbour Daily").click()
    assert page.get_by_role("link", name="a roof before the snow").count() == 1
    assert window.asked == []
