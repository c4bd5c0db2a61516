"""WebSub end to end, with a hub and a subscriber that are not ours: Flask-WebSub passes on what we publish."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import hub as hubs
from tests.fakes.public import PublicFolder
from tests.fakes.web import FakeWeb
from tests.integration.announced import FEEDS, Town, table

pytestmark = pytest.mark.slow


def test_a_subscriber_of_an_independent_hub_gets_the_new_feed_with_a_valid_signature(tmp_path: Path) -> None:
    with hubs.serving(tmp_path) as hub, PublicFolder(hub=hub) as public, FakeWeb() as web:
        town = Town.made(tmp_path / "town", public, table("hub", {"url": hub}))
        subscriber = hubs.Subscriber(web)
        topic = public.url(f"/{FEEDS[1]}")
        subscriber.subscribe(hub, topic)
        assert [each.error for each in town.run().announcements] == [None, None]
        (received,) = subscriber.received
        assert subscriber.refused == []
        assert received.body == (town.instance.site / FEEDS[1]).read_bytes()
        assert b"News of 2024-11-21" in received.body
        assert received.headers["content-type"].startswith("application/atom+xml")
        assert 'rel="self"' in received.headers["link"]


def test_a_subscriber_gets_the_correction(tmp_path: Path) -> None:
    with hubs.serving(tmp_path) as hub, PublicFolder(hub=hub) as public, FakeWeb() as web:
        town = Town.made(tmp_path / "town", public, table("hub", {"url": hub}))
        town.run()
        subscriber = hubs.Subscriber(web)
        subscriber.subscribe(hub, public.url(f"/{FEEDS[0]}"))
        file = town.instance.digest("2024-11-21", "News that are right")
        ended = town.instance("digest", "correct", str(file), "--note", "The title was wrong.")
        assert ended.code == 0, ended
        (received,) = subscriber.received
        assert b"News that are right" in received.body
        assert b"The title was wrong." in received.body
