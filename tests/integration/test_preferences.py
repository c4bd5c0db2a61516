"""Sections are chosen on the page behind the link in the mail, and the next mailing brings these and no other."""

from __future__ import annotations

import os
import re
import signal
import urllib.parse
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.instance import Instance
from tests.integration.test_serve import get, until

pytestmark = pytest.mark.slow

NEWS = """---
title: News of {day}
date: {day}
---
The lead says what happened, once.

## Courts

- A case was heard.

## Arts & more

- A play was played.

## الرياضة

- A game was won.

## Weather

- It rained.
"""
WORDS = {
    "courts": "A case was heard",
    "arts": "A play was played",
    "sport": "A game was won",
    "weather": "It rained",
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Instance, str]]:
    """A served instance with two readers and a first digest, and its address."""
    instance = Instance(tmp_path / "instance", newsletter="[web]\nport = 0\n")
    instance.put("first.md", NEWS.format(day="2024-11-20"))
    instance.subscribe("chooser@example.org", "reader@example.org")
    pid = instance.start("serve")
    try:
        log = instance.root / f"err.{pid}"
        address = until(
            lambda: re.search(r"at (http://127\.0\.0\.1:\d+/)", log.read_text() if log.exists() else "")
        )
        yield instance, address[1]
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert not re.search(r"/[us]/[A-Za-z0-9_-]{20}", ended.err), "a token in the log"


def parts(mail: EmailMessage) -> dict[str, str]:
    found: dict[str, Any] = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    return {kind: str(part.get_content()) for kind, part in found.items()}


def said(mail: EmailMessage) -> list[set[str]]:
    return [{name for name, words in WORDS.items() if words in body} for body in parts(mail).values()]


def mail_to(instance: Instance, address: str, title: str) -> EmailMessage | None:
    return next(
        (each for each in instance.mails() if address in str(each["To"]) and title == each["Subject"]), None
    )


def test_the_next_mailing_brings_what_was_chosen_on_the_page(served: tuple[Instance, str]) -> None:
    instance, address = served
    first = until(lambda: mail_to(instance, "chooser@example.org", "News of 2024-11-20"))
    assert said(first) == [set(WORDS)] * 2
    (link,) = set(re.findall(r"https://news\.example\.org(/s/[\w-]+)", parts(first)["plain"]))
    assert link in parts(first)["html"]

    status, page = get(address.rstrip("/") + link)
    assert status == 200
    slugs = re.findall(r'name="section" value="([^"]+)"', page)
    assert slugs[:2] == ["courts", "arts-more"]
    form = urllib.parse.urlencode({"which": "chosen", "section": [slugs[0], slugs[2]]}, doseq=True).encode()
    status, page = get(address.rstrip("/") + link, form)
    assert (status, "Saved" in page) == (200, True)
    assert get(f"{address}s/nonsense", form)[0] == 404

    instance.put("second.md", NEWS.format(day="2024-11-21"))
    chosen = until(lambda: mail_to(instance, "chooser@example.org", "News of 2024-11-21"))
    whole = until(lambda: mail_to(instance, "reader@example.org", "News of 2024-11-21"))
    assert said(chosen) == [{"courts", "sport"}] * 2
    assert said(whole) == [set(WORDS)] * 2
    contents, choice = "In this issue", "the sections you chose"
    assert [words in parts(chosen)["plain"] for words in (contents, choice)] == [False, True]
    assert [words in parts(whole)["plain"] for words in (contents, choice)] == [True, False]
    assert all("The lead says what happened" in body for body in parts(chosen).values())
