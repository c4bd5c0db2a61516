"""A crawler that GETs every link of every mail and page changes nothing in the database, row for row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
from sqlalchemy import select

from publisher.app import App, open_app
from publisher.web import Folder, create_app
from subscribers.tables import metadata
from tests.instance import Instance
from tests.unit.web.conftest import Client

pytestmark = pytest.mark.slow

SITE = "https://news.example.org/"
NETWORK = "203.0.113.0/24"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An instance that has mailed a digest to two readers."""
    instance = Instance(tmp_path / "instance")
    instance.digest("2024-11-20")
    instance.subscribe("anna@example.org", "otto@example.org")
    ended = instance("run")
    assert ended.code == 0, ended
    opened = open_app(instance.config)
    yield opened
    opened.close()


def rows(app: App) -> dict[str, list[tuple[Any, ...]]]:
    with app.database.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=str)
            for table in metadata.sorted_tables
        }


def links(text: str, base: str) -> set[str]:
    """Every address of the site in a mail or page: of links and forms, and as it stands in text."""
    found = [unescape(each) for each in re.findall(r'(?:href|src|action)="([^"]+)"', text)]
    found += re.findall(r"https://[^\s<>\"]+", text)
    return {address for each in found if (address := urldefrag(urljoin(base, each))[0]).startswith(SITE)}


def mail_links(app: App) -> set[str]:
    outbox = Instance(app.settings.root).mails()
    return {
        link
        for mail in outbox
        for part in mail.walk()
        if not part.is_multipart()
        for link in links(str(part.get_content()), SITE)
    } | {link for mail in outbox for link in links(str(mail["List-Unsubscribe"]), SITE)}


def crawl(app: App) -> dict[str, int]:
    """GET and HEAD whatever can be reached from the mails and the first page; the status of each."""
    client = Client(create_app(app.links, app.signups, Folder(app.site_folder), app.returning.hooks))
    waiting, seen = {SITE, f"{SITE}daily/subscribe", *mail_links(app)}, dict[str, int]()
    while waiting:
        address = waiting.pop()
        path = f"/{address.removeprefix(SITE)}"
        client.head(path)
        answer = client.get(path)
        seen[address] = answer.status_code
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting |= links(answer.text, address) - seen.keys()
    return seen


def test_who_only_looks_changes_nothing(app: App) -> None:
    assert app.signups.subscribe("daily", {"email": ["neu@example.org"]}, NETWORK, "") is not None
    assert app.signups.subscribe("daily", {"email": ["anna@example.org"]}, NETWORK, "") is not None
    token = next(each.removeprefix(f"{SITE}s/") for each in mail_links(app) if each.startswith(f"{SITE}s/"))
    assert app.links.save_preferences(token, {"act": ["link"]}) is not None
    assert app.posting.post(app.clock).sent == 3

    before = rows(app)
    seen = crawl(app)
    assert rows(app) == before

    kinds = {address.removeprefix(SITE).partition("/")[0] for address in seen}
    assert {"u", "s", "c", "m", "daily"} <= kinds, "it has been everywhere"
    assert {status for address, status in seen.items() if re.match(rf"{SITE}[uscm]/", address)} == {200}


def test_who_erases_themselves_is_gone_and_stays_away(app: App) -> None:
    token = next(each.removeprefix(f"{SITE}s/") for each in mail_links(app) if each.startswith(f"{SITE}s/"))
    holder = app.people.holder(token)
    assert holder is not None
    email = holder.subscriber.email
    app.links.save_preferences(token, {"act": ["link"]})
    app.posting.post(app.clock)
    (fresh,) = (each.removeprefix(f"{SITE}m/") for each in mail_links(app) if each.startswith(f"{SITE}m/"))
    app.signups.subscribe("daily", {"email": [email]}, NETWORK, "")  # waits in the outbox

    answer = app.signups.manage(fresh, {"act": ["erase"], "sure": ["yes"]})
    assert answer is not None
    assert b"You are erased" in answer.data
    assert email not in str(rows(app))
    assert (app.signups.manage_page(fresh), app.links.preferences_page(token)) == (None, None)

    app.signups.subscribe("daily", {"email": [email]}, "198.51.100.0/24", "")
    app.posting.post(app.clock)
    assert email not in str(rows(app))
