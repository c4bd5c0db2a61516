"""Sentences, summaries and columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.digests.model import Figure, Quote, Section, Table
from publisher.rendering.prose import column_alignments, cover, cut, first_sentence, preheader, summary

from .samples import ASSET, RICH, bullets, line, para


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("Is it? It is.", "Is it?"),
        ("“It is over.” He left.", "“It is over.”"),
        ("The U.S. Navy came. It left.", "The U.S. Navy came."),
        ("Dr. Who came. He left.", "Dr. Who came."),
        ("It costs 3.5 million. Too much.", "It costs 3.5 million."),
        ("It stopped … then it went on. So.", "It stopped … then it went on."),
        ("No end here", "No end here"),
        ("港は再び開いた。四十隻が待つ。", "港は再び開いた。"),
        ("هل فتح الميناء؟ نعم.", "هل فتح الميناء؟"),
        ("See example.org for more. Or not.", "See example.org for more."),
        ("", ""),
    ],
)
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first


def test_preheader_is_the_leads_first_sentence() -> None:
    assert preheader(RICH) == "After nine days the harbour took its first ship at dawn."


def test_preheader_of_a_digest_without_lead_comes_from_its_first_words() -> None:
    figure = Figure(caption=line("A caption is no opening. No."))
    sections = (Section("a", "A", (figure,)), Section("b", "B", (bullets("First item. Second."),)))
    assert preheader(replace(RICH, lead=(), sections=sections)) == "First item."
    assert preheader(replace(RICH, lead=(Quote((para("Said so. Yes."),)),))) == "Said so."
    assert preheader(replace(RICH, lead=(), sections=())) == ""


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two, three", 12, "one two…"),
        ("unbroken-for-ever", 8, "unbroke…"),
        ("漢字漢字漢字", 4, "漢字漢…"),
    ],
)
def test_cut_ends_at_a_word(text: str, length: int, expected: str) -> None:
    found = cut(text, length)
    assert found == expected
    assert len(found) <= length


def test_summary_has_at_most_300_characters() -> None:
    lead = (para("word " * 200),)
    found = summary(replace(RICH, lead=lead))
    assert 290 < len(found) <= 300
    assert found.endswith("word…")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["12", "7", "1,200"], "right"),
        (["$860.50", "", "€12"], "right"),
        (["12 %", "−3%", "310 m"], "right"),
        (["12", "none"], "none"),
        (["", ""], "none"),
        (["2024 was good"], "none"),
    ],
)
def test_columns_of_numbers_stand_to_the_right(cells: list[str], expected: str) -> None:
    table = Table(("none",), (line("head"),), tuple((line(cell),) for cell in cells))
    assert column_alignments(table) == (expected,)


def test_a_chosen_alignment_is_kept() -> None:
    table = Table(("left", "center"), (), ((line("1"), line("2")),))
    assert column_alignments(table) == ("left", "center")


def test_cover_is_the_digests_picture_unless_the_text_shows_it() -> None:
    assert cover(RICH) == RICH.image
    inside = bullets((para("see"), Figure(src=ASSET)))
    assert cover(replace(RICH, lead=(Quote((inside,)),))) is None
    assert cover(replace(RICH, image=None)) is None
