"""The digest that a newsroom really sent."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.digests import text
from publisher.digests.characters import decode
from publisher.digests.model import Figure, ListBlock, Manuscript
from publisher.digests.walk import plain
from publisher.digests.words import words_in, words_of
from tests.shared_material import real_digest


@pytest.fixture
def manuscript() -> Manuscript:
    return text.read(real_digest(), name="occasional-digest-2024-11-21.txt")


def test_title_date_and_lead_are_read(manuscript: Manuscript) -> None:
    assert manuscript.title == "Occasional Digest - a story for you"
    assert manuscript.date == date(2024, 11, 21)
    assert manuscript.direction == "ltr"
    assert [type(block).__name__ for block in manuscript.lead] == ["Paragraph", "Paragraph"]
    assert (
        list(words_in(" ".join(words_of(manuscript))))[:7] == words_in(manuscript.title + " As the war enters")[:7]
    )


def test_every_section_has_its_items(manuscript: Manuscript) -> None:
    found = [
        (section.name, [len(block.items) for block in section.blocks if isinstance(block, ListBlock)])
        for section in manuscript.sections
    ]
    assert found == [
        ("Fighting", [3]),
        ("North Korean troops in Ukraine", [6]),
        ("Diplomacy", [6]),
        ("Courts", [3]),
    ]


def test_two_lines_and_two_credits_are_one_figure(manuscript: Manuscript) -> None:
    figures = [block for section in manuscript.sections for block in section.blocks if isinstance(block, Figure)]
    assert [figure.credit for figure in figures] == ["Sergey Bobok/AFP", "Russian Foreign Ministry via AP"]
    assert [plain(figure.caption) for figure in figures] == [
        "Rescuers inspect the remains of a residential building after a strike in Kharkiv, on November 1, 2024",
        "Russian Foreign Minister Sergey Lavrov, right, with his North Korean counterpart Choe Son Hui in Moscow, "
        "Russia",
    ]
    assert all(figure.alt and not figure.src for figure in figures)


def test_no_word_is_lost_or_doubled_and_their_order_stays(manuscript: Manuscript) -> None:
    lines = decode(real_digest(), name="x.txt").rstrip("\n").split("\n")
    assert (lines[0], lines[-1]) == ("Thu. Nov 21st, 2024", "Source link")
    assert words_of(manuscript) == words_in("\n".join(lines[1:-1]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encoding_and_line_ends_make_no_difference(manuscript: Manuscript, encoding: str, line_end: str) -> None:
    source = real_digest().decode().replace("\n", line_end)
    mark = "\ufeff" if encoding.endswith(("-le", "-be")) else ""
    assert text.read((mark + source).encode(encoding), name="x.txt") == manuscript
