"""How findings are worded, and how places are named."""

from __future__ import annotations

import pytest

from publisher.digests.model import Code, Figure, Heading, Note, Quote, Rule, Section, Table
from publisher.preflight.pieces import Role, pieces, placed_figures
from publisher.preflight.wording import kilobytes, listed, ordinal, quoted
from tests.unit.rendering.samples import ASSET, bullets, line, para

from .candidates import GOOD, digest


def test_ordinals() -> None:
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 113)
    expected = "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 101st 111th 113th"
    assert " ".join(map(ordinal, numbers)) == expected


def test_quotes_are_one_short_line() -> None:
    assert quoted("a\n  b") == "“a b”"
    assert quoted("x" * 60) == f"“{'x' * 60}”"
    assert quoted("x" * 5_000_000) == f"“{'x' * 59}…”"


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abcde"), "a, b, c, d and e")],
)
def test_lists_are_read_aloud(names: list[str], said: str) -> None:
    assert listed(names) == said


def test_of_many_only_some_are_named() -> None:
    assert listed(list("abcdefgh")) == "a, b, c, d and 4 more"


@pytest.mark.parametrize(
    ("octets", "said"), [(0, "0 kB"), (97_400, "97 kB"), (999_000, "999 kB"), (1_400_000, "1.4 MB")]
)
def test_weights(octets: int, said: str) -> None:
    assert kilobytes(octets) == said


def test_every_word_has_a_place_as_an_editor_would_name_it() -> None:
    nested = bullets("one", (para("two"), bullets("deep", "deeper")))
    wanted = digest(
        "first",
        blocks=(
            nested,
            bullets("three"),
            Heading(3, line("a heading")),
            Quote((para("said"),), "who"),
            Figure(alt="alt", caption=line("caption"), credit="credit", src=ASSET),
            Table(("none",), (line("head"),), ((line("cell"),),)),
            Code("code"),
            Rule(),
            para("second"),
            Note(3, (para("a note"),)),
        ),
        author="Ada Example",
        image=Figure(alt="cover"),
    )
    wanted_sections = (wanted.sections[0], Section("x", "X" * 80, (para("last"),)))
    found = {piece.text: (piece.place.removeprefix("section “Ships”, "), piece.role) for piece in pieces(wanted)}
    assert found["deeper"] == ("2nd item", Role.TEXT)
    assert {text: place for text, (place, _) in found.items() if text not in {"deep", "deeper"}} == {
        GOOD.title: "title",
        "Ada Example": "author",
        "cover": "the digest’s own picture",
        "After nine days the harbour took its first ship at dawn.": "lead, 1st paragraph",
        "Ships": "section “Ships”",
        "first": "1st paragraph",
        "one": "1st item",
        "two": "2nd item",
        "three": "3rd item",
        "a heading": "1st heading",
        "said": "1st quote",
        "who": "1st quote",
        "alt": "1st picture",
        "caption": "1st picture",
        "credit": "1st picture",
        "head": "1st table",
        "cell": "1st table",
        "code": "1st piece of code",
        "second": "2nd paragraph",
        "a note": "note 3",
        "Money": "section “Money”",
        "A berth costs a hundred euros more than it did in the spring.": "section “Money”, 1st paragraph",
    }
    assert [place for place, _ in placed_figures(wanted)] == [
        "the digest’s own picture",
        "section “Ships”, 1st picture",
    ]
    long = list(pieces(digest(sections=wanted_sections)))[-1]
    assert long.place == f"section “{'X' * 59}…”, 1st paragraph"
