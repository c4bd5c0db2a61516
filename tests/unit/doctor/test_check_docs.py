"""docs/check.md tells operators what is looked at, and nothing that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from publisher.app import OPENING_SECONDS
from publisher.doctor import database, disk, integrity, running, schedule
from publisher.doctor.model import Level
from publisher.doctor.registry import CHECKS
from publisher.messages.dkim_keys import BITS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "check.md").read_text(encoding="utf-8")


def row(name: str) -> str:
    return next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{name}` |"))


def test_every_check_is_documented_in_their_order_and_none_that_is_gone() -> None:
    named = re.findall(r"^\| `([a-z]+)` \|", DOCUMENT, re.M)
    assert named == [*(level.value for level in Level), *(check.name for check in CHECKS)]


def test_every_check_says_what_it_is_for_in_one_line() -> None:
    assert all(check.what and "\n" not in check.what and len(check.what) < 110 for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("disk", f"{disk.LOW / 1e6:.0f} MB"),
        ("disk", f"{disk.FULL / 1e6:.0f} MB"),
        ("disk", f"{disk.FEWEST_FILES} files"),
        ("integrity", f"{integrity.SECONDS:.0f} seconds"),
        ("database", f"PostgreSQL is {database.OLDEST_POSTGRESQL}"),
        ("dkim", f"{BITS} bits"),
    ],
)
def test_limits_are_documented(name: str, words: str) -> None:
    assert words in row(name)


def test_how_long_it_takes_is_documented() -> None:
    assert f"{running.SECONDS + OPENING_SECONDS:.0f} seconds at most" in DOCUMENT
    assert schedule.PATIENCE.seconds == 15 * 60
    assert "a quarter of an hour ago" in row("schedule")
