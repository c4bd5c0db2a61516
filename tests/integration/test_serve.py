"""`publisher serve`: the site, the schedule and the unsubscribe link, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.instance import Instance

PATIENCE = 60


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Instance, str]]:
    """A served instance with one reader, and its address."""
    instance = Instance(tmp_path / "instance", newsletter="[web]\nport = 0\n")
    instance.digest("2024-11-20")
    instance.subscribe("reader@example.org")
    pid = instance.start("serve")
    try:
        yield instance, address_of(instance, pid)
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert not re.search(r"/u/[A-Za-z0-9_-]{20}", ended.err), "a token in the log"


T = TypeVar("T")


def address_of(instance: Instance, pid: int) -> str:
    """Where `publisher serve` listens, once it does."""
    log = instance.root / f"err.{pid}"
    said = until(lambda: re.search(r"at (http://127\.0\.0\.1:\d+/)", log.read_text() if log.exists() else ""))
    return str(said[1])


def until(look: Callable[[], T | None]) -> T:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def get(url: str, data: bytes | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_serve_publishes_what_is_dropped_and_the_link_in_the_mail_works(served: tuple[Instance, str]) -> None:
    instance, address = served
    until(lambda: len(instance.mails()) == 1)
    assert get(address)[0] == 200
    assert "2024-11-20-news" in get(f"{address}daily/atom.xml")[1]

    link = str(instance.mails()[0]["List-Unsubscribe"]).strip("<>").replace("https://news.example.org/", address)
    assert "<button" in get(link)[1]
    instance.digest("2024-11-21")
    until(lambda: len(instance.mails()) == 2)  # looking at the page has not unsubscribed anybody

    assert get(link, b"List-Unsubscribe=One-Click")[0] == 200
    assert get(link, b"List-Unsubscribe=One-Click")[0] == 200
    instance.digest("2024-11-22")
    until(lambda: "2024-11-22-news" in get(f"{address}daily/atom.xml")[1] or None)
    mailing = until(lambda: instance("mailing", "list", "--json").out.count('"done"') == 3 or None)
    assert mailing
    assert len(instance.mails()) == 2
    assert get(f"{address}u/nonsense")[0] == 404
