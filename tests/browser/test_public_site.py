"""The site as `serve` serves it, without scripts: no other host is asked, no cookie set, all pages are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from publisher.app import open_app
from publisher.web import Folder, WebServer, create_app
from tests.browser.gallery import Gallery

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.system

PAGES = ("", "about/", "feeds/", "daily/", "daily/archive/2026-11/", "ar/al-jisr/", "nothing/of/the/kind/")


def test_readers_ask_nobody_else_and_are_given_no_cookie(browser: Browser, gallery: Gallery) -> None:
    app = open_app(gallery.root / "config.toml")
    context = browser.new_context(java_script_enabled=False)
    try:
        site = create_app(app.links, app.signups, Folder(gallery.site), app.returning.hooks)
        with WebServer(site, "127.0.0.1", 0) as server:
            page, asked = context.new_page(), []
            page.on("request", lambda request: asked.append(request.url))
            statuses = []
            for path in PAGES:
                answer = page.goto(f"{server.url}{path}")
                assert answer is not None
                statuses.append(answer.status)
                assert page.get_by_role("heading", level=1).count() == 1
            page.goto(f"{server.url}daily/")
            page.get_by_role("link", name="a roof before the snow").click()
            page.get_by_role("link", name="Next issue").click()
            page.get_by_role("link", name="All issues of The Harbour Daily").click()
            page.get_by_role("link", name="About").click()
            assert "About The Harbour Gazette" in page.title()
            assert statuses == [200] * (len(PAGES) - 1) + [404]
            assert [url for url in asked if not url.startswith(server.url)] == []
            assert context.cookies() == []
    finally:
        context.close()
        app.close()
