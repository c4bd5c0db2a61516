"""The Nu validator finds no error in any page, nor in any mail but for properties that only Outlook knows.

Outlook's own markup stands in comments, which no other client reads; its properties begin with `mso-`.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.browser.gallery import Gallery
from tests.browser.tools import MODULES, command, needed

pytestmark = pytest.mark.system

FOR_OUTLOOK = re.compile(r"CSS: .?mso-[a-z-]+.?: Property .?mso-[a-z-]+.? doesn.t exist")


def errors(paths: Sequence[Path]) -> dict[Path, list[str]]:
    """What the validator calls an error, by file; one run for all, as starting it takes longer than a document."""
    jar = needed("vnu-jar", MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar")
    call = [
        str(command("java")),
        "-jar",
        str(jar),
        "--format",
        "json",
        "--stdout",
        "--errors-only",
        "--exit-zero-always",
    ]
    done = subprocess.run([*call, *map(str, paths)], capture_output=True, text=True, timeout=300, check=True)
    found: dict[Path, list[str]] = {path: [] for path in paths}
    for message in json.loads(done.stdout)["messages"]:
        path = Path(message["url"].removeprefix("file:"))
        found[path].append(f"line {message.get('lastLine')}: {message['message']} {message.get('extract', '')!r}")
    return found


def test_the_validator_finds_nothing(gallery: Gallery, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text(
        "<!DOCTYPE html><html lang=en><title>x</title><p><div id=a></div></p><br id=a>", encoding="utf-8"
    )
    shown = list(gallery.of_kind("mail", "page", "desk"))
    found = errors([broken, *(each.path for each in shown)])
    assert len(found[broken]) == 2, "what is wrong on purpose is found, so that silence means something"
    told = []
    for each in shown:
        lines = found[each.path]
        if each.kind == "mail":
            lines = [line for line in lines if not FOR_OUTLOOK.search(line)]
        told += [f"{each.name}, {line}" for line in lines]
    assert not told, "\n".join(told)
