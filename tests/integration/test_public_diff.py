"""What a correction changed: shown on the page where a newsletter wants it, and gone with a withdrawn digest."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from tests.instance import DIGEST, Instance

pytestmark = pytest.mark.slow

DAY = "2024-11-21"
PAGE = f"daily/{DAY}-news/index.html"


def corrected(instance: Instance, *texts: str) -> html.HtmlElement:
    """The page after the digest was published and corrected to say each text in turn."""
    instance.digest(DAY)
    assert instance("run").code == 0
    path = instance.root / f"news-{DAY}.txt"
    for number, text in enumerate(texts):
        path.write_text(DIGEST.format(date=DAY, title=f"News of {DAY}").replace("once", text))
        ended = instance("digest", "correct", str(path), "--note", f"Note {number}.")
        assert ended.code == 0, ended
    return html.document_fromstring(instance.public_bytes()[PAGE])


def test_nothing_but_note_and_time_is_shown_unless_the_newsletter_wants_it(tmp_path: Path) -> None:
    page = corrected(Instance(tmp_path / "instance"), "twice")
    assert page.xpath("//details | //del | //ins") == []
    (note,) = page.xpath("//p[@class='correction']")
    assert "Note 0." in note.text_content()
    assert note.xpath(".//time/@datetime")


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path / "instance", newsletter="public_diff = true\n")


def test_each_correction_shows_what_it_changed(instance: Instance) -> None:
    page = corrected(instance, "twice", "never")
    changes = page.xpath("//details[@class='changes']")
    assert [each.xpath(".//del/text()") for each in changes] == [["twice."], ["once."]]
    assert [each.xpath(".//ins/text()") for each in changes] == [["never."], ["twice."]]
    files = instance.public_bytes()
    assert not [path for path in files if path.endswith((".xml", ".json")) and b"del&gt;" in files[path]]
    assert all("<del" not in str(mail) for mail in instance.mails())


def test_after_a_withdrawal_nothing_of_it_is_left(instance: Instance) -> None:
    corrected(instance, "twice")
    words = ("digest", "withdraw", f"daily/{DAY}-news", "--reason", "x", "--notice", "Not ours.", "--yes")
    assert instance(*words).code == 0
    page = html.document_fromstring(instance.public_bytes()[PAGE])
    assert page.xpath("//details | //del | //ins") == []
    for path, data in instance.public_bytes().items():
        assert b"twice" not in data, path
