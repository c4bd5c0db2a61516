"""What the command line prints cannot steer a terminal."""

from __future__ import annotations

import json

import pytest

from publisher.cli.output import say, show_json, show_rows, warn

TITLE = "News\u202egro.elpmaxe\x1b[31m\udc80"
SAFE = "News[U+202E]gro.elpmaxe[U+001B][31m[U+DC80]"


def test_titles_and_names_of_files_are_printed_as_they_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"title: {TITLE}")
    warn(f"publisher: {TITLE}")
    show_rows([{"title": TITLE}], ("title",), as_json=False, empty="")
    out, err = capsys.readouterr()
    assert out.splitlines() == [f"title: {SAFE}", "TITLE", SAFE]
    assert err.splitlines() == [f"publisher: {SAFE}"]


def test_json_says_exactly_what_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"title": TITLE[:12]})
    assert json.loads(capsys.readouterr().out) == {"title": TITLE[:12]}
