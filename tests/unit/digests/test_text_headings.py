"""Which lines of a plain text begin a section."""

from __future__ import annotations

import pytest

from tests.unit.digests.outline import of_text

TEXT = "The council met for nine hours on Wednesday, decided on some of it, and put off the rest."


@pytest.mark.parametrize(
    "heading",
    [
        "Weather",
        "WEATHER",
        "What comes next?",
        "Fighting in the U.S.",
        "“Never again”",
        "2024 in pictures",
        "Dr. No",
    ],
)
def test_a_short_line_by_itself_is_a_heading(heading: str) -> None:
    for below in ("\n\n• An item.\n", "\n• An item.\n", f"\n\n{TEXT}\n"):
        assert f"§ {heading}\n" in of_text(f"Title\n\n{TEXT}\n\n{heading}{below}")


@pytest.mark.parametrize(
    "line",
    [
        "It rained.",
        "Here is the situation on Saturday, November 2:",
        "and then it rained",
        "Read it at https://example.org",
        "[Continued below]",
        "Wait for it …",
        "One two three four five six seven eight nine ten eleven twelve thirteen",
    ],
)
def test_a_line_of_another_shape_is_a_paragraph(line: str) -> None:
    assert f"\n{line}\n§ Weather" in of_text(
        f"Title\n\n{TEXT}\n\n{line}\n\nWeather\n\n• Rain.\n\nRoads\n\n• Ice.\n"
    )


def test_headings_need_something_under_them() -> None:
    found = of_text(f"Title\n\n{TEXT}\n\nWeather\n\n• Rain.\n\nThanks for reading\n\nThe team\n")
    assert found.endswith("§ Weather\n- Rain.\nThanks for reading\nThe team")


def test_headings_are_found_without_a_single_blank_line() -> None:
    assert of_text(f"Title\nCouncil\n{TEXT}\n{TEXT}\nSchools\n{TEXT}\n") == (
        f"§ Council\n{TEXT}\n{TEXT}\n§ Schools\n{TEXT}"
    )


def test_lines_that_end_in_a_colon_are_headings_where_there_are_no_others() -> None:
    assert (
        of_text("Title\n\nCourts:\n- A case.\n\nSport:\n- A match.\n")
        == "§ Courts\n- A case.\n§ Sport\n- A match."
    )


def test_a_subtitle_is_no_heading() -> None:
    lists = "Schools\n\n• Two close.\n\nRoads\n\n• One opens.\n"
    assert of_text(f"Title\n\nWhat the council decided\n\n{TEXT}\n\n{lists}").startswith(
        f"What the council decided\n{TEXT}\n§ Schools"
    )
    assert of_text(f"Title\nWhat the council decided\n\n{TEXT}\n\n{lists}").startswith(
        "What the council decided\n"
    )


def test_capitals_over_other_headings_make_two_levels() -> None:
    source = "EUROPE\n\nGermany\n\n• a\n\nFrance\n\n• b\n\nASIA\n\nJapan\n\n• c\n"
    assert of_text(f"Title\n\n{source}") == "§ EUROPE\n### Germany\n- a\n### France\n- b\n§ ASIA\n### Japan\n- c"


@pytest.mark.parametrize("mark", ["## {}", "{}\n=====", "{}\n-----", "**{}**", "*{}*", "## {} ##"])
def test_marked_headings(mark: str) -> None:
    source = f"Title\n\n{TEXT}\n\n{mark.format('Weather')}\n\nIt rained.\n"
    assert of_text(source).endswith("§ Weather\nIt rained.")


def test_deeper_marks_stand_inside_a_section() -> None:
    assert of_text("Title\n\n## One\n\nText.\n\n### Deeper\n\nText.\n") == "§ One\nText.\n### Deeper\nText."


def test_sections_in_front_matter_decide() -> None:
    source = f"Title\n\nNot this one\n\n{TEXT}\n\nweather in brief:\n\nRain.\n"
    assert of_text(f"---\nsections: [Weather in Brief]\n---\n{source}") == (
        f"### Not this one\n{TEXT}\n§ weather in brief\nRain."
    )
