"""Links that were asked not long ago are not asked again, and a broken cache costs only time."""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.facts import LinkFact, Reach
from publisher.probes.cache import LinkCache
from tests.fakes.web import FakeWeb, reply
from tests.unit.probes.world import ANSWERED, NOW, World

PRESS = "http://press.internal/"
GONE = LinkFact(Reach.REFUSED, "410 Gone")


def entry(reach: str, asked: str) -> bytes:
    """A cache with one entry, as somebody may have written it by hand."""
    return json.dumps({"links": {PRESS: {"reach": reach, "detail": "", "asked": asked}}}).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "links.json"


@pytest.mark.parametrize(
    ("fact", "held"),
    [
        (ANSWERED, timedelta(hours=6)),
        (GONE, timedelta(minutes=10)),
        (LinkFact(Reach.SILENT, "no such host"), timedelta(minutes=10)),
    ],
)
def test_a_fact_holds_for_its_time_and_no_longer(path: Path, fact: LinkFact, held: timedelta) -> None:
    LinkCache(path).keep({PRESS: fact}, NOW)
    assert LinkCache(path).recall([PRESS, "http://x/"], NOW + held - timedelta(seconds=1)) == {PRESS: fact}
    assert LinkCache(path).recall([PRESS], NOW + held) == {}


def test_a_fact_from_the_future_does_not_hold(path: Path) -> None:
    LinkCache(path).keep({PRESS: ANSWERED}, NOW)
    assert LinkCache(path).recall([PRESS], NOW - timedelta(seconds=1)) == {}


@pytest.mark.parametrize("reach", [Reach.PRIVATE, Reach.UNASKED])
def test_what_was_not_asked_is_not_kept(path: Path, reach: Reach) -> None:
    LinkCache(path).keep({PRESS: LinkFact(reach)}, NOW)
    assert not path.exists()


def test_what_no_longer_holds_leaves_the_file(path: Path) -> None:
    LinkCache(path).keep({"http://old/": GONE, "http://new/": ANSWERED}, NOW)
    LinkCache(path).keep({PRESS: ANSWERED}, NOW + timedelta(hours=1))
    assert set(json.loads(path.read_bytes())["links"]) == {"http://new/", PRESS}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"links": []}',
        b'{"links": {"http://press.internal/": 7}}',
        entry("far", NOW.isoformat()),
        entry("answered", "yesterday"),
        entry("answered", NOW.replace(tzinfo=None).isoformat()),
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_cache_is_begun_anew(path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    assert LinkCache(path).recall([PRESS], NOW) == {}
    LinkCache(path).keep({PRESS: GONE}, NOW)
    assert LinkCache(path).recall([PRESS], NOW) == {PRESS: GONE}


def test_a_file_that_is_no_cache_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\0")
    with caplog.at_level(logging.WARNING, "publisher.probes"):
        LinkCache(path).recall([PRESS], NOW)
    assert "cannot be read" in caplog.text


def test_a_cache_that_cannot_be_written_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with FakeWeb({"/": reply()}) as web, caplog.at_level(logging.WARNING, "publisher.probes"):
        cache = LinkCache(tmp_path / "cache" / "links.json")
        assert World({"press.internal": web}).probe(PRESS, cache=cache) == {PRESS: ANSWERED}
    assert "cannot be written" in caplog.text


def test_a_cache_that_many_write_is_whole_at_every_moment(path: Path) -> None:
    broken: list[Exception] = []

    def write(number: int) -> None:
        try:
            for round_ in range(10):
                LinkCache(path).keep({f"http://h{number}/{round_}": ANSWERED}, NOW)
                json.loads(path.read_bytes())
        except (ValueError, OSError) as error:
            broken.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert LinkCache(path).recall([f"http://h{number}/9" for number in range(6)], NOW)
    assert [file.name for file in path.parent.iterdir()] == ["links.json"]


def test_a_link_is_not_asked_again_while_its_fact_holds(path: Path) -> None:
    with FakeWeb({"/": reply(), "/gone": reply("410 Gone")}) as web:
        world = World({"press.internal": web})
        first = world.probe(PRESS, f"{PRESS}gone", cache=LinkCache(path))
        asked = len(web.asked)
        again = world.probe(f"{PRESS}#part", f"{PRESS}gone", cache=LinkCache(path), now=NOW + timedelta(minutes=9))
        assert len(web.asked) == asked
        world.probe(PRESS, f"{PRESS}gone", cache=LinkCache(path), now=NOW + timedelta(minutes=11))
        assert web.paths[asked:] == ["HEAD /gone", "GET /gone"]
    assert list(again.values()) == list(first.values()) == [ANSWERED, GONE]


def test_an_offline_machine_leaves_no_trace_in_the_cache(path: Path) -> None:
    World({}, dns=False).probe(PRESS, cache=LinkCache(path))
    assert not path.exists()
