"""Digests made up by hypothesis: every block and inline, nested, with words that can be found again."""

from __future__ import annotations

import string
from datetime import date

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

_MARKUP = ["<b>", "</p>", "{{ x }}", "{% if %}", "&amp;", "<!--", "-->", "]]>", '"', "'", "=3D", "\\", "%s", "$1"]
_LETTERS = string.ascii_letters + string.digits + ".,-ßéжאم漢🐟\u0301\u200f"
words = st.one_of(st.sampled_from(_MARKUP), st.text(_LETTERS, min_size=1, max_size=12))
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)
hrefs = st.sampled_from(
    ["https://example.org/a?b=1&c=%20", "http://example.com/ü", "mailto:a@example.org", "tel:+49123"]
)

inlines: st.SearchStrategy[Inline] = st.recursive(
    st.one_of(
        st.builds(Text, texts),
        st.builds(CodeSpan, texts),
        st.just(LineBreak()),
        st.builds(NoteMark, st.integers(1, 3)),
    ),
    lambda inner: st.one_of(
        st.builds(Strong, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Emphasis, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Link, hrefs, st.lists(inner, min_size=1, max_size=2).map(tuple)),
    ),
    max_leaves=5,
)
lines = st.lists(inlines, min_size=1, max_size=4).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.integers(1, 4))
    row = st.tuples(*[lines] * columns)
    alignment = st.sampled_from(["left", "right", "center", "none"])
    return Table(
        draw(st.tuples(*[alignment] * columns)),
        draw(st.one_of(st.just(()), row)),
        tuple(draw(st.lists(row, min_size=1, max_size=3))),
    )


figures = st.builds(
    Figure,
    alt=texts,
    caption=st.one_of(st.just(()), lines),
    credit=st.one_of(st.just(""), texts),
    src=st.sampled_from(["", "https://example.org/p.png", "asset:" + "0" * 32 + ".png"]),
    width=st.sampled_from([0, 300, 1104]),
    height=st.sampled_from([0, 1, 620]),
)
blocks: st.SearchStrategy[Block] = st.recursive(
    st.one_of(
        st.builds(Paragraph, lines),
        st.builds(Heading, st.integers(3, 6), lines),
        figures,
        tables(),
        st.builds(Code, texts.map(lambda text: text.replace(" ", "\n"))),
        st.just(Rule()),
    ),
    lambda inner: st.one_of(
        st.builds(
            ListBlock,
            st.lists(
                st.builds(Item, st.lists(inner, min_size=1, max_size=3).map(tuple)), min_size=1, max_size=3
            ).map(tuple),
            st.one_of(st.none(), st.integers(0, 2000)),
        ),
        st.builds(Quote, st.lists(inner, min_size=1, max_size=2).map(tuple), st.one_of(st.just(""), texts)),
        st.builds(Note, st.integers(1, 3), st.lists(inner, min_size=1, max_size=2).map(tuple)),
    ),
    max_leaves=6,
)


@st.composite
def digests(draw: st.DrawFn) -> Digest:
    names = draw(st.lists(texts, max_size=3))
    direction = draw(st.sampled_from(["ltr", "rtl"]))
    return Digest(
        newsletter="daily",
        slug="made-up",
        title=draw(texts),
        date=date(2024, 11, 21),
        language="ar" if direction == "rtl" else "en",
        direction="rtl" if direction == "rtl" else "ltr",
        lead=tuple(draw(st.lists(blocks, max_size=3))),
        sections=tuple(
            Section(f"section-{number}", name, tuple(draw(st.lists(blocks, max_size=3))))
            for number, name in enumerate(names)
        ),
        author=draw(st.one_of(st.just(""), texts)),
    )
