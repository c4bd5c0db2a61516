"""Going through a digest misses nothing."""

from __future__ import annotations

from publisher.digests.model import (
    Emphasis,
    Figure,
    Heading,
    Item,
    Link,
    ListBlock,
    Note,
    Paragraph,
    Quote,
    Strong,
    Table,
    Text,
)
from publisher.digests.walk import lines, links


def link(number: int) -> Link:
    return Link(f"https://example.org/{number}", (Text(str(number)),))


def test_every_link_is_found_wherever_it_stands_in_reading_order() -> None:
    blocks = (
        Paragraph((Text("a "), link(1), Strong((Text("b"), Emphasis((link(2),)))))),
        Heading(3, (link(3),)),
        ListBlock((Item((Paragraph((link(4),)), ListBlock((Item((Paragraph((link(5),)),)),)))),)),
        Quote((Paragraph((link(6),)),), "somebody"),
        Figure("alt", (link(7),), "credit", "https://example.org/picture.png"),
        Table(("left",), ((link(8),),), (((link(9),),),)),
        Note(1, (Paragraph((link(10),)),)),
    )
    found = [each.href for line in lines(blocks) for each in links(line)]
    assert found == [f"https://example.org/{number}" for number in range(1, 11)]
