"""The page of benchmarks forgets nothing that was not measured again, and says how old each figure is."""

from __future__ import annotations

from datetime import date

from tests.bench.measuring import Row
from tests.bench.report import merged, written

NAMES = ["reading", "sending", "million"]


def test_a_section_that_was_not_measured_keeps_its_figures_and_their_day() -> None:
    first = {name: written([Row(name, "1 s")], date(2024, 11, 20)) for name in NAMES}
    page = merged("", first, NAMES)
    again = merged(page, {"sending": written([Row("sending", "2 s")], date(2024, 11, 21))}, NAMES)
    assert again.count("Run of 2024-11-20") == 2
    assert again.count("Run of 2024-11-21") == 1
    assert "| reading | 1 s |" in again
    assert "| sending | 2 s |" in again
    assert "| sending | 1 s |" not in again
    assert merged(again, {}, NAMES) == again
    assert [line for line in again.splitlines() if line.startswith("## ")] == [f"## {name}" for name in NAMES]


def test_what_was_never_measured_is_said_to_be_missing() -> None:
    page = merged("# Benchmarks\n\nof another form\n", {"reading": written([], date(2024, 11, 20))}, NAMES)
    assert page.count("Not measured yet") == 2
    assert "Not measured yet: `python -m tests.bench million`." in page


def test_a_section_that_is_no_more_is_left_out() -> None:
    page = merged("", {name: written([], date(2024, 11, 20)) for name in NAMES}, NAMES)
    assert "million" not in merged(page, {}, NAMES[:2])
