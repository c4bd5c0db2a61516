"""The folder into which digests are dropped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import PIL.Image
import pytest

from publisher.digests.findings import Scan
from publisher.digests.identity import Home
from publisher.digests.inbox import observe, scan, settled, wait_for_settled
from publisher.digests.model import Manuscript
from publisher.digests.readers import READERS
from publisher.errors import DigestError

NOW = datetime(2024, 11, 21, 7, tzinfo=UTC)
SETTLE = timedelta(seconds=2)
HOMES = (Home("daily", "en", ZoneInfo("UTC")), Home("weekly", "de", ZoneInfo("Europe/Berlin")))
PNG = b"\x89PNG\r\n\x1a\n picture"
GOOD = b"# Title\n\nText.\n"


def put(folder: Path, name: str, data: bytes = GOOD, *, age: float = 60) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    moment = NOW.timestamp() - age
    os.utime(path, (moment, moment))
    return path


def look(folder: Path) -> Scan:
    return scan(folder, observe(folder), HOMES, lambda newsletter, path: date(2024, 11, 25))


def test_files_that_are_none_yet_do_not_count(tmp_path: Path) -> None:
    for name in (".hidden.md", "a.md.part", "a.tmp", "a.md~", ".git/a.md", "x.part/a.md"):
        put(tmp_path, name)
    put(tmp_path, "a.md")
    put(tmp_path, "weekly/b.txt")
    assert list(observe(tmp_path).files) == ["a.md", "weekly/b.txt"]


def test_an_inbox_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DigestError, match="the inbox cannot be read"):
        observe(tmp_path / "missing")


def test_links_pipes_and_odd_names_are_one_line_each(tmp_path: Path) -> None:
    put(tmp_path, "real/a.md")
    inbox = tmp_path / "inbox"
    put(inbox, "good.md")
    (inbox / "link.md").symlink_to(tmp_path / "real" / "a.md")
    (inbox / "folder").symlink_to(tmp_path / "real")
    os.mkfifo(inbox / "pipe.md")
    put(inbox, os.fsdecode(b"b\xff.md"))
    put(inbox, "line\nbreak.md")
    found = look(inbox)
    assert [finding.path for finding in found.findings] == ["good.md"]
    assert len(found.errors) == 5
    assert all("\n" not in str(error) and str(error).isprintable() for error in found.errors)


def test_very_deep_folders_do_no_harm(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(120):
        deep /= "a"
    put(deep, "a.md")
    assert "not deeper" in str(look(tmp_path).errors[0])


class Inbox:
    """An inbox whose files change while somebody waits for it."""

    def __init__(self, folder: Path, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.folder = folder
        self.meanwhile = meanwhile
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.meanwhile()

    def wait(self) -> frozenset[str]:
        return wait_for_settled(self.folder, SETTLE, clock=lambda: NOW, sleep=self.sleep).unsettled


def test_old_files_are_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, "a.md", age=2)
    inbox = Inbox(tmp_path)
    assert inbox.wait() == frozenset()
    assert inbox.slept == []


@pytest.mark.parametrize("age", [1.9, 0, -3600])
def test_younger_files_are_waited_for_once(tmp_path: Path, age: float) -> None:
    put(tmp_path, "a.md", age=age)
    inbox = Inbox(tmp_path)
    assert inbox.wait() == frozenset()
    assert inbox.slept == [2.0]


def test_files_that_still_change_are_told(tmp_path: Path) -> None:
    put(tmp_path, "a.md", age=1)
    put(tmp_path, "grows.md", age=1)
    put(tmp_path, "old-but-touched.md")
    put(tmp_path, "goes.md", age=1)

    def meanwhile() -> None:
        put(tmp_path, "grows.md", GOOD * 2, age=1)
        put(tmp_path, "old-but-touched.md", age=0)
        put(tmp_path, "comes.md", age=0)
        (tmp_path / "goes.md").unlink()

    assert Inbox(tmp_path, meanwhile).wait() == {"grows.md", "old-but-touched.md", "comes.md"}


def test_settled_are_those_that_stayed_the_same(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    put(tmp_path, "b.md")
    before = observe(tmp_path)
    put(tmp_path, "b.md", age=1)
    assert settled(before, observe(tmp_path)) == {"a.md"}


def test_unsettled_files_and_digests_with_unsettled_pictures_wait(tmp_path: Path) -> None:
    put(tmp_path, "a.md", b"# T\n\n![](pics/a.png)\n", age=60)
    put(tmp_path, "b.md", age=1)
    put(tmp_path, "c.md")
    put(tmp_path, "pics/a.png", PNG, age=1)

    def meanwhile() -> None:
        put(tmp_path, "b.md", GOOD * 2, age=0)
        put(tmp_path, "pics/a.png", PNG * 2, age=0)

    inbox = Inbox(tmp_path, meanwhile)
    observation = wait_for_settled(tmp_path, SETTLE, clock=lambda: NOW, sleep=inbox.sleep)
    found = scan(tmp_path, observation, HOMES, lambda newsletter, path: date(2024, 11, 25))
    assert [finding.path for finding in found.findings] == ["c.md"]
    assert found.unsettled == {"a.md", "b.md", "pics/a.png"}
    assert found.errors == ()
    assert found.present == {"a.md", "b.md", "c.md", "pics/a.png"}


def test_a_file_that_changes_between_look_and_reading_waits(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    observation = observe(tmp_path)
    put(tmp_path, "a.md", GOOD + b"More.\n")
    found = scan(tmp_path, observation, HOMES, lambda newsletter, path: date(2024, 11, 25))
    assert not found.findings
    assert found.unsettled == {"a.md"}


def test_findings_tell_all_that_is_known(tmp_path: Path) -> None:
    source = b"---\nstatus: draft\ndate: 2024-11-21\n---\n# T\n\n![](a.png)\n\n![](b.png)\n"
    put(tmp_path, "weekly/morning.md", source)
    put(tmp_path, "weekly/a.png", PNG)
    put(tmp_path, "weekly/b.png", PNG + b"b")
    put(tmp_path, "plain.txt", b"Title\n\nText.\n")
    asked: list[tuple[str, str]] = []

    def first_seen(newsletter: str, path: str) -> date:
        asked.append((newsletter, path))
        return date(2024, 11, 25)

    plain, morning = scan(tmp_path, observe(tmp_path), HOMES, first_seen).findings
    assert (plain.digest.key, plain.draft, plain.digest.language) == ("daily/2024-11-25-plain", False, "en")
    assert (morning.digest.key, morning.draft, morning.digest.language) == (
        "weekly/2024-11-21-morning",
        True,
        "de",
    )
    assert asked == [("daily", "plain.txt"), ("weekly", "weekly/morning.md")]
    parts = [source, PNG, PNG + b"b"]
    joined = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert morning.source_hash == hashlib.sha256(joined).hexdigest()
    assert [picture.path for picture in morning.pictures] == ["a.png", "b.png"]


def test_another_picture_is_another_hash(tmp_path: Path) -> None:
    put(tmp_path, "a.md", b"# T\n\n![](a.png)\n")
    hashes = set()
    for data in (PNG, PNG + b"b"):
        put(tmp_path, "a.png", data)
        hashes.add(look(tmp_path).findings[0].source_hash)
    assert len(hashes) == 2


def test_a_look_opens_no_picture_to_see_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass over a year of digests would take minutes."""
    monkeypatch.setattr(PIL.Image, "open", pytest.fail)
    put(tmp_path, "a.md", b"# T\n\n![](a.png)\n")
    put(tmp_path, "a.png", PNG)
    found = look(tmp_path)
    assert len(found.findings) == 1
    assert found.errors == ()


def test_rubbish_is_one_line_each_and_the_good_digest_goes(tmp_path: Path) -> None:
    """The list of the issue, but for the slug that is taken twice, which intake tells."""
    put(tmp_path, "good.md")
    put(tmp_path, "picture.png", PNG)
    expected = {
        "binary.txt": (b"\x00\x01\x02" * 99, "no text but binary data"),
        "bomb.md": (b"---\ntitle: &a [x]\nauthor: [*a, *a, *a]\n---\ntext", "anchors, aliases and tags"),
        "broken.md": (b"---\ntitle: [\n---\ntext", "the front matter is broken"),
        "deep.json": (b"[" * 10_000, "nests deeper than 20"),
        "deep.md": (b"# T\n\n" + b">" * 10_000 + b" x", "nests deeper than 20"),
        "deep.txt": (b"T\n\n" + b">" * 10_000 + b" x", "nests deeper than 20"),
        "deeper/still/a.md": (GOOD, "not deeper"),
        "empty.txt": (b"", "the file is empty"),
        "fnord/a.md": (GOOD, 'there is no newsletter "fnord"'),
        "large.txt": (b"x" * 50_000_000, "50.0 MB"),
        "lost.md": (b"# T\n\n![](missing.png)", 'the picture "missing.png" is not there'),
        "notes.docx": (b"PK", "nothing reads files with this ending"),
        "unknown.md": (b"---\nnewsletter: fnord\n---\n# T\n\nText", 'there is no newsletter "fnord"'),
        "untitled.txt": (b"- item\n", "there is no title"),
    }
    for name, (data, _) in expected.items():
        put(tmp_path, name, data)
    found = look(tmp_path)
    assert [finding.path for finding in found.findings] == ["good.md"]
    told = {error.file: str(error) for error in found.errors}
    assert sorted(told) == sorted(expected)
    for name, (_, message) in expected.items():
        assert message in told[name]
        assert "\n" not in told[name]
        assert told[name].startswith(name)


def test_a_fault_of_ours_in_one_file_keeps_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "bad.md")
    put(tmp_path, "good.md")
    real = READERS[".md"]

    def read(data: bytes, *, name: str) -> Manuscript:
        if name == "bad.md":
            raise RuntimeError("two\nlines \ud800")
        return real(data, name=name)

    monkeypatch.setitem(READERS, ".md", read)
    found = look(tmp_path)
    assert [finding.path for finding in found.findings] == ["good.md"]
    assert [str(error) for error in found.errors] == [
        "bad.md: reading it failed with RuntimeError: two lines \\ud800. "
        "This is a fault of the publisher: please report it, with the file"
    ]
