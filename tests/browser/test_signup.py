"""From the form to the mail and out again in Chromium: by keyboard alone, with JavaScript switched off."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from sqlalchemy import select, update

from publisher.app import open_app
from subscribers.tables import tries
from tests.browser.tools import chromium
from tests.instance import Instance

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.system

PUBLIC, PATIENCE = "https://news.example.org/", 90
NEWS = """---
title: News of {day}
date: {day}
---
The lead says what happened, once.

## Courts

- A case was heard.

## Weather

- It rained.
"""
READER = "reader+news@example.org"
Found = TypeVar("Found")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Instance, str]]:
    """A served instance that has published a first digest and has no reader, and its address."""
    instance = Instance(tmp_path / "instance", newsletter="[web]\nport = 0\n")
    instance.put("first.md", NEWS.format(day="2024-11-19"))
    pid = instance.start("serve")
    try:
        log = instance.root / f"err.{pid}"
        found = until(lambda: re.search(r"at (http://127\.0\.0\.1:\d+/)", log.read_text() if log.exists() else ""))
        until(lambda: list(instance.site.rglob("*first/index.html")))
        yield instance, found[1]
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert not re.search(r"/[uscm]/[A-Za-z0-9_-]{20}", ended.err), "a token in the log"
    assert READER not in ended.err


def until(look: Callable[[], Found | None]) -> Found:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def mail(instance: Instance, subject: str, number: int = 1) -> EmailMessage:
    """The mail of a subject, once there are so many of it."""

    def newest() -> EmailMessage | None:
        found = [each for each in instance.mails() if each["Subject"] == subject]
        return found[-1] if len(found) >= number else None

    return until(newest)


def text(found: EmailMessage) -> str:
    part: Any = found.get_body(("plain",))
    return str(part.get_content())


def links(instance: Instance, page: str, subject: str) -> set[str]:
    """Every address of a page in the mails of a subject."""
    mails = [text(each) for each in instance.mails() if each["Subject"] == subject]
    return {link for each in mails for link in re.findall(rf"{PUBLIC}({page}/[\w-]+)", each)}


def tab_to(page: Page, selector: str) -> None:
    """Go on from field to field until this one has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"no key leads to {selector}")


def sign_up(page: Page, address: str) -> None:
    page.goto(f"{address}daily/subscribe")
    tab_to(page, "#email")
    page.keyboard.type(READER)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Please check your email").wait_for()


def confirm(page: Page, address: str) -> None:
    page.goto(address)
    tab_to(page, "button")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are subscribed").wait_for()


def test_a_reader_comes_chooses_leaves_and_comes_back(served: tuple[Instance, str]) -> None:
    instance, address = served
    asked = "Please confirm: The Example Daily"
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        sign_up(page, address)
        mail(instance, asked)
        (link,) = links(instance, "c", asked)
        confirm(page, address + link)

        tab_to(page, "main a")  # to the preferences
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Your preferences for The Example Daily").wait_for()
        tab_to(page, "#all")
        page.keyboard.press("ArrowDown")
        tab_to(page, "[value=courts]")
        page.keyboard.press("Space")
        tab_to(page, "form.preferences button")
        page.keyboard.press("Enter")
        page.get_by_text("you will get 1 section").wait_for()

        instance.put("second.md", NEWS.format(day="2024-11-20"))
        news = mail(instance, "News of 2024-11-20")
        assert news["To"] == READER
        assert ("It rained" in text(news), "A case was heard" in text(news)) == (True, False)

        # A mail client's one click: no cookie, no page, 200 again and again.
        leave = str(news["List-Unsubscribe"]).strip("<>").replace(PUBLIC, address)
        for _ in range(2):
            with urllib.request.urlopen(leave, b"List-Unsubscribe=One-Click", timeout=30) as answer:
                assert (answer.status, answer.headers["Set-Cookie"]) == (200, None)

        _an_hour_passes(instance)
        sign_up(page, address)
        mail(instance, asked, 2)
        (again,) = links(instance, "c", asked) - {link}
        page.goto(address + link)
        assert page.get_by_role("heading", name="This link does not work").count(), "left since it was made"
        confirm(page, address + again)
        assert browser.contexts[0].cookies() == []
    instance.put("third.md", NEWS.format(day="2024-11-21"))
    assert "It rained" in text(mail(instance, "News of 2024-11-21"))


def _an_hour_passes(instance: Instance) -> None:
    """For the limits on mails to one address."""
    app = open_app(instance.config)
    with app.database.write() as connection:
        for id_, at in connection.execute(select(tries.c.id, tries.c.at)).all():
            connection.execute(update(tries).where(tries.c.id == id_).values(at=at - timedelta(hours=1)))
    app.close()


def test_a_form_on_a_foreign_page_works_as_documented(served: tuple[Instance, str]) -> None:
    """The snippet of docs/subscribers.md, word for word but for the address."""
    instance, address = served
    docs = (Path(__file__).parents[2] / "docs" / "subscribers.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```html\n(.*?)```", docs, re.DOTALL)
    snippet = snippet.replace("https://news.example.org/daily/", f"{address}daily/")
    with chromium() as browser:
        page = browser.new_page()
        page.goto("data:text/html," + urllib.parse.quote(f"<!DOCTYPE html><title>x</title>{snippet}"))
        page.get_by_label("Your email address").fill(READER)
        page.get_by_role("button", name="Subscribe").click()
        page.get_by_role("heading", name="Please check your email").wait_for()
    mail(instance, "Please confirm: The Example Daily")
