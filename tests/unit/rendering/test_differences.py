"""What a correction changed is shown where a newsletter wants it shown, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.model import Digest, Paragraph, Section, Text
from publisher.editions import Note
from publisher.rendering import render
from publisher.rendering.differences import LONGEST, Piece, differences

from .samples import LOOK, RICH, parsed

AT = datetime(2024, 11, 22, 8, tzinfo=UTC)
OPEN = replace(LOOK, public_diff=True)


def saying(*lead: str, title: str = "A day", section: str = "News") -> Digest:
    paragraphs = tuple(Paragraph((Text(text),)) for text in lead)
    return replace(
        RICH, title=title, image=None, lead=paragraphs, sections=(Section("news", section, paragraphs),)
    )


OLD = saying("The vote was 4 to 9.", "It <rained>.")
NEW = saying("The vote was 9 to 4.", "It <rained>.")


def test_changed_words_stand_between_those_that_stayed() -> None:
    assert differences(saying("It was 4 to 9."), saying("It was 5 to 9.", title="Another day"))[:2] == (
        (Piece("out", "A"), Piece("in", "Another"), Piece("same", " day")),
        (Piece("same", "It was "), Piece("out", "4"), Piece("in", "5"), Piece("same", " to 9.")),
    )


def test_nothing_differs_from_itself() -> None:
    assert differences(OLD, OLD) == ()


def test_a_paragraph_that_came_or_went_is_shown_whole() -> None:
    assert differences(saying("One."), saying("One.", "Two."))[0] == (Piece("in", "Two."),)
    assert differences(saying("One.", "Two."), saying("One."))[0] == (Piece("out", "Two."),)


def test_a_paragraph_of_a_book_is_not_compared_word_by_word() -> None:
    book = "word " * LONGEST
    assert [piece.kind for piece in differences(saying(book), saying(f"{book}more"))[0]] == ["out", "in"]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.text("ab \n", max_size=12), max_size=4), st.lists(st.text("ab \n", max_size=12), max_size=4))
def test_the_old_words_and_the_new_ones_can_be_read_off_it(old: list[str], new: list[str]) -> None:
    found = differences(saying(*old), saying(*new))
    for change in found:
        was, became = ("".join(piece.text for piece in change if piece.kind != kind) for kind in ("in", "out"))
        assert was != became
        assert was in ["", *old]
        assert became in ["", *new]


@pytest.mark.parametrize("look", [LOOK, OPEN], ids=["as shipped", "public_diff"])
def test_the_page_shows_the_difference_only_where_the_newsletter_says_so(look: object) -> None:
    note = Note(AT, "The vote was turned around.", revised=(OLD, NEW))
    made = render(NEW, look, notes=[note])  # type: ignore[arg-type]
    page = parsed(made.page)
    assert page.xpath("//p[@class='correction']")[0].text_content().endswith("The vote was turned around.")
    details = page.xpath("//details[@class='changes']")
    assert len(details) == (1 if look is OPEN else 0)
    if details:
        assert details[0].xpath("p/del/text()") == ["4", "9.", "4", "9."]
        assert details[0].xpath("p/ins/text()") == ["9", "4.", "9", "4."]
    mail = "".join(part for block in made.blocks for part in (*block.html, *block.text) if isinstance(part, str))
    assert "<del>" not in made.entry + mail


def test_no_sign_of_html_in_a_difference_becomes_markup() -> None:
    note = Note(AT, "x", revised=(saying("<b>4</b>"), saying("<script>alert(9)</script>")))
    page = parsed(render(saying("<script>alert(9)</script>"), OPEN, notes=[note]).page)
    assert page.xpath("//script") == []
    assert "<script>alert(9)</script>" in page.xpath("//details//ins/text()")
