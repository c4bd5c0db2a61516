"""What is written as JSON is read as what it was."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.digests import json
from publisher.digests.jsonwriting import written
from publisher.digests.model import (
    Block,
    Code,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Item,
    LineBreak,
    Link,
    ListBlock,
    Note,
    NoteMark,
    Paragraph,
    Quote,
    Rule,
    Section,
    Strong,
    Table,
    Text,
)

ONE = Paragraph((Text("One"),))
BLOCKS: list[Block] = [
    ONE,
    Paragraph((Strong((Text("a"),)), Text(" "), Emphasis((Text("b"), CodeSpan("c"))), LineBreak(), Text("d"))),
    Paragraph((Link("https://example.org/?a=1&b=2", (Text("“link” ☂"),)),)),
    Heading(5, (Text("Heading"),)),
    ListBlock((Item((ONE,)), Item((ONE, ONE)), Item((ListBlock((Item((ONE,)),), 3),)))),
    Quote((ONE,), "Jo Example"),
    Figure("alt", (Text("caption"),), "credit", "https://example.org/pier.png"),
    Table(("left", "none"), ((Text("a"),), ()), (((Text("b"),), (Strong((Text("c"),)),)),)),
    Table(("none",), (), (((Text("b"),),),)),
    Code("a\n  b"),
    Rule(),
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_each_block_is_read_as_what_it_was(block: Block) -> None:
    blocks = (ONE, block, ONE)
    found = json.read(
        written(
            newsletter="daily",
            slug="2024-11-21-wire",
            title="Title",
            day=date(2024, 11, 21),
            status="draft",
            lead=blocks,
            sections=[Section("news", "News", blocks), Section("", "More", blocks)],
        ),
        name="wire.json",
    )
    assert (found.newsletter, found.slug, found.title, found.date) == (
        "daily",
        "2024-11-21-wire",
        "Title",
        date(2024, 11, 21),
    )
    assert found.draft
    assert found.lead == blocks
    assert found.sections == (Section("news", "News", blocks), Section("more", "More", blocks))


def test_footnotes_have_both_ends() -> None:
    blocks = (Paragraph((Text("One"), NoteMark(1))), Note(1, (ONE,)))
    found = json.read(
        written(
            newsletter="daily",
            slug="s",
            title="Title",
            day=date(2024, 11, 21),
            status="final",
            lead=blocks,
            sections=[],
        ),
        name="wire.json",
    )
    assert found.lead == blocks
    assert not found.draft
