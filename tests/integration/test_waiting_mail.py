"""Mail and pages as one edition: what leaves, and when, while an endpoint or a file is in a bad state.

Passes run in this process on a clock of our own, against an endpoint that fails as it is told to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.app import App, open_app
from publisher.editions import Document
from publisher.errors import EndpointError, FeedError
from publisher.feeds import documents as feed_documents
from publisher.ledger import MailingState
from publisher.publishing.passes import PassReport
from tests.instance import DIGEST, Instance

BEGAN = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
PAGE = "daily/2024-11-21-news/index.html"
FEED = "daily/rss.xml"


@dataclass
class Moody:
    """An endpoint in memory. `refuses` are paths it cannot store, `garbles` those it gives back changed."""

    name: str = "site"
    stored: dict[str, bytes] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    garbles: set[str] = field(default_factory=set)

    def put(self, document: Document) -> bool:
        if document.path in self.refuses:
            raise EndpointError(f"{self.name}: {document.path}: the disk is full")
        changed = self.stored.get(document.path) != document.data
        self.stored[document.path] = document.data
        return changed

    def get(self, path: str) -> bytes | None:
        found = self.stored.get(path)
        return found and found[:-1] if path in self.garbles else found


@dataclass
class Morning:
    """An instance with one reader and one digest, whose hours are ours."""

    instance: Instance
    endpoint: Moody
    now: datetime = BEGAN

    @contextmanager
    def opened(self) -> Iterator[App]:
        app = open_app(self.instance.config, lambda: self.now)
        app.__dict__["endpoints"] = (self.endpoint,)  # in place of the cached property
        try:
            yield app
        finally:
            app.close()

    def run(self, after: timedelta = timedelta(0)) -> PassReport:
        """One pass, some time after the last one."""
        self.now += after
        with self.opened() as app:
            return app.run_pass(sleep=lambda _seconds: None)

    def states(self) -> list[MailingState]:
        with self.opened() as app:
            return [facts.mailing.state for facts in app.mailroom.all()]


@pytest.fixture
def morning(tmp_path: Path) -> Morning:
    instance = Instance(tmp_path / "instance")
    instance.subscribe("reader@example.org")
    instance.digest("2024-11-21")
    return Morning(instance, Moody())


def test_mail_starts_in_the_pass_that_stored_its_page(morning: Morning) -> None:
    report = morning.run()
    assert [start.alert for start in report.starts if start.started] == [""]
    assert PAGE in morning.endpoint.stored
    assert morning.states() == [MailingState.RUNNING]


def test_mail_waits_for_its_page_but_not_for_lists_and_feeds(morning: Morning) -> None:
    morning.endpoint.refuses = {PAGE}
    assert [start.started for start in morning.run().starts] == [False]
    assert morning.states() == [MailingState.WAITING]
    morning.endpoint.refuses = {FEED}
    report = morning.run(timedelta(minutes=2))
    assert [(start.started, start.alert) for start in report.starts] == [(True, "")]
    assert [error.permanent for error in report.errors] == [False]


def test_mail_leaves_without_its_page_after_site_wait_and_says_so(morning: Morning) -> None:
    morning.endpoint.refuses = {PAGE}
    morning.run()
    assert [start.started for start in morning.run(timedelta(minutes=9, seconds=59)).starts] == [False]
    (start,) = morning.run(timedelta(seconds=1)).starts
    assert start.started
    assert "leaves although its page is not stored yet" in start.alert
    assert morning.states() == [MailingState.RUNNING]


def test_a_page_that_comes_back_different_is_not_stored(morning: Morning) -> None:
    morning.endpoint.garbles = {PAGE}
    report = morning.run()
    assert "came back different from site" in str(report.errors[0])
    assert morning.states() == [MailingState.WAITING]


def test_lists_and_feeds_never_name_a_page_that_is_not_there(morning: Morning) -> None:
    morning.endpoint.refuses = {PAGE}
    morning.run()
    assert not any(b"2024-11-21-news" in data for data in morning.endpoint.stored.values())
    morning.endpoint.refuses = set()
    assert morning.run(timedelta(minutes=2)).errors == ()
    assert b"2024-11-21-news" in morning.endpoint.stored[FEED]


def test_a_failed_endpoint_is_tried_again_at_its_time_and_not_before(morning: Morning) -> None:
    morning.endpoint.refuses = {FEED}
    assert len(morning.run().errors) == 1
    morning.endpoint.refuses = set()
    assert morning.run(timedelta(seconds=59)).puts == ()
    assert FEED not in morning.endpoint.stored
    morning.run(timedelta(seconds=1))
    assert FEED in morning.endpoint.stored


def test_a_feed_that_fails_its_check_leaves_the_old_documents(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning.run()
    feeds = {path: data for path, data in morning.endpoint.stored.items() if path.endswith((".xml", "feed.json"))}
    assert len(feeds) == 3

    def refuse(*_: object) -> None:
        raise FeedError("not well-formed")

    morning.instance.digest("2024-11-22")
    monkeypatch.setattr(feed_documents, "check", refuse)
    report = morning.run(timedelta(days=1))
    assert [str(error) for error in report.errors] == ["not well-formed"]
    assert "daily/2024-11-22-news/index.html" in morning.endpoint.stored
    assert {path: morning.endpoint.stored[path] for path in feeds} == feeds
    assert [start.started for start in report.starts] == [True]  # the page is there, and links to no feed wait


def test_a_digest_whose_file_is_being_rewritten_waits_for_it(morning: Morning) -> None:
    morning.instance.newsletter = 'schedule = "daily 08:00"\n'
    morning.instance.configure()
    assert len(morning.run(timedelta(minutes=90)).published) == 1
    tomorrow = morning.instance.digest("2024-11-22")
    assert morning.run(timedelta(hours=23)).published == ()  # taken in, and not due before 08:00
    morning.instance.put(tomorrow.name, b"")
    assert morning.run(timedelta(minutes=30)).published == ()
    morning.instance.put(tomorrow.name, DIGEST.format(date="2024-11-22", title="What is right"))
    (published,) = morning.run(timedelta(minutes=1)).published
    assert published.digest.title == "What is right"
