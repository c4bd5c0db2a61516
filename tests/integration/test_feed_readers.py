"""Programs that people read feeds with take ours from `publisher serve`: newsboat (Debian), rss-parser (npm)."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.tools import MODULES, command, needed
from tests.fakes.recorder import Recorder, recording
from tests.instance import DIGEST, Instance
from tests.integration.test_serve import address_of

pytestmark = [pytest.mark.system]

PATHS = (
    "daily/rss.xml",
    "daily/atom.xml",
    "daily/headlines.xml",
    "daily/corrections.xml",
    "daily/sections/news/rss.xml",
    "daily/sections/news/atom.xml",
    "daily/archive/2024-11.xml",
)
"""Every feed but those in JSON, which neither program reads."""
DAYS = ("2024-11-19", "2024-11-20", "2024-11-21")
NOTE = "It was seven, & not <six>."


@dataclass(frozen=True, order=True)
class Article:
    """What newsboat keeps of an entry."""

    guid: str
    title: str
    content: str
    published: int
    unread: bool


class Newsboat:
    """newsboat in a folder of its own."""

    def __init__(self, home: Path, urls: list[str]) -> None:
        self._home = home
        self._program = command("newsboat")
        home.mkdir()
        (home / "url").write_text("".join(f"{url}\n" for url in urls))
        (home / "config").write_text("suppress-first-reload no\n")

    def reload(self) -> list[Article]:
        """Reload every feed; all articles that it has then."""
        files = [f"--{name}-file={self._home / name}" for name in ("url", "config", "cache")]
        environment = {**os.environ, "HOME": str(self._home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        subprocess.run(
            [str(self._program), *files, "-x", "reload"],
            check=True,
            env=environment,
            timeout=60,
            capture_output=True,
        )
        with sqlite3.connect(self._home / "cache") as cache:
            rows = cache.execute("SELECT guid, title, content, pubDate, unread FROM rss_item WHERE deleted = 0")
            found = [Article(guid, title, content, at, bool(unread)) for guid, title, content, at, unread in rows]
        cache.close()
        return sorted(found)

    def read_all(self) -> None:
        """What somebody does who has read everything."""
        with sqlite3.connect(self._home / "cache") as cache:
            cache.execute("UPDATE rss_item SET unread = 0")
        cache.close()


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "instance", newsletter="[web]\nport = 0\n")
    for day in DAYS:
        made.digest(day)
        assert made("run").code == 0
    return made


@pytest.fixture
def served(instance: Instance) -> Iterator[Recorder]:
    pid = instance.start("serve")
    try:
        with recording(address_of(instance, pid)) as recorder:
            yield recorder
    finally:
        os.kill(pid, signal.SIGTERM)
        assert instance.wait(pid).code == 0


def correct(instance: Instance) -> None:
    path = instance.root / f"news-{DAYS[1]}.txt"
    path.write_text(DIGEST.format(date=DAYS[1], title=f"News of {DAYS[1]}").replace("once", "twice"))
    ended = instance("digest", "correct", str(path), "--note", NOTE)
    assert ended.code == 0, ended


def look_again(served: Recorder) -> None:
    """Have what another process wrote seen now, and not within a second: for whom no copy will do, we look."""
    for path in PATHS:
        request = urllib.request.Request(f"{served.url}{path}", headers={"Cache-Control": "no-cache"})
        with urllib.request.urlopen(request) as answer:
            answer.read()
    served.statuses()


def test_newsboat_takes_every_feed(served: Recorder, tmp_path: Path) -> None:
    for number, path in enumerate(PATHS):
        articles = Newsboat(tmp_path / str(number), [f"{served.url}{path}"]).reload()
        assert served.statuses() == [200]
        assert len(articles) == (0 if "corrections" in path else len(DAYS)), path
        assert all("The lead says" in each.content for each in articles) != ("headlines" in path)


def test_newsboat_is_told_that_nothing_has_changed(served: Recorder, tmp_path: Path) -> None:
    newsboat = Newsboat(tmp_path / "newsboat", [f"{served.url}{path}" for path in PATHS])
    first = newsboat.reload()
    newsboat.reload()  # of a feed that it did not know it keeps neither tag nor moment: the second time it does
    assert served.statuses() == [200] * 2 * len(PATHS)
    for _ in range(2):
        assert newsboat.reload() == first
        assert served.statuses() == [304] * len(PATHS)


def test_after_a_correction_newsboat_has_one_changed_entry_and_one_new_one(
    instance: Instance, served: Recorder, tmp_path: Path
) -> None:
    newsboat = Newsboat(
        tmp_path / "newsboat", [f"{served.url}daily/{name}.xml" for name in ("atom", "corrections")]
    )
    newsboat.reload()
    newsboat.read_all()
    before = {each.guid: each for each in newsboat.reload()}
    correct(instance)
    look_again(served)
    after = {each.guid: each for each in newsboat.reload()}
    assert served.statuses() == [200, 200]
    (changed,) = [guid for guid in before if after[guid] != before[guid]]
    assert DAYS[1] in changed
    assert after[changed].published == before[changed].published
    assert "It was seven, &amp; not &lt;six&gt;." in after[changed].content
    (new,) = after.keys() - before.keys()
    assert new == f"{changed}/corrections/2"
    assert after[new].unread
    assert newsboat.reload() == sorted(after.values())
    assert served.statuses() == [304, 304]


def test_whoever_takes_all_feeds_has_no_entry_twice_whatever_happens(
    instance: Instance, served: Recorder, tmp_path: Path
) -> None:
    newsboat = Newsboat(tmp_path / "newsboat", [f"{served.url}{path}" for path in PATHS])
    assert len(newsboat.reload()) == len(DAYS)
    correct(instance)
    look_again(served)
    assert len(newsboat.reload()) == len(DAYS) + 1
    ended = instance(
        "digest", "withdraw", f"daily/{DAYS[2]}-news", "--reason", "x", "--notice", "Not ours.", "--yes"
    )
    assert ended.code == 0, ended
    instance.digest("2024-11-22")
    assert instance("run").code == 0
    look_again(served)
    articles = newsboat.reload()
    assert len({each.guid for each in articles}) == len(articles) == len(DAYS) + 1 + 1 + 1


def test_rss_parser_reads_the_same_in_rss_and_atom(served: Recorder) -> None:
    needed("rss-parser", MODULES / "rss-parser" / "package.json")
    script = Path(__file__).with_name("feed_reader.js")
    run = subprocess.run(
        [str(command("node")), str(script), *(f"{served.url}{path}" for path in PATHS)],
        check=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    rss, atom, headlines, corrections, *rest = json.loads(run.stdout)
    assert rss["items"] == atom["items"]
    assert len(rss["items"]) == len(DAYS)
    assert [each["title"] for each in headlines["items"]] == [each["title"] for each in rss["items"]]
    assert corrections["items"] == []
    assert rest[0]["items"] == rss["items"]
    assert rest[1]["items"] == rss["items"]
    assert {each["id"] for each in rest[2]["items"]} == {each["id"] for each in rss["items"]}
