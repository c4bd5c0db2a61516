"""`publisher preview`: what it writes is what would be sent, and its first page finds all of it on disk."""

from __future__ import annotations

import email
import re
import shutil
from email import policy
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from tests.instance import Instance

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_the_preview_is_byte_for_byte_what_is_published(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    shutil.copy(ROOT / "config.toml", instance.config)
    for name in ("the-quay-wall-2026-11-20.md", "pictures/quay-wall.png"):
        instance.put(name, (ROOT / "digests" / name).read_bytes())
    instance.subscribe("reader@example.org")
    out = tmp_path / "out"
    ended = instance("preview", str(instance.root / "digests" / "the-quay-wall-2026-11-20.md"), "--out", str(out))
    assert ended.code == 0, ended
    assert ended.out.splitlines()[-1] == f"Open {out / 'index.html'} in a browser to see all of it."
    assert instance("run").code == 0
    public = instance.public_bytes()
    moment = re.compile(rb'(?<=article:published_time" content=")[^"]+')  # that of the act, not of the preview
    for path in (out / "site").rglob("*.*"):
        shown, there = path.read_bytes(), public[path.relative_to(out / "site").as_posix()]
        assert moment.sub(b"", shown) == moment.sub(b"", there)
    sent = email.message_from_bytes((out / "mail.eml").read_bytes(), policy=policy.default)
    for kind, name in (("html", "mail.html"), ("plain", "mail.txt")):
        part = sent.get_body((kind,))
        assert part is not None
        assert part.get_payload(decode=True) == (out / name).read_bytes()
    # The mail that left differs in nothing but its reader's own links.
    (left,) = instance.mails()
    body = left.get_body(("plain",))
    assert body is not None
    ours = [word for word in (out / "mail.txt").read_text().split() if "/u/" not in word and "/s/" not in word]
    theirs = [word for word in str(body.get_content()).split() if "/u/" not in word and "/s/" not in word]
    assert ours == theirs


def test_everything_the_first_page_names_is_there(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    ended = instance("preview", str(instance.digest("2024-11-21")))
    assert ended.code == 0, ended
    folder = instance.root / "var/preview/daily/2024-11-21-news"
    index = folder / "index.html"
    tree: Any = lxml_html.document_fromstring(index.read_bytes())
    addresses = tree.xpath("//@src | //@href")
    assert len(addresses) > 20
    for address in addresses:
        path = folder / str(address).partition("#")[0] if not str(address).startswith("#") else index
        assert path.is_file(), address
    for view in (folder / "views").iterdir():
        assert b"https://news.example.org/assets/" not in view.read_bytes()


def test_a_preview_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    (tmp_path / "file").write_text("not a folder")
    ended = instance("preview", str(instance.digest("2024-11-21")), "--out", str(tmp_path / "file"))
    assert ended.code == 2
    assert "the preview cannot be written to" in ended.err
