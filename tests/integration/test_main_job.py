"""The main job from end to end: the sample instance and the real digest, through the real command line."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import jsonschema
import pytest
from lxml import etree

from publisher.digests import text
from publisher.digests.model import Figure
from publisher.digests.words import words_in, words_of
from tests.instance import Instance
from tests.shared_material import shared

ROOT = Path(__file__).parents[2]
FEEDS = ("daily/rss.xml", "daily/atom.xml", "daily/feed.json")
REAL = "occasional-digest-2024-11-21.txt"


class _Text(HTMLParser):
    """What a reader sees of an HTML document, alt texts too."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"style", "script", "title"}
        self.parts += [value for name, value in attrs if name == "alt" and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def visible(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return re.sub(r"\s+", " ", " ".join(parser.parts))


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """The instance that the checkout is, copied: its own configuration, digests and subscribers."""
    instance = Instance(tmp_path_factory.mktemp("imported") / "sample")
    shutil.copy(ROOT / "config.toml", instance.config)
    shutil.copytree(ROOT / "digests", instance.root / "digests", dirs_exist_ok=True)
    for path in (instance.root / "digests").rglob("*"):
        if path.is_file():
            instance.put(path.relative_to(instance.root / "digests").as_posix(), path.read_bytes())
    ended = instance(
        "subscriber", "import", str(ROOT / "samples" / "subscribers.csv"), "--newsletter", "daily", "--confirmed"
    )
    assert ended.code == 0, ended
    return instance


@pytest.fixture
def sample(imported: Instance, tmp_path: Path) -> Instance:
    """The same, to be run."""
    return imported.copied(tmp_path / "sample")


@pytest.fixture(scope="session")
def published(imported: Instance, tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """The same after its first run, to be looked at."""
    instance = imported.copied(tmp_path_factory.mktemp("published") / "sample")
    assert instance("run").code == 0
    return instance


def test_sample_mails_the_newest_digest_once_and_feeds_hold_all(sample: Instance) -> None:
    ended = sample("run")

    assert ended.code == 0, ended
    assert "12 accepted" in ended.out
    mails = sample.mails()
    assert len(mails) == 12
    assert {mail["Subject"] for mail in mails} == {"Morning from the harbour: what the divers saw"}
    assert set(Counter(mail["Message-ID"] for mail in mails).values()) == {1}
    for name in FEEDS:
        document = sample.public_bytes()[name].decode()
        assert name in ended.out
        for slug in ("2026-11-18-harbour-morning", "2026-11-19-harbour-morning", "2026-11-20-the-quay-wall"):
            assert slug in document


def test_second_run_sends_nothing_and_changes_no_byte(sample: Instance) -> None:
    sample("run")
    before = sample.public_bytes()
    stamps = {path: path.stat().st_mtime_ns for path in sample.site.rglob("*")}

    ended = sample("run")

    assert ended.code == 0, ended
    assert len(sample.mails()) == 12
    assert sample.public_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in sample.site.rglob("*")} == stamps


def test_importing_the_sample_again_changes_nothing(sample: Instance) -> None:
    again = sample(
        "subscriber", "import", str(ROOT / "samples" / "subscribers.csv"), "--newsletter", "daily", "--confirmed"
    )
    assert again.code == 0
    assert "0 subscribers added, 0 updated, 12 unchanged" in again.out


def test_every_relative_link_of_every_page_leads_to_a_file(published: Instance) -> None:
    for path in published.site.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"#]+)"', path.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                # 404.html is shown at any address: its links begin at the root of the site.
                folder = published.site if target.startswith("/") else path.parent
                place = re.sub(r"(^|/)$", r"\1index.html", target.removeprefix("/"))
                assert (folder / place).is_file(), f"{path}: {target}"


def test_pages_make_no_request_to_anybody_else(published: Instance) -> None:
    for path in published.site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "<script" not in page
        assert not re.findall(r'<(?:img|link rel="stylesheet"|iframe)[^>]+(?:src|href)="https?:', page)


def test_feeds_parse_without_complaint_and_agree(published: Instance) -> None:
    documents = published.public_bytes()
    rss, atom = (
        feedparser.parse(documents[name], sanitize_html=False, resolve_relative_uris=False) for name in FEEDS[:2]
    )
    entries = json.loads(documents["daily/feed.json"])["items"]
    assert not rss.bozo
    assert not atom.bozo
    ids = [entry["id"] for entry in entries]
    assert [entry.id for entry in rss.entries] == [entry.id for entry in atom.entries] == ids
    assert len(set(ids)) == 3
    for rss_entry, atom_entry, item in zip(rss.entries, atom.entries, entries, strict=True):
        assert rss_entry.content[0].value == atom_entry.content[0].value == item["content_html"]


def test_real_digest_is_whole_in_mail_page_and_feeds(tmp_path: Path) -> None:
    source = shared("digests", REAL).read_bytes()
    instance = Instance(tmp_path / "instance")
    instance.put(REAL, source)
    instance.subscribe("reader@example.org")

    ended = instance("run")

    assert ended.code == 0, ended
    documents = instance.public_bytes()
    mail = instance.mails()[0]
    texts = {
        "html": visible(mail.get_body(("html",)).get_content()),  # type: ignore[union-attr]
        "text": mail.get_body(("plain",)).get_content(),  # type: ignore[union-attr]
        "page": visible(documents["daily/2024-11-21-occasional-digest/index.html"].decode()),
        "json": visible(json.loads(documents["daily/feed.json"])["items"][0]["content_html"]),
        "rss": visible(feedparser.parse(documents["daily/rss.xml"]).entries[0].content[0].value),
        "atom": visible(feedparser.parse(documents["daily/atom.xml"]).entries[0].content[0].value),
    }
    manuscript = text.read(source, name=REAL)
    blocks = [block for section in manuscript.sections for block in section.blocks]
    # Without an image the alt text is not shown: caption and credit say it.
    unseen = Counter(
        word.casefold() for block in blocks if isinstance(block, Figure) for word in words_in(block.alt)
    )
    said = Counter(word.casefold() for word in words_of(manuscript)) - unseen
    title = Counter(word.casefold() for word in words_in(manuscript.title))
    for name, rendered in texts.items():
        shown = Counter(word.casefold() for word in words_in(rendered))
        # A feed shows the title in an element of its own.
        assert not said - shown - (title if name in {"json", "rss", "atom"} else Counter()), name
        for section in ("Fighting", "North Korean troops in Ukraine", "Diplomacy", "Courts"):
            assert section.casefold() in rendered.casefold()
        assert "Source link" not in rendered


def test_json_feed_passes_its_schema(published: Instance) -> None:
    schema = json.loads((ROOT / "tests/golden/feeds/jsonfeed-1.1.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(published.public_bytes()["daily/feed.json"]), schema)


def test_feeds_are_well_formed_without_a_network(published: Instance) -> None:
    for name in FEEDS[:2]:
        etree.fromstring(published.public_bytes()[name], etree.XMLParser(no_network=True, resolve_entities=False))
