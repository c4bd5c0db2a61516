"""A digest that must not leave: stopped, told on one screen, mended or let go by a word, and all of it kept."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.instance import Ended, Instance

FALSE_LINK = """---
title: The ferry sails again
date: 2024-11-21
slug: ferry
---

The ferry sails again from Friday.

## Harbour

- See [www.example.org](https://www.example.com/ferry) for the timetable, and [the map]({other}).
"""
KEY = "daily/ferry"
SCREEN = 24
"""Lines of a terminal."""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "instance", environment={"PUBLISHER_ACTOR": "Jo Editor"})
    made.subscribe("reader@example.org")
    return made


def stopped(instance: Instance) -> Ended:
    """A digest that preflight holds, and how the run ended that held it."""
    instance.put("ferry.md", FALSE_LINK.format(other="https://www.example.org/map"))
    return instance("run")


def lines(ended: Ended) -> list[str]:
    """What was printed, on either stream."""
    return [line for line in (ended.out + ended.err).splitlines() if line.strip()]


def test_a_blocked_digest_is_not_mailed_and_says_why_on_one_screen(instance: Instance) -> None:
    ended = stopped(instance)
    assert ended.code == 1, ended
    assert instance.mails() == []
    assert "daily/ferry/index.html" not in instance.public_bytes()
    assert len(lines(ended)) <= SCREEN
    held = next(line for line in lines(ended) if line.startswith("Held"))
    assert "preflight: " in held
    assert "(link-host)" in held
    assert f"`publisher check {KEY}`" in held
    listed = instance("digest", "list").out
    assert "held: preflight: " in listed


def test_check_shows_every_finding_with_level_place_remedy_and_rule(instance: Instance) -> None:
    stopped(instance)
    ended = instance("check", KEY)
    assert ended.code == 1
    assert len(lines(ended)) <= SCREEN
    title, finding, remedy = lines(ended)[:3]
    assert title == f"{KEY}: “The ferry sails again”"
    assert finding.startswith("BLOCKS  ")
    assert "Harbour" in finding
    assert finding.endswith("(link-host)")
    assert remedy.startswith("        ")
    found = json.loads(instance("check", KEY, "--json").out)
    assert (found["digest"], found["blocked"], found["edition"]) == (KEY, True, None)
    assert [each["rule"] for each in found["findings"] if each["level"] == "block"] == ["link-host"]


def test_release_alone_does_not_let_it_go_and_names_the_command_that_does(instance: Instance) -> None:
    stopped(instance)
    for words in ((), ("--reason", "it is late")):
        ended = instance("digest", "release", KEY, *words)
        assert ended.code == 1, ended
        assert len(lines(ended)) <= SCREEN
        assert (
            lines(ended)[-1].split() == f"publisher digest release {KEY} --despite link-host --reason TEXT".split()
        )
    assert instance("run").code == 1
    assert instance.mails() == []


@pytest.mark.slow
def test_it_goes_out_despite_the_rule_with_a_reason_which_is_recorded(instance: Instance) -> None:
    stopped(instance)
    assert instance("digest", "release", KEY, "--despite", "link-host").code == 2
    assert instance("digest", "release", KEY, "--despite", "no-such-rule", "--reason", "x").code == 2
    released = instance("digest", "release", KEY, "--despite", "link-host", "--reason", "the site moved")
    assert released.code == 0, released
    ended = instance("run")
    assert ended.code == 0, ended
    assert len(instance.mails()) == 1
    shown = instance("digest", "show", KEY)
    assert "published despite link-host" in shown.out
    facts = json.loads(instance("digest", "show", KEY, "--json").out)
    assert facts["preflight"]["despite"] == ["link-host"]
    assert facts["preflight"]["published"] is True
    (published,) = [event for event in facts["events"] if event["kind"] == "digest.published"]
    assert (published["actor"], published["reason"], published["despite"]) == (
        "Jo Editor",
        "the site moved",
        ["link-host"],
    )


def test_a_corrected_file_goes_out_by_itself(instance: Instance) -> None:
    stopped(instance)
    instance.put(
        "ferry.md",
        FALSE_LINK.format(other="https://www.example.org/map").replace("www.example.com", "www.example.org"),
    )
    ended = instance("run")
    assert ended.code == 0, ended
    assert len(instance.mails()) == 1


@pytest.mark.slow
def test_warnings_do_not_stop_it_and_are_told_in_a_few_lines(instance: Instance) -> None:
    instance.put("loud.md", "---\ntitle: EVERYTHING IS VERY LOUD TODAY\ndate: 2024-11-21\n---\n\nThe lead.\n")
    ended = instance("run")
    assert ended.code == 0, ended
    assert len(instance.mails()) == 1
    warned = [line for line in ended.out.splitlines() if line.startswith("warns")]
    assert 1 <= len(warned) <= 3
    assert any("(capitals)" in line for line in warned)
    shown = instance("digest", "show", "daily/2024-11-21-loud")
    assert "(capitals)" in shown.out


def test_a_file_is_checked_wherever_it_lies_and_nothing_is_kept(instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.md"
    file.write_text(FALSE_LINK.format(other="https://www.example.org/map"))
    assert instance("check", str(file)).code == 1
    file.write_text(file.read_text().replace("www.example.com", "www.example.org"))
    ended = instance("check", str(file))
    assert ended.code == 0, ended
    assert "No digest yet" in instance("digest", "list").out


@pytest.mark.parametrize("words", [("check", "nothing-of-that-name"), ("check", "x" * 5_000)])
def test_checking_what_is_not_there_is_wrong_use(instance: Instance, words: tuple[str, ...]) -> None:
    ended = instance(*words)
    assert ended.code == 2
    assert "there is no digest" in ended.err


def test_a_rule_that_does_not_exist_is_told_before_anything_is_done(instance: Instance) -> None:
    instance.config.write_text(instance.config.read_text() + '\n[preflight]\nrules = { link-hots = "warn" }\n')
    for words in (("run",), ("check",), ("check", KEY)):
        ended = instance(*words)
        assert ended.code == 2
        assert "preflight.rules.link-hots" in ended.err
        assert "link-host" in ended.err


# --- the instance ----------------------------------------------------------------------------------------------


def test_a_whole_instance_has_nothing_to_mend(instance: Instance) -> None:
    ended = instance("check")
    assert ended.code == 0, ended
    for name in (
        "configuration",
        "inbox",
        "endpoints",
        "provider: maildir",
        "database",
        "secret",
        "newsletters: daily",
    ):
        assert any(f"ok       {name}" in line for line in lines(ended)), name
    assert "?        ptr:" in ended.out
    assert "Nothing is broken" in lines(ended)[-1]


def test_what_is_wrong_with_an_instance_is_told_all_at_once_with_remedies(instance: Instance) -> None:
    (instance.root / "digests").rename(instance.root / "elsewhere")
    (instance.root / "var" / "site").write_text("a file where the site has to be")
    (instance.root / "templates" / "email").mkdir(parents=True)
    (instance.root / "templates" / "email" / "mail.html").write_text("{{ no_such_name }}")
    ended = instance("check")
    assert ended.code == 1
    assert lines(ended)[0] == "Broken"
    bad = {line.split()[1].rstrip(":") for line in lines(ended) if line.startswith("  BROKEN")}
    assert bad == {"inbox", "endpoints", "newsletters"}
    found = json.loads(instance("check", "--json").out)
    findings = [finding for check in found["checks"] for finding in check["findings"]]
    assert all(finding["remedy"] for finding in findings if finding["level"] in {"broken", "warning"})
    assert found["broken"]


def test_a_file_in_place_of_var_is_told_and_nothing_else_breaks(instance: Instance) -> None:
    (instance.root / "var").rename(instance.root / "moved")
    (instance.root / "var").write_text("a file where the state has to be")
    ended = instance("check")
    assert ended.code == 1
    assert "Traceback" not in ended.out + ended.err
    assert "crashed" not in ended.out
    bad = {line.split()[1].rstrip(":") for line in lines(ended) if line.startswith("  BROKEN")}
    assert bad == {"database", "endpoints", "folders", "provider"}


def test_colours_that_cannot_be_read_are_told_of_the_instance(instance: Instance) -> None:
    instance.config.write_text(instance.config.read_text() + '\n[theme.dark]\nink = "#333333"\n')
    ended = instance("check")
    assert "[theme.dark]" in ended.out


def test_a_database_of_an_older_version_is_told_with_its_remedy(instance: Instance) -> None:
    with sqlite3.connect(instance.root / "var" / "publisher.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    ended = instance("check")
    assert ended.code == 1
    assert "`publisher db upgrade`" in ended.out
