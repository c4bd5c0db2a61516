"""docs/segments.md tells what the language does: its examples are looked at with its readers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import SegmentError
from subscribers.segments.evaluating import Ground, Person, holds
from subscribers.segments.lexing import LONGEST
from subscribers.segments.model import Field, Operator
from subscribers.segments.parsing import DEEPEST, parse

DOCUMENT = (Path(__file__).parents[3] / "docs" / "segments.md").read_text(encoding="utf-8")
GROUND = Ground(datetime(2024, 11, 21, 7, 30, tzinfo=UTC), "Europe/Berlin", "de")


def rows(header: str) -> list[list[str]]:
    """The cells of the table that begins with this line."""
    table = DOCUMENT.split(f"{header}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()[1:]]


def reader(cells: list[str]) -> Person:
    """A row of the table of readers."""
    name, language, sections, joined, said = cells
    attributes: dict[str, Any] = {}
    for each in filter(None, said.split(", ")):
        key, value = each.split(": ")
        attributes[key] = value.split("; ") if ";" in value else value
    return Person(
        name=name,
        email="reader@example.org",
        language=language,
        timezone="",
        source="",
        section=sections.split(", ") if sections else None,
        joined=datetime.fromisoformat(f"{joined}T12:00+00:00"),
        confirmed=None,
        attributes=attributes,
    )


READERS = [reader(cells) for cells in rows("| reader | language | section | joined | attributes |")]
EXAMPLES = rows("| expression | is about |")


def test_there_are_readers_and_examples() -> None:
    assert len(READERS) == 4
    assert len(EXAMPLES) > 25


@pytest.mark.parametrize(("source", "names"), EXAMPLES, ids=[source for source, _ in EXAMPLES])
def test_an_example_is_about_whom_it_says(source: str, names: str) -> None:
    expression = parse(source.strip("`"))
    found = [each.name.split()[0] for each in READERS if holds(expression, each, GROUND)]
    assert ", ".join(found) == names


@pytest.mark.parametrize("word", [*Field, *Operator])
def test_every_field_and_operator_is_documented(word: str) -> None:
    shown = f"{word} (…)" if word in (Operator.IN, Operator.NOT_IN) else word
    assert f"`{shown}`" in DOCUMENT


def test_limits_are_documented() -> None:
    assert f"Up to {DEEPEST} levels, and {LONGEST} characters" in DOCUMENT


def test_a_mistake_is_shown_as_it_is() -> None:
    source, caret, told = re.findall(r"\n      (language = “.*)\n      ( *\^)\n    publisher: (.*)\n", DOCUMENT)[0]
    with pytest.raises(SegmentError) as refused:
        parse(source)
    assert (refused.value.excerpt, str(refused.value)) == ((source, caret), told)
