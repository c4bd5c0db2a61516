"""How large pictures are shown, which columns may break, which words stay together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.model import Figure, Quote, Table
from publisher.rendering.measures import (
    MAIL_COLUMN,
    Size,
    breaking_columns,
    first_picture,
    has_compound,
    installed_fonts,
    shown_size,
    together,
)

from .samples import ASSET, RICH, bullets, line

ADDRESS = "https://council.example.org/archive/2026/11/the-longest-word-that-anybody-had-to-say"


@pytest.mark.parametrize(
    ("pixels", "column", "shown"),
    [
        ((1104, 620), 552, Size(552, 310)),
        ((1104, 621), 552, Size(552, 310)),
        ((300, 200), 552, Size(300, 200)),
        ((552, 1), 552, Size(552, 1)),
        ((4000, 1), 552, Size(552, 1)),
        ((1104, 620), 0, Size(1, 1)),
        ((0, 0), 552, None),
        ((300, 0), 552, None),
    ],
)
def test_a_picture_fills_its_column_and_is_never_upscaled(
    pixels: tuple[int, int], column: int, shown: Size | None
) -> None:
    assert shown_size(Figure(src=ASSET, width=pixels[0], height=pixels[1]), column) == shown


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 600))
def test_no_picture_is_wider_than_column_or_file_nor_without_height(width: int, height: int, column: int) -> None:
    shown = shown_size(Figure(src=ASSET, width=width, height=height), column)
    assert shown is not None
    assert shown.width == min(width, column)
    assert shown.height >= 1
    assert abs(shown.height - height * shown.width / width) <= 1


def test_the_first_picture_is_the_cover_else_the_first_in_the_text() -> None:
    inside = Figure(alt="inside", src=ASSET)
    digest = replace(RICH, image=None, lead=(Figure(caption=line("words")), Quote((bullets((inside,)),))))
    assert first_picture(RICH, RICH.image) is RICH.image
    assert first_picture(digest, None) is inside
    assert first_picture(replace(digest, lead=(), sections=()), None) is None
    assert first_picture(digest, Figure(credit="a cover that is only words")) is inside


def table(*columns: tuple[str, ...]) -> Table:
    """A table by its columns, the first cell of each being its head."""
    head, *rows = zip(*columns, strict=True)
    return Table(
        tuple("none" for _ in columns),
        tuple(line(cell) for cell in head),
        tuple(tuple(line(cell) for cell in row) for row in rows),
    )


@pytest.mark.parametrize(
    ("columns", "breaking"),
    [
        ([("Part", "Divers"), ("2026", "42")], (False, False)),
        ([("Line", "Hauptbahnhof–Universitätskliniken"), ("Riders", "8,105")], (False, False)),
        ([("Part", "Divers"), ("Report", ADDRESS)], (False, True)),
        (
            [(ADDRESS, "Divers"), ("Report", "short words only, many of them, as many as there may be")],
            (True, False),
        ),
        ([(f"Wednesday{day}", "x") for day in range(10)], (True,) * 10),
        ([("Only", ADDRESS)], (True,)),
        ([("", "")], (False,)),
    ],
)
def test_only_columns_that_cannot_fit_are_broken(
    columns: list[tuple[str, ...]], breaking: tuple[bool, ...]
) -> None:
    assert breaking_columns(table(*columns)) == breaking


def test_a_table_without_rows_or_head_has_columns_too() -> None:
    assert breaking_columns(Table(("none", "none"), (), ())) == (False, False)
    assert breaking_columns(Table(("none",), (), ((line(ADDRESS),),))) == (True,)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("What the divers saw", "What the divers|saw"),
        ("Two words", "Two words"),
        ("Now three words", "Now three words"),
        ("The end of Straßenbahnhaltestellen everywhere", "The end of Straßenbahnhaltestellen everywhere"),
        ("Morning - a roof before the snow", "Morning|- a roof before the|snow"),
        ("Open – & shut", "Open|– & shut"),
        ("a-b", "a-b"),
        ("", ""),
    ],
)
def test_the_last_word_of_a_title_is_not_left_alone(title: str, expected: str) -> None:
    assert together(title) == expected.replace("|", "\u00a0")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Die Straßenbahnhaltestellenbeleuchtung.", True),
        ("„Straßenbahnhaltestellen-Anlage“", True),
        ("an ordinary day in the harbour", False),
        (ADDRESS, False),
        ("1234567890123456789012", False),
        ("buergerbeteiligungsverfahren@example.org", False),
    ],
)
def test_only_long_words_are_parted(text: str, found: bool) -> None:
    assert has_compound(text) is found


def test_outlook_is_given_fonts_that_windows_may_have() -> None:
    assert installed_fonts("-apple-system, 'Segoe UI', Arial") == "'Segoe UI', Arial"
    assert installed_fonts("system-ui, ui-sans-serif") == "sans-serif"


def test_the_mails_column_is_600_pixels_less_its_margins() -> None:
    assert MAIL_COLUMN == 600 - 2 * 24
