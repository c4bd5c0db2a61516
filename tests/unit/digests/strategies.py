"""Any digest at all, and texts whose words are known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypeVar

from hypothesis import strategies as st

from publisher.digests.model import (
    Block,
    Code,
    CodeSpan,
    Digest,
    Emphasis,
    Figure,
    Heading,
    Inline,
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

_Kind = TypeVar("_Kind")

strings = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
numbers = st.integers(1, 99)


def _tuples(of: st.SearchStrategy[_Kind]) -> st.SearchStrategy[tuple[_Kind, ...]]:
    return st.lists(of, max_size=3).map(tuple)


inlines: st.SearchStrategy[Inline] = st.recursive(
    st.builds(Text, strings) | st.builds(CodeSpan, strings) | st.just(LineBreak()) | st.builds(NoteMark, numbers),
    lambda inner: (
        st.builds(Strong, _tuples(inner))
        | st.builds(Emphasis, _tuples(inner))
        | st.builds(Link, st.just("https://example.org/"), _tuples(inner))
    ),
    max_leaves=4,
)
lines = _tuples(inlines)
figures = st.builds(Figure, strings, lines, strings, st.sampled_from(["", "asset:a.png", "https://example.org/a"]))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 3))
    row = st.tuples(*[lines] * width)
    alignments = draw(st.tuples(*[st.sampled_from(("left", "right", "center", "none"))] * width))
    return Table(alignments, draw(st.just(()) | row), tuple(draw(st.lists(row, max_size=2))))


blocks: st.SearchStrategy[Block] = st.recursive(
    st.builds(Paragraph, lines)
    | st.builds(Heading, st.integers(3, 6), lines)
    | figures
    | tables()
    | st.builds(Code, strings)
    | st.just(Rule()),
    lambda inner: (
        st.builds(ListBlock, st.lists(st.builds(Item, _tuples(inner)), max_size=3).map(tuple), st.none() | numbers)
        | st.builds(Quote, _tuples(inner), strings)
        | st.builds(Note, numbers, _tuples(inner))
    ),
    max_leaves=5,
)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
digests = st.builds(
    Digest,
    newsletter=st.just("daily"),
    slug=st.just("a-slug"),
    title=strings,
    date=st.dates(date(1970, 1, 1), date(2199, 1, 1)),
    language=st.sampled_from(["en", "pt-BR"]),
    direction=st.sampled_from(["ltr", "rtl"]),
    lead=_tuples(blocks),
    sections=st.lists(st.builds(Section, strings, strings, _tuples(blocks)), max_size=2).map(tuple),
    author=strings,
    image=st.none() | figures,
    publish_at=st.none() | moments,
)
