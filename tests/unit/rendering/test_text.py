"""The plain-text mail: wrapped by columns, links numbered, structure kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.model import (
    Block,
    Code,
    Emphasis,
    Figure,
    Heading,
    LineBreak,
    Link,
    NoteMark,
    Section,
    Table,
    Text,
)
from publisher.rendering import render
from publisher.rendering.columns import WIDTH, hang, pad, text_width, wrap
from publisher.rendering.text import lead_text, section_text
from publisher.rendering.words import capitals, words

from .samples import LOOK, RICH, bullets, line, link, numbers, para, whole_text


def lines_of(*blocks: Block) -> list[str]:
    """The lines of a section with these blocks, below its name."""
    text = section_text(Section("s", "Name", blocks), RICH, words("en"))
    assert text.startswith("\n\nNAME\n\n")
    assert text.endswith("\n")
    return text.removeprefix("\n\nNAME\n\n").removesuffix("\n").split("\n")


@settings(deadline=None, derandomize=True)
@given(st.text("ab漢字。、 \u0301\u00a0é", max_size=80), st.integers(4, 30))
def test_wrapping_keeps_every_character_within_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for each in lines:
        assert text_width(each) <= width or " " not in each
        assert each == each.strip(" ")


def test_wide_letters_break_anywhere_but_before_a_full_stop() -> None:
    assert wrap("漢字漢字。漢", 8) == ["漢字漢", "字。漢"]
    assert wrap("abc漢字def", 7) == ["abc漢字", "def"]


def test_a_long_address_stays_whole() -> None:
    address = "https://example.org/" + "a" * 100
    assert wrap(f"see {address} now", 72) == ["see", address, "now"]


def test_no_break_space_holds_words_together() -> None:
    assert wrap("aaa 10\u00a0km", 8) == ["aaa", "10\u00a0km"]


def test_combining_marks_take_no_column() -> None:
    assert text_width("e\u0301漢") == 3
    assert pad("漢", 4, "right") == "  漢"
    assert pad("a", 4, "center") == " a  "
    assert hang(["a", "", "b"], "* ") == ["* a", "", "  b"]


def test_links_are_numbered_in_their_section_and_listed_at_its_end() -> None:
    one, two = "https://example.org/1", "https://example.org/2"
    lines = lines_of(para(link(one, "first"), " and ", link(two, "second"), " and ", link(one, "first again")))
    assert lines == ["first [1] and second [2] and first again [1]", "", f"[1] {one}", f"[2] {two}"]
    assert lines_of(para(link(two, "second")))[0] == "second [1]"


def test_an_address_that_is_its_own_text_is_not_listed() -> None:
    assert lines_of(para(link("https://example.org/", "https://example.org/"))) == ["https://example.org/"]
    assert lines_of(para(link("mailto:a@example.org", "a@example.org"))) == ["a@example.org"]
    assert lines_of(para(Link("https://example.org/", (Text(" "),)))) == ["https://example.org/"]


def test_a_number_stays_with_its_link() -> None:
    lines = lines_of(para("a" * 65, " ", link("https://example.org/", "linked")))
    assert lines[:2] == ["a" * 65, "linked [1]"]


def test_items_hang_and_have_air_when_one_is_long() -> None:
    long = "word " * 20
    assert lines_of(bullets("one", "two")) == ["* one", "* two"]
    lines = lines_of(bullets(long, "two"))
    assert lines[1].startswith("  word")
    assert lines[-2:] == ["", "* two"]
    assert lines_of(numbers(9, "nine", "ten")) == [" 9. nine", "10. ten"]


def test_a_nested_list_follows_its_item() -> None:
    assert lines_of(bullets((para("one"), bullets("inner")), "two")) == ["* one", "  * inner", "* two"]


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (Figure(alt="alt", caption=line("A ship"), credit="Ada"), "[Picture: A ship (Ada)]"),
        (Figure(alt="alt", caption=line("A ship")), "[Picture: A ship]"),
        (Figure(alt="A ship at sea"), "[Picture: A ship at sea]"),
        (Figure(credit="Ada"), "[Picture: (Ada)]"),
        (Figure(src="https://example.org/x.png"), "[Picture]"),
    ],
)
def test_figures_are_notes_in_brackets(figure: Figure, expected: str) -> None:
    assert lines_of(figure) == [expected]


def test_a_table_that_is_too_wide_becomes_records() -> None:
    wide = "word " * 12
    table = Table(("none", "none"), (line("A"), line("B")), ((line("1"), line(wide)), (line(wide), line(""))))
    lines = lines_of(table)
    assert lines[0] == "A: 1"
    assert lines[1].startswith("B: word")
    assert lines[lines.index("") + 1].startswith("A: word")
    assert all(text_width(each) <= WIDTH for each in lines)


def test_a_wide_table_keeps_the_names_of_columns_that_no_row_fills() -> None:
    wide = "word " * 18
    half_empty = Table(("none", "none"), (line("A"), line("Left open")), ((line(wide), line("")),))
    only_a_head = Table(("none", "none"), (line(wide), line("B")), ())
    assert lines_of(half_empty)[:2] == ["Left open", ""]
    assert " ".join(lines_of(only_a_head)).split() == [*wide.split(), "B"]


def test_labels_are_set_as_the_language_sets_them() -> None:
    wide = "mot " * 20
    table = Table(("none", "none"), (line("Étage"), line("Mot")), ((line("1"), line(wide)),))
    french = replace(RICH, language="fr", lead=(table, Figure(alt="Un pont")), image=None)
    lines = lead_text(french, words("fr")).splitlines()
    assert "Étage\u00a0: 1" in lines
    assert "[Image\u00a0: Un pont]" in lines


def test_a_day_stays_with_its_month() -> None:
    text = f"{'x' * 62} November 2, 2024"
    assert lines_of(para(text)) == ["x" * 62, "November 2, 2024"]


def test_code_and_meant_line_breaks_are_kept() -> None:
    assert lines_of(Code("a  b\n\n  c")) == ["    a  b", "", "      c"]
    assert lines_of(para("one", LineBreak(), "two")) == ["one", "two"]


def test_headings_are_underlined_and_emphasis_is_not_shown() -> None:
    assert lines_of(Heading(3, line("A ", Emphasis(line("good")), " day"))) == ["A good day", "----------"]


def test_a_note_is_named_at_both_ends() -> None:
    assert lines_of(para("so", NoteMark(3), ".")) == ["so [note 3]."]


def test_lines_of_the_whole_mail_keep_to_72_columns_and_end_clean() -> None:
    for each in whole_text(render(RICH, LOOK).blocks).split("\n"):
        assert text_width(each) <= WIDTH or each.startswith(("https://", "["))
        assert each == each.rstrip()


def test_turkish_capitals_keep_the_dot() -> None:
    assert capitals("istanbul", "tr") == "İSTANBUL"
    assert capitals("straße", "de") == "STRASSE"
