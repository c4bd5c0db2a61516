"""After the push: the public site is read back, hubs are told, and nobody waits for those who fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from publisher.editions import Document
from publisher.errors import EndpointDownError, EndpointError, HubError
from tests.fakes import bucket, dav
from tests.fakes.public import PublicFolder
from tests.fakes.web import FakeWeb, reply, to
from tests.instance import Instance
from tests.integration.announced import FEEDS, PAGE, Town, table

pytestmark = pytest.mark.slow

SOON = timedelta(minutes=2)


@pytest.fixture
def public() -> Iterator[PublicFolder]:
    with PublicFolder() as found:
        yield found


@pytest.fixture
def hub() -> Iterator[FakeWeb]:
    with FakeWeb({"POST /": reply("204 No Content")}) as found:
        yield found


def topics(hub: FakeWeb) -> list[str]:
    """What a hub was told of; every ping is a form with the address under both names."""
    forms = [parse_qs(asked.body.decode()) for asked in list(hub.asked)]
    assert all(form["hub.mode"] == ["publish"] and form["hub.url"] == form["hub.topic"] for form in forms)
    assert {asked.headers["content-type"] for asked in hub.asked} <= {"application/x-www-form-urlencoded"}
    return [form["hub.topic"][0] for form in forms]


def test_hubs_are_told_of_every_feed_after_the_public_got_it(
    tmp_path: Path, public: PublicFolder, hub: FakeWeb
) -> None:
    with FakeWeb({"POST /": reply("202 Accepted")}) as other:
        town = Town.made(tmp_path, public, table("hub", {"url": hub.url()}), table("hub", {"url": other.url()}))
        report = town.run()
        assert report.errors == ()
        assert [each.error for each in report.announcements] == [None, None, None]
        assert set(topics(hub)) == set(topics(other)) == {public.url(f"/{path}") for path in FEEDS}
    assert set(public.paths) == {f"GET /{path}" for path in FEEDS}
    assert set(town.states().values()) == {"done"}
    hub.asked.clear()
    public.asked.clear()
    assert town.run(SOON).announcements == ()
    assert (hub.asked, public.asked) == ([], [])


def test_while_the_public_gets_old_bytes_hubs_wait_and_mail_does_not(
    tmp_path: Path, public: PublicFolder, hub: FakeWeb
) -> None:
    town = Town.made(tmp_path, public, table("hub", {"url": hub.url()}))
    stale = tmp_path / "stale"
    for path in FEEDS:
        (stale / path).parent.mkdir(parents=True, exist_ok=True)
        (stale / path).write_bytes(b"yesterday's")
    public.root = stale
    report = town.run()
    assert report.errors == ()
    assert [start.started for start in report.starts] == [True]
    (seen,) = report.announcements
    assert "serves something else than what was put" in str(seen.error)
    assert town.slept == [1.0, 1.0]
    assert hub.asked == []
    public.root = town.instance.site
    assert town.run(timedelta(seconds=30)).announcements == ()
    assert [each.error for each in town.run(SOON).announcements] == [None, None]
    assert len(topics(hub)) == len(FEEDS)


def test_run_ends_with_0_when_the_public_site_cannot_be_reached(tmp_path: Path) -> None:
    with PublicFolder() as public:
        town = Town.made(tmp_path, public)
    ended = town.instance("run")
    assert ended.code == 0, ended
    assert "refused" in ended.err
    assert "(it is tried again)" in ended.err


def test_a_site_in_a_folder_and_one_for_examples_are_not_asked_for(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.subscribe("reader@example.org")
    instance.digest("2024-11-21")
    ended = instance("run")
    assert ended.code == 0
    assert "publisher:" not in ended.err
    assert "Public " not in ended.out
    ended = instance("feed", "check")
    assert ended.code == 2
    assert "[site] url" in ended.err


def test_a_hub_that_wants_to_be_left_alone_is(tmp_path: Path, public: PublicFolder, hub: FakeWeb) -> None:
    town = Town.made(tmp_path, public, table("hub", {"url": hub.url()}))
    hub.acts["POST /"] = reply("429 Too Many Requests", Retry_After="600")
    report = town.run()
    assert report.errors == ()
    assert isinstance(report.announcements[1].error, HubError)
    assert len(hub.asked) == 1
    hub.acts["POST /"] = reply("202 Accepted")
    assert town.run(timedelta(minutes=9)).announcements == ()
    assert len(hub.asked) == 1
    assert [each.error for each in town.run(timedelta(minutes=2)).announcements] == [None]


@pytest.mark.parametrize("answer", [reply("400 Bad Request"), reply("500 Oops")], ids=["bad", "oops"])
def test_a_hub_that_fails_stops_neither_another_nor_the_mail(
    tmp_path: Path, public: PublicFolder, hub: FakeWeb, answer: bytes
) -> None:
    with FakeWeb({"POST /": answer}) as broken:
        town = Town.made(tmp_path, public, table("hub", {"url": broken.url()}), table("hub", {"url": hub.url()}))
        report = town.run()
        states = town.states()
    assert [start.started for start in report.starts] == [True]
    assert len(topics(hub)) == len(FEEDS)
    assert (states[f"hub:{broken.url()}"], states[f"hub:{hub.url()}"]) == ("behind", "done")


def test_a_hubs_redirect_is_told_and_not_followed(tmp_path: Path, public: PublicFolder, hub: FakeWeb) -> None:
    with FakeWeb() as elsewhere:
        hub.acts["POST /"] = to(elsewhere.url("/hub"), "308 Permanent Redirect")
        report = Town.made(tmp_path, public, table("hub", {"url": hub.url()})).run()
        assert f"sends us to {elsewhere.url('/hub')}" in str(report.announcements[1].error)
    assert elsewhere.asked == []


def test_a_withdrawal_is_told_to_hubs_too(tmp_path: Path, public: PublicFolder, hub: FakeWeb) -> None:
    town = Town.made(tmp_path, public, table("hub", {"url": hub.url()}))
    town.run()
    hub.asked.clear()
    ended = town.instance("digest", "withdraw", "daily/2024-11-21-news", "--reason", "it was wrong", "--yes")
    assert ended.code == 0, ended
    assert set(topics(hub)) == {public.url(f"/{path}") for path in FEEDS}


@pytest.mark.slow
def test_every_kind_of_endpoint_gets_every_document(tmp_path: Path, public: PublicFolder) -> None:
    with bucket.serving() as store, dav.serving(tmp_path / "dav") as server:
        endpoints = (table("endpoint", store.settings()), table("endpoint", server.settings()))
        town = Town.made(tmp_path / "town", public, *endpoints)
        assert town.run().errors == ()
        site = {
            str(path.relative_to(town.instance.site)) for path in town.instance.site.rglob("*") if path.is_file()
        }
        assert {*FEEDS, PAGE} <= site
        assert {str(path.relative_to(server.site)) for path in server.site.rglob("*") if path.is_file()} == site
        assert {key.removeprefix("site/") for key in store.listing()} == site
        for path in site:
            data = (town.instance.site / path).read_bytes()
            assert store.read(path).content == data
            assert (server.site / path).read_bytes() == data
        assert set(town.states()) >= {"endpoint:site", "endpoint:s3", "endpoint:webdav"}


def test_an_endpoint_that_is_down_stops_neither_the_others_nor_the_mail_and_is_caught_up(
    tmp_path: Path, public: PublicFolder
) -> None:
    with FakeWeb() as web:
        web.stop_listening()
        port = web.port
    with ExitStack() as stack:
        town = Town.made(
            tmp_path / "town",
            public,
            table("endpoint", {"kind": "webdav", "name": "away", "url": f"http://127.0.0.1:{port}/site/"}),
            table("endpoint", {"kind": "directory", "name": "last", "path": "var/last"}),
        )
        report = town.run()
        (error,) = report.errors
        assert isinstance(error, EndpointError)
        assert error.ids["endpoint"] == "away"
        assert [start.started for start in report.starts] == [True]
        assert (tmp_path / "town/var/last" / PAGE).exists()
        assert [town.states()[f"endpoint:{name}"] for name in ("site", "away", "last")] == [
            "done",
            "behind",
            "done",
        ]
        server = stack.enter_context(dav.serving(tmp_path / "dav", port=port, anonymous=True))
        assert town.run(SOON).errors == ()
        assert (server.site / PAGE).read_bytes() == (town.instance.site / PAGE).read_bytes()
        assert town.states()["endpoint:away"] == "done"


def test_an_endpoint_that_takes_nothing_is_asked_once_and_not_for_each_document(
    tmp_path: Path, public: PublicFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    town = Town.made(
        tmp_path, public, table("endpoint", {"kind": "directory", "name": "away", "path": "var/away"})
    )
    for day in ("2024-11-19", "2024-11-20"):
        town.instance.digest(day)

    def refuse(document: Document, *, again: bool = False) -> bool:
        asked.append(document.path)
        raise EndpointDownError("away: nobody answers")

    with town.opened() as app:
        monkeypatch.setattr(app.endpoints[1], "put", refuse)
        report = app.run_pass(sleep=lambda _: None)
    assert len(report.published) == 3
    assert len(asked) == 1


def test_a_distant_endpoint_with_everything_is_asked_every_ten_minutes_alone(
    tmp_path: Path, public: PublicFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    with dav.serving(tmp_path / "dav") as server:
        town = Town.made(tmp_path / "town", public, table("endpoint", server.settings()))
        with town.opened() as app:
            get = app.endpoints[1].get

            def get_and_note(path: str) -> bytes | None:
                asked.append(path)
                return get(path)

            monkeypatch.setattr(app.endpoints[1], "get", get_and_note)
            app.run_pass(sleep=lambda _: None)
            looks = []
            for seconds in (5, 5, 500, 100):
                asked.clear()
                town.now += timedelta(seconds=seconds)
                app.run_pass(sleep=lambda _: None)
                looks.append(bool(asked))
    assert looks == [True, False, False, True]


def test_feed_check_says_what_readers_are_served(tmp_path: Path, public: PublicFolder) -> None:
    town = Town.made(tmp_path, public)
    town.run()
    ended = town.instance("feed", "check")
    assert ended.code == 0, ended
    assert ended.out.count("ok ") == len(FEEDS)
    assert ended.out.count("1 entry") == len(FEEDS) - 1  # nothing was corrected yet
    feed = town.instance.site / FEEDS[0]
    whole = feed.read_bytes()
    for data, said in ((b"<rss", "is no feed that can be read"), (whole + b"\n", "is not what was put")):
        feed.write_bytes(data)
        ended = town.instance("feed", "check")
        assert ended.code == 1
        assert said in ended.out
    feed.unlink()
    ended = town.instance("feed", "check", "--json")
    assert ended.code == 1
    assert "says 404 Not Found" in ended.out


def test_feed_push_writes_what_is_there_already_at_the_endpoint_that_is_named(
    tmp_path: Path, public: PublicFolder
) -> None:
    second = table("endpoint", {"kind": "directory", "name": "last", "path": "var/last"})
    town = Town.made(tmp_path, public, second)
    town.run()
    files = [tmp_path / folder / PAGE for folder in ("var/site", "var/last")]
    before = [file.stat().st_ino for file in files]
    ended = town.instance("feed", "push", "--endpoint", "last")
    assert ended.code == 0, ended
    assert "Endpoint     last:" in ended.out
    assert "Endpoint     site:" not in ended.out
    after = [file.stat().st_ino for file in files]
    assert after[0] == before[0]
    assert after[1] != before[1]
    ended = town.instance("feed", "push", "--endpoint", "nowhere")
    assert ended.code == 2
    assert "Configured: site, last" in ended.err
