"""Mail and pages as one edition: what leaves, and when, while an endpoint or a file is in a bad state.

Passes run in this process on a clock of our own, against an endpoint that fails as it is told to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from publisher.app import App, open_app
from publisher.editions import Document
from publisher.errors import EndpointError, FeedError, UsageError
from publisher.feeds import documents as feed_documents
from publisher.ledger import DeliveryState, Mailing, MailingState
from publisher.mailings.verdicts import Act, Wish
from publisher.publishing.passes import PassReport
from publisher.storage.plans import Plans
from publisher.storage.tables import deliveries, mailings
from tests.fakes.world import FakeWorld
from tests.instance import DIGEST, Instance

pytestmark = pytest.mark.slow

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

    def put(self, document: Document, *, again: bool = False) -> bool:
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
    stored = morning.endpoint.stored.items()
    feeds = {path: data for path, data in stored if path.endswith(("rss.xml", "atom.xml", "feed.json"))}
    assert len(feeds) == 3 + 3  # of everything, and of its section

    def refuse(*_: object, **__: object) -> None:
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


# --- resends -----------------------------------------------------------------------------------------------


def correct(morning: Morning, lead: str) -> None:
    """The next edition, as `digest correct` makes it."""
    file = morning.instance.put("news-2024-11-21.txt", DIGEST.format(date="2024-11-21", title=lead))
    with morning.opened() as app:
        app.world = FakeWorld()
        read = app.correcting.read(file, app.clock(), note="It was wrong.")
        app.correcting.correct(read, app.clock(), actor="an editor")


def resend(morning: Morning, act: Act) -> Mailing:
    with morning.opened() as app:
        (record,) = app.editorial.all()
        return app.resends.order(record, Wish(act), app.clock(), actor="an editor", reason="wrong").mailing


def become(morning: Morning, state: str) -> None:
    """What was planned is done, and so it ended."""
    with morning.opened() as app, app.database.write() as connection:
        connection.execute(update(deliveries).values(state=state))
        connection.execute(update(mailings).values(state="done", finished_at=morning.now))


def test_a_correction_resend_waits_for_the_page_of_its_edition(morning: Morning) -> None:
    morning.run()
    become(morning, "accepted")
    morning.endpoint.refuses = {PAGE}
    correct(morning, "What is right")
    morning.run(timedelta(minutes=1))
    ordered = resend(morning, Act.CORRECTION)
    assert ordered.state is MailingState.WAITING
    with morning.opened() as app:
        assert app.mailroom.facts(ordered.id).counts == {DeliveryState.PENDING: 1}  # no other act takes them
    assert not any(start.started for start in morning.run(timedelta(minutes=1)).starts)

    morning.endpoint.refuses = set()
    started = [start.mailing.id for start in morning.run(timedelta(minutes=5)).starts if start.started]
    assert started == [ordered.id]
    with morning.opened() as app:
        facts = app.mailroom.facts(ordered.id)
        assert (facts.mailing.state, facts.counts) == (MailingState.RUNNING, {DeliveryState.PENDING: 1})


def test_a_resend_leaves_at_once_when_its_page_is_stored(morning: Morning) -> None:
    morning.run()
    become(morning, "failed")
    assert resend(morning, Act.FAILED).state is MailingState.RUNNING


def test_a_waiting_resend_leaves_after_site_wait_and_says_so(morning: Morning) -> None:
    morning.run()
    become(morning, "accepted")
    morning.endpoint.refuses = {PAGE}
    correct(morning, "What is right")
    ordered = resend(morning, Act.CORRECTION)
    (start,) = morning.run(timedelta(minutes=10)).starts
    assert start.alert == f"mailing {ordered.id} leaves although its page is not stored yet"


def test_a_mailing_that_was_corrected_before_it_began_waits_anew(morning: Morning) -> None:
    morning.endpoint.refuses = {PAGE}
    morning.run()
    with morning.opened() as app:
        app.controls.pause(1, app.clock(), actor="an editor", reason="a wrong name")
    morning.now += timedelta(hours=1)
    correct(morning, "What is right")
    with morning.opened() as app:
        app.controls.resume(1, app.clock(), actor="an editor", reason="right now")
    assert [start.started for start in morning.run(timedelta(minutes=1)).starts] == [False]


def test_a_mailing_does_not_begin_on_the_page_of_an_edition_it_no_longer_brings(morning: Morning) -> None:
    morning.endpoint.refuses = {PAGE}
    morning.run()
    with morning.opened() as app, app.store.read() as unit:
        (seen,) = unit.mailings.waiting()
    correct(morning, "What is right")
    with morning.opened() as app:
        assert not app.mailroom.start(seen, app.clock())
    assert morning.states() == [MailingState.WAITING]


def test_nobody_is_mailed_in_bulk_what_was_paused_before_it_began(morning: Morning) -> None:
    morning.endpoint.refuses = {PAGE}
    morning.run()
    with morning.opened() as app:
        app.controls.pause(1, app.clock(), actor="an editor", reason="a wrong name")
    with pytest.raises(
        UsageError, match=r"mailing 1 of .* was paused before it began. `publisher mailing resume 1"
    ):
        resend(morning, Act.MISSED)


def test_a_mailing_begins_under_the_lock_that_resends_take(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else, on PostgreSQL, the two plans do not see each other, and one person is in both."""
    calls: list[str] = []
    for name in ("lock_digest", "plan"):
        monkeypatch.setattr(Plans, name, _recorded(calls, name, getattr(Plans, name)))
    morning.run()
    assert calls == ["lock_digest", "plan"]


def _recorded(calls: list[str], name: str, act: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return act(*args, **kwargs)

    return call


def test_a_run_names_what_is_paused_and_how_to_let_it_go_on(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    instance.subscribe("reader@example.org")
    instance.digest("2024-11-21")
    with instance.opened() as app:
        app.run_pass(sleep=lambda _seconds: None)
        app.controls.pause(1, app.clock(), actor="an editor", reason="a wrong name")
    ended = instance("run")
    assert "Paused       mailing 1 of daily/2024-11-21-news" in ended.out
    assert "`publisher mailing resume 1 --reason TEXT` lets it go on" in ended.out


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("", "`publisher resend daily/2024-11-21-news --missed --reason TEXT` mails its readers"),
        ("failed", "`publisher resend daily/2024-11-21-news --failed --reason TEXT` mails its readers"),
        ("to", "`publisher resend daily/2024-11-21-news --to ADDRESS --reason TEXT` mails its readers"),
    ],
)
def test_whoever_wants_a_cancelled_mailing_back_is_told_the_act_for_its_readers(
    morning: Morning, act: str, told: str
) -> None:
    morning.run()
    with morning.opened() as app:
        app.controls.cancel(1, app.clock(), actor="an editor", reason="a wrong file")
        with app.database.write() as connection:
            connection.execute(update(mailings).values(act=act))
        with pytest.raises(UsageError) as refused:
            app.controls.resume(1, app.clock(), actor="an editor", reason="the right file")
    assert told in str(refused.value)


def test_a_cancelled_mailing_of_a_withdrawn_digest_names_no_resend(morning: Morning) -> None:
    morning.run()
    with morning.opened() as app:
        (record,) = app.editorial.all()
        app.withdrawing.withdraw(record, app.clock(), actor="an editor", reason="not ours")
        with pytest.raises(UsageError, match="A cancelled mailing stays so; its digest was withdrawn"):
            app.controls.resume(1, app.clock(), actor="an editor", reason="the right file")
