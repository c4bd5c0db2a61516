"""What people get wrong at the command line: one clear line, the right exit code, and nothing harmed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "instance")
    made.subscribe("reader@example.org")
    return made


NO_TEXT = "\udcff\udcfe"
"""How Python hands over two bytes that are no UTF-8."""

MISTAKES: dict[str, tuple[list[str], str]] = {
    "bytes that are no text": (
        ["subscriber", "add", "new@example.org", "--name", NO_TEXT, "--newsletter", "daily"],
        "is no text",
    ),
    "a name no file can have": (["preview", "x" * 5_000], "there is no digest"),
    "a number no database knows": (["mailing", "show", "9" * 30], "MAILING"),
    "a mailing that is not there": (["mailing", "show", "80"], "`publisher mailing list`"),
    "a limit below nothing": (["subscriber", "list", "--limit", "-5"], "--limit"),
    "no address to add": (["subscriber", "add", "reader", "--newsletter", "daily"], "is no mail address"),
    "--config without a file": (["run", "--config"], "--config names no file"),
    "nobody meant": (["resend", "daily/x", "--reason", "test"], "--failed, --missed"),
}


def test_each_mistake_is_told_with_exit_code_2_and_does_no_harm(instance: Instance) -> None:
    before = instance("subscriber", "list").out
    for name, (words, told) in MISTAKES.items():
        ended = instance(*words)
        assert ended.code == 2, (name, ended)
        assert told in ended.err, (name, ended)
        assert "internal error" not in ended.err
    assert instance("subscriber", "list").out == before


@pytest.mark.slow
def test_a_resend_in_json_is_json_from_the_first_byte_to_the_last(instance: Instance) -> None:
    instance.digest("2024-11-21")
    assert instance("run").code == 0
    instance.subscribe("late@example.org")
    words = ("resend", "2024-11-21-news", "--to", "late@example.org", "--reason", "came late", "--json")
    assert json.loads(instance(*words, "--dry-run").out)["mailed"] == 1
    ended = instance(*words, "--yes")
    assert ended.code == 0, ended
    assert json.loads(ended.out)["deliveries"] == {"accepted": 1}
    assert len(instance.mails()) == 2


def test_a_listing_in_json_holds_all_unless_limited(instance: Instance) -> None:
    instance.subscribe(*(f"reader-{number}@example.org" for number in range(110)))
    assert len(json.loads(instance("subscriber", "list", "--json").out)) == 111
    assert len(json.loads(instance("subscriber", "list", "--json", "--limit", "5").out)) == 5
    assert "and 11 more" in instance("subscriber", "list").out


def test_feed_build_lets_the_mail_go_that_waited_for_its_page(instance: Instance) -> None:
    instance.site.parent.mkdir(exist_ok=True)
    instance.site.write_text("a file where the site has to be")
    instance.digest("2024-11-21")
    assert instance("run").code == 1
    assert instance.mails() == []
    instance.site.unlink()
    assert instance("feed", "build").code == 0
    assert instance("run").code == 0
    assert len(instance.mails()) == 1


def test_what_is_held_is_told_by_every_run_that_ends_with_1(instance: Instance) -> None:
    instance.digest("2024-11-21")
    instance.newsletter = 'schedule = "0 7 29 2 *"\n'
    instance.configure()
    instance.put("draft.md", "---\ntitle: Draft\nslug: draft\nstatus: draft\n---\n\nText.\n")
    instance("run")
    instance("digest", "hold", "draft", "--reason", "the lawyer reads it")
    ended = instance("run")
    assert ended.code == 1
    assert "daily/draft: the lawyer reads it" in ended.out


@pytest.mark.slow
def test_digests_of_a_newsletter_that_is_gone_are_shown_and_said_to_be_stranded(instance: Instance) -> None:
    instance.digest("2024-11-21")
    instance.put("draft.md", "---\ntitle: Draft\nslug: draft\nstatus: draft\n---\n\nText.\n")
    instance("run")
    text = instance.config.read_text().replace('slug = "daily"', 'slug = "weekly"')
    instance.config.write_text(text)
    shown = instance("digest", "show", "daily/2024-11-21-news")
    assert shown.code == 0, shown
    assert "its newsletter is not configured" in instance("digest", "list").out
