"""The log of acts is only ever added to; raw events about single mails are forgotten in time, by retention alone.

Erasure takes the words that name a person out of it (`storage/scrubbing.py`) and leaves every act where it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
WRITES = {"update", "delete"}
AS_TEXT = re.compile(r"\b(UPDATE|DELETE\s+FROM)\s+\"?events\b", re.IGNORECASE)


def changes(source: str) -> Iterator[int]:
    """The lines that change or delete rows of `events`: `update(events)`, `events.delete()`, or as text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and AS_TEXT.search(node.value):
            yield node.lineno
        if not isinstance(node, ast.Call):
            continue
        called, given = node.func, [each.id for each in node.args if isinstance(each, ast.Name)]
        if isinstance(called, ast.Name) and called.id in WRITES and "events" in given:
            yield node.lineno
        if isinstance(called, ast.Attribute) and called.attr in WRITES and ast.unparse(called.value) == "events":
            yield node.lineno


def test_nothing_changes_or_deletes_an_act() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for package in ("publisher", "subscribers")
        for path in sorted((ROOT / package).rglob("*.py"))
        for _ in changes(path.read_text(encoding="utf-8"))
    ]
    assert found == [
        "publisher/storage/retention.py"
    ]  # those with a delivery, see tests/contract/test_retention.py


def test_whoever_did_would_be_found() -> None:
    assert len(list(changes('update(events)\nevents.delete()\nrun("DELETE FROM events")\n'))) == 3
    assert not list(changes('insert(events)\nupdate(mailings)\n"update the events page"'))
