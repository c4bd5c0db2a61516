"""Upstream feeds become digests, through the real command line."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.storage.database import Database
from tests.fakes.upstream import rss, story
from tests.fakes.web import Exchange, FakeWeb, hang_up, reply, to
from tests.instance import Instance
from tests.integration.test_serve import until

KINDS = ("sqlite", "postgres")
FEED = """
[inbox]
settle = "0 s"

[[inbox.feed]]
name = "wire"
newsletter = "daily"
addresses = [{addresses}]
{more}
"""


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as server:
        yield server


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path / "instance")


def feeds(instance: Instance, *addresses: str, more: str = "") -> None:
    """Configure one [[inbox.feed]]."""
    instance.configure()
    quoted = ", ".join(json.dumps(address) for address in addresses)
    with instance.config.open("a") as file:
        file.write(FEED.format(addresses=quoted, more=more))


def be_due(instance: Instance) -> None:
    """As if `every` were over for every address and every feed."""
    with instance.opened() as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE upstream_addresses SET due_at = NULL")
        connection.exec_driver_sql("DELETE FROM upstream_turns")


def digests(instance: Instance) -> dict[str, str]:
    """State of each digest, by slug."""
    with instance.opened() as app:
        return {record.slug: record.state for record in app.editorial.all()}


def words(instance: Instance) -> str:
    """All that lies in the inbox."""
    return "\n".join(path.read_text() for path in sorted((instance.root / "digests").rglob("*.json")))


def test_new_items_become_one_draft_and_the_second_run_makes_nothing_new(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1), story(2)), ETag='"a"')
    feeds(instance, web.url("/feed"))

    first = instance("run")
    assert first.code == 0, first
    assert "wire: 2 items in daily/" in first.out
    (slug,) = digests(instance)
    assert digests(instance)[slug] == "draft"

    be_due(instance)
    second = instance("run")
    assert second.code == 0, second
    assert list(digests(instance)) == [slug]
    assert words(instance).count("Story 1") == 1


def test_the_second_question_is_conditional_and_304_is_enough(instance: Instance, web: FakeWeb) -> None:
    def answer(exchange: Exchange) -> None:
        known = exchange.asked.headers.get("if-none-match") == '"a"'
        exchange.send(reply("304 Not Modified") if known else reply(body=rss(story(1)), ETag='"a"'))

    web.acts["/feed"] = answer
    feeds(instance, web.url("/feed"))
    for _ in range(3):
        assert instance("run").code == 0
        be_due(instance)
    conditions = [asked.headers.get("if-none-match") for asked in web.asked]
    assert conditions == [None, '"a"', '"a"']
    assert {asked.headers["user-agent"].partition("/")[0] for asked in web.asked} == {"newsroom-publisher"}
    assert len(digests(instance)) == 1


def test_an_address_is_left_alone_until_every_is_over(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"))
    instance("run")
    instance("run")
    assert web.paths == ["GET /feed"]


def test_a_feed_that_is_down_is_one_line_and_the_other_goes_on(instance: Instance, web: FakeWeb) -> None:
    web.acts["/down"] = hang_up
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/down"), web.url("/feed"))
    ended = instance("run")
    assert ended.code == 1
    (line,) = ended.err.strip().splitlines()
    assert line.startswith("publisher: feed wire, 127.0.0.1, address 1: ")
    assert "/down" not in line
    assert "asked again in 15 min" in line
    assert len(digests(instance)) == 1
    assert instance("run").code == 0  # it rests, and there is nothing to say


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_server_that_wants_to_be_left_alone_is(instance: Instance, web: FakeWeb, status: str) -> None:
    web.acts["/feed"] = reply(status, Retry_After="7200")
    feeds(instance, web.url("/feed"))
    ended = instance("run")
    assert ended.code == 0
    assert "wants to be left alone; asked again in 2 h" in ended.err


@pytest.mark.parametrize(
    "answer",
    [
        reply(body=b"<html><body>Not a feed</body></html>"),
        reply(body=b"{]"),
        reply(body=b"", Content_Encoding="gzip"),
        reply(body=gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"),
        reply(body=b"x", Content_Encoding="br"),
        reply("404 Not Found"),
        reply("204 No Content"),
        to("/feed"),
        to("http://127.0.0.2/feed"),
        to("http://[::1]/feed"),
        to("http://169.254.169.254/latest/meta-data"),
        to("file:///etc/passwd"),
    ],
    ids=["page", "json", "empty", "bomb", "br", "404", "204", "circle", "private", "loopback", "metadata", "file"],
)
def test_what_is_no_feed_is_one_line(instance: Instance, web: FakeWeb, answer: bytes) -> None:
    web.acts["/feed"] = answer
    feeds(instance, web.url("/feed?token=sesame-open"))
    ended = instance("run")
    assert ended.code == 1
    (line,) = ended.err.strip().splitlines()
    assert line.startswith("publisher: feed wire, 127.0.0.1: ")
    assert "sesame-open" not in line
    assert digests(instance) == {}


def test_gzip_is_asked_for_and_read(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=gzip.compress(rss(story(1))), Content_Encoding="gzip")
    feeds(instance, web.url("/feed"))
    assert instance("run").code == 0
    assert web.asked[0].headers["accept-encoding"] == "gzip"
    assert len(digests(instance)) == 1


def test_the_same_story_in_two_feeds_is_told_once(instance: Instance, web: FakeWeb) -> None:
    web.acts["/one"] = reply(body=rss(story(1, id="1-at-one")))
    web.acts["/two"] = reply(body=rss(story(1, id="1-at-two", link="http://wire.example.org/1?utm_source=two")))
    feeds(instance, web.url("/one"), web.url("/two"))
    assert "1 item in" in instance("run").out
    assert words(instance).count("Story 1") == 1


def test_an_item_that_changes_later_is_not_repeated(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"))
    instance("run")
    web.acts["/feed"] = reply(
        body=rss(story(2), story(1, title="Another title", link="https://wire.example.org/x"))
    )
    be_due(instance)
    assert "1 item in" in instance("run").out
    assert "Another title" not in words(instance)


def test_what_is_beyond_the_limit_is_left_out_and_said(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(*(story(number) for number in range(9, 0, -1))))
    feeds(instance, web.url("/feed"), more="limit = 4")
    ended = instance("run")
    assert "4 items in" in ended.out
    assert "5 items older, beyond the limit, left out" in ended.out
    assert [number for number in range(1, 10) if f"Story {number}" in words(instance)] == [6, 7, 8, 9]
    be_due(instance)
    assert len(digests(instance)) == 1
    instance("run")
    assert len(digests(instance)) == 1


def test_a_final_digest_goes_to_readers_by_itself(instance: Instance, web: FakeWeb) -> None:
    instance.subscribe("reader@example.org")
    evil = '<p onclick="x()">Read <a href="javascript:alert(1)">this</a><script>alert(2)</script></p>'
    web.acts["/feed"] = reply(body=rss(story(1), story(2, text=evil, title="<b>Bold</b> & <script>x</script>")))
    feeds(instance, web.url("/feed"), more='status = "final"\nitem = "### {title}\\n{content}"')
    ended = instance("run")
    assert ended.code == 0, ended
    (mail,) = instance.mails()
    page = next(data for path, data in instance.public_bytes().items() if path.endswith("-wire/index.html"))
    for text in (str(mail), page.decode()):
        assert "javascript:" not in text
        assert "alert(2)" not in text
        assert "onclick" not in text
    assert b"What happened in" in page
    assert b"https://wire.example.org/1" in page


def test_an_editor_sees_where_it_came_from_looks_at_it_and_drops_it(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"))
    instance("run")
    (slug,) = digests(instance)
    assert "feed wire" in instance("digest", "list").out
    assert json.loads(instance("digest", "list", "--json").out)[0]["from"] == "feed wire"
    assert instance("preview", slug, "--out", str(instance.root / "shown")).code == 0
    assert instance("check", slug).code == 0
    assert instance("digest", "withdraw", slug, "--reason", "not for us", "--yes").code == 0
    be_due(instance)
    assert instance("run").code == 0
    assert digests(instance) == {slug: "withdrawn"}


def test_an_editor_changes_the_file_before_it_leaves(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"))
    instance("run")
    (file,) = (instance.root / "digests" / "daily").glob("*.json")
    changed = file.read_text().replace('"draft"', '"final"').replace("Story 1", "Our own title")
    instance.put(f"daily/{file.name}", changed)
    be_due(instance)
    assert instance("run").code == 0
    assert list(digests(instance).values()) == ["published"]
    assert any(b"Our own title" in data for data in instance.public_bytes().values())


def test_a_dry_run_tells_what_is_new_and_keeps_nothing(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)), ETag='"a"')
    feeds(instance, web.url("/feed"))
    for _ in range(2):
        ended = instance("feed", "fetch", "--dry-run")
        assert ended.code == 0, ended
        assert "The Example Wire, 1 new item\n  Story 1" in ended.out
    assert instance("feed", "fetch").code == 0
    assert "0 new items" in instance("feed", "fetch", "--dry-run").out
    assert words(instance).count("Story 1") == 1
    assert digests(instance) == {}  # the next pass takes it in


def test_sources_tell_how_each_address_stands(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"), web.url("/gone?token=sesame-open"), more='schedule = "0 7 29 2 *"')
    instance("feed", "fetch")
    ended = instance("feed", "sources", "--json")
    good, bad = json.loads(ended.out)
    assert (good["title"], good["error"]) == ("The Example Wire", "")
    assert (bad["host"], bad["error"]) == ("127.0.0.1", "answers 404 Not Found")
    assert "sesame-open" not in ended.out


def test_with_a_schedule_items_wait_for_its_next_slot(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"), more='schedule = "0 7 29 2 *"')
    instance("run")  # on a fresh instance the newest slot is open
    assert len(digests(instance)) == 1
    web.acts["/feed"] = reply(body=rss(story(2), story(1)))
    with instance.opened() as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE upstream_addresses SET due_at = NULL")
    instance("run")
    assert len(digests(instance)) == 1
    assert json.loads(instance("feed", "sources", "--json").out)[0]["waiting"] == 1


def test_a_second_digest_of_a_day_has_a_name_of_its_own_whoever_has_the_first(
    instance: Instance, web: FakeWeb
) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"))
    instance("feed", "fetch")
    (first,) = (instance.root / "digests" / "daily").iterdir()
    instance.put(f"daily/{first.stem}-2.json", "{}")  # somebody else's
    web.acts["/feed"] = reply(body=rss(story(2)))
    be_due(instance)
    assert f"daily/{first.stem}-3" in instance("feed", "fetch").out
    assert (instance.root / "digests" / "daily" / f"{first.stem}-2.json").read_text() == "{}"


def test_a_digest_that_cannot_be_written_is_said_and_written_the_next_time(
    instance: Instance, web: FakeWeb
) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    feeds(instance, web.url("/feed"))
    blocked = instance.root / "digests" / "daily"
    blocked.write_text("a file where the folder has to be")
    ended = instance("feed", "fetch")
    assert ended.code == 1
    assert "feed wire: its digest cannot be put into the inbox" in ended.err
    blocked.unlink()
    assert instance("run").code == 0
    assert list(digests(instance).values()) == ["draft"]


@pytest.mark.slow
def test_serve_asks_by_itself(instance: Instance, web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=rss(story(1)))
    instance.newsletter = "[web]\nport = 0\n"
    feeds(instance, web.url("/feed"))
    pid = instance.start("serve")
    try:
        until(lambda: digests(instance) or None)
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert "feeds: wire: 1 item in daily/" in ended.err


# --- killed anywhere -------------------------------------------------------------------------------------------

POINTS = {
    "asked, nothing kept": "publisher.upstream.asking:Asker.ask:1:after",
    "items kept, not committed": "publisher.storage.upstream:Upstream.add_items:1:after",
    "items kept": "publisher.publishing.polling:Polling._keep_items:1:after",
    "between two addresses": "publisher.publishing.polling:Polling._keep_items:2:before",
    "items taken, not committed": "publisher.storage.upstream:Upstream.take_items:1:after",
    "digest made, not committed": "publisher.storage.upstream:Upstream.add_digest:1:after",
    "digest made": "publisher.publishing.fetching:Fetching._keep:1:after",
    "file not written": "publisher.endpoints.directory:DirectoryEndpoint.put:1:before",
    "file written": "publisher.endpoints.directory:DirectoryEndpoint.put:1:after",
    "file written, not marked": "publisher.storage.upstream:Upstream.mark_written:1:before",
    "file marked, not committed": "publisher.storage.upstream:Upstream.mark_written:1:after",
    "fetched": "publisher.app.work:App.fetch:1:after",
}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_killed_anywhere_no_item_is_lost_and_none_comes_twice(
    request: pytest.FixtureRequest, tmp_path: Path, web: FakeWeb, kind: str, point: str
) -> None:
    database: Database = request.getfixturevalue(f"{kind}_database")
    url = database.engine.url.render_as_string(hide_password=False)
    instance = Instance(tmp_path / "instance", database=url)
    served = {"/one": rss(story(1), story(2)), "/two": rss(story(3), story(2))}
    for path, body in served.items():

        def answer(exchange: Exchange, body: bytes = body) -> None:
            known = exchange.asked.headers.get("if-none-match") == '"a"'
            exchange.send(reply("304 Not Modified") if known else reply(body=body, ETag='"a"'))

        web.acts[path] = answer
    feeds(instance, web.url("/one"), web.url("/two"))

    assert instance("run", kill=point).code == -9
    for _ in range(2):
        be_due(instance)
        ended = instance("run")
        assert ended.code == 0, ended

    told = words(instance)
    assert [told.count(f'"Story {number}"') for number in (1, 2, 3)] == [1, 1, 1]
    assert set(digests(instance).values()) == {"draft"}
    assert len(digests(instance)) == len(list((instance.root / "digests").rglob("*.json")))
