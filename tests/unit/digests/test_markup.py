"""HTML of strangers becomes plain blocks: no word is lost, no markup stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.markup import MAX_CHARACTERS, MAX_DEPTH, MAX_TAGS, bare, blocks_of, plain_text
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
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
)
from publisher.digests.walk import lines, links, texts

BASE = "https://wire.example.org/news/"


def said(*words: str) -> Paragraph:
    return Paragraph(tuple(Text(word) for word in words))


EACH: list[tuple[str, tuple[Block, ...]]] = [
    ("One", (said("One"),)),
    ("<p>One</p>two<div>three</div>", (said("One"), said("two"), said("three"))),
    ("<b>x</b><p><strong> </strong></p>", (Paragraph((Strong((Text("x"),)),)),)),
    ("<em>x</em> <i>y</i>", (Paragraph((Emphasis((Text("x"),)), Text(" "), Emphasis((Text("y"),)))),)),
    ("a<br>b<br>", (Paragraph((Text("a"), LineBreak(), Text("b"))),)),
    ("<code>a  b</code>", (Paragraph((CodeSpan("a b"),)),)),
    ("<h1>a</h1><h6>b</h6>", (Heading(4, (Text("a"),)), Heading(6, (Text("b"),)))),
    ("<ul><li>a<li><p>b</ul>", (ListBlock((Item((said("a"),)), Item((said("b"),)))),)),
    ("<ol start=3><li>a</ol>", (ListBlock((Item((said("a"),)),), 3),)),
    ("<ol start=-3><li>a</ol>", (ListBlock((Item((said("a"),)),), 1),)),
    ("<blockquote>a<p>b</blockquote>", (Quote((said("a"), said("b"))),)),
    ("<pre>a\n  b</pre>", (Code("a\n  b"),)),
    ("a<hr>b", (said("a"), Rule(), said("b"))),
    ("<table><tr><td>a</table>", (said("a"),)),
    ("<dl><dt>a<dd>b</dl>", (said("a"), said("b"))),
    ("<span>a</span><font color=red>b</font>", (said("ab"),)),
    ("<a href='x'>a</a>", (Paragraph((Link(f"{BASE}x", (Text("a"),)),)),)),
    ("<a href='javascript:x'>a</a><a>b</a>", (said("ab"),)),
    ("<a href='/x'><b>a</b></a>", (Paragraph((Link("https://wire.example.org/x", (Strong((Text("a"),)),)),)),)),
    ("<ul></ul><blockquote></blockquote><p></p><table></table>", ()),
    ("", ()),
]


@pytest.mark.parametrize(("markup", "blocks"), EACH)
def test_each_element_becomes_what_it_means(markup: str, blocks: tuple[Block, ...]) -> None:
    assert blocks_of(markup, base=BASE) == blocks


def test_a_table_is_one_when_it_has_columns() -> None:
    (table,) = blocks_of("<table><tr><th>a<th>b<tr><td>c</table>")
    row = ((Text("a"),), (Text("b"),))
    assert table == Table(("none", "none"), row, (((Text("c"),), ()),))


@pytest.mark.parametrize(
    "markup",
    [
        "<script>evil</script>",
        "<style>evil</style>",
        "<iframe>evil</iframe>",
        "<svg><text>evil</text></svg>",
        "<form><button>evil</button></form>",
        "<!-- evil -->",
        "<img src=https://e.example.org/evil.png alt=evil>",
        "<p onclick=evil title=evil style='color:evil'></p>",
    ],
)
def test_what_is_no_text_goes(markup: str) -> None:
    assert plain_text(f"good {markup}") == "good"


def test_a_picture_stays_when_it_is_wanted_with_its_caption_but_none_that_counts_readers() -> None:
    markup = (
        "<figure><a href='/big'><img src='/pier.png' alt='A pier' width=600></a>"
        "<figcaption>The <b>pier</b></figcaption></figure>"
        "<p>a<img src='https://e.example.org/p.gif' width='1' height='1'>b<img src='x.png'></p>"
    )
    caption = (Text("The "), Strong((Text("pier"),)))
    assert blocks_of(markup, base=BASE, pictures=True) == (
        Figure("A pier", caption, src="https://wire.example.org/pier.png"),
        said("a"),
        said("b"),
        Figure(src=f"{BASE}x.png"),
    )
    assert blocks_of(markup, base=BASE) == (Paragraph(caption), said("a"), said("b"))


def depth(block: object) -> int:
    inner: tuple[object, ...] = getattr(block, "blocks", ()) or getattr(block, "items", ())
    return 1 + max(map(depth, inner), default=0)


@pytest.mark.parametrize("tag", ["<blockquote>", "<ul><li>", "<div>", "<table><tr><td>"])
def test_nothing_is_deeper_than_a_digest_may_be(tag: str) -> None:
    found = blocks_of(tag * 100 + "word")
    assert "word" in " ".join(texts(found))
    assert max(map(depth, found)) <= 2 * MAX_DEPTH + 2


@pytest.mark.parametrize(
    "markup",
    [
        "".join(f"<b x={number}><p>" for number in range(MAX_TAGS)) + "word",
        "<div>" * 10_000 + "word",
        "word " * MAX_CHARACTERS,
    ],
)
def test_what_would_take_long_is_plain_words(markup: str) -> None:
    (paragraph,) = blocks_of(markup)
    assert isinstance(paragraph, Paragraph)


def test_a_line_of_text_has_no_markup() -> None:
    assert bare(" <b>a</b> &amp;\n&lt;c&gt; 1 < 2 ") == "a & <c> 1 < 2"


TAGS = (
    "<p>|</p>|<b>|</b>|<i>|<a href='/x'>|</a>|<ul><li>|<li>|</ul>|<ol>|<br>|<blockquote>|</blockquote>|<h2>|</h2>|"
    "<pre>|</pre>|<table>|<tr>|<td>|<th>|</table>|<div>|</div>|<figure>|<figcaption>|</figure>|<hr>|<x-y>|<dd>|&shy;"
)
PIECES = st.sampled_from(TAGS.split("|"))


@settings(max_examples=200)
@given(st.lists(PIECES | st.integers(100, 999).map("w{0}".format), max_size=30))
def test_no_word_is_lost(pieces: list[str]) -> None:
    wanted = [piece for piece in pieces if piece.startswith("w")]
    found = " ".join(texts(blocks_of(" ".join(pieces)))).split()
    assert sorted(word for word in found if word.startswith("w")) == sorted(wanted)


@settings(max_examples=100)
@given(
    st.text(max_size=80) | st.lists(PIECES | st.text(max_size=4), max_size=20).map("".join), st.text(max_size=9)
)
def test_anything_becomes_blocks_whose_links_lead_somewhere(markup: str, base: str) -> None:
    found = blocks_of(markup, base=base, pictures=True)
    for line in lines(found):
        assert all(link.href.startswith(("http://", "https://", "mailto:", "tel:")) for link in links(line))
