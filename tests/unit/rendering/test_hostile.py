"""Whatever a digest says, it stays words: nothing of it acts in mail, page or entry."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.config import Theme
from publisher.digests.model import Code, CodeSpan, Digest, Figure, Heading, Quote, Section, Text
from publisher.editions import RenderedEdition
from publisher.rendering import Look, render

from .samples import ASSET, LOOK, SITE, bullets, line, link, noted, para, parsed, whole_html, whole_text

ATTACKS = (
    "<script>alert(1)</script>",
    "</td></tr></table><script src=//evil.example></script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="background:url(https://evil.example/x.png)',
    "</style><style>*{background:url(https://evil.example/)}",
    "</title><meta http-equiv=refresh content=0;url=https://evil.example/>",
    "<iframe src=https://evil.example></iframe>",
    "<svg onload=alert(1)><use href=data:x /></svg>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=https://evil.example/>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "<!--\" onerror='alert(1)' x=\"-->",
    "&{alert(1)};",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script><![CDATA[",
    "{{ 7 * 7 }} {% include 'page/style.css' %} {# x #}",
    "{{ look.site.templates }} %(newsletter)s %s {0}",
    "&lt;script&gt; &#60;script> &amp;",
    "Subject\r\nBcc: everybody@example.org\r\n\r\n<b>body</b>",
    "line\u2028separator\u2029and\u0085others",
    "\u202egnp.exe\u2066",
    "=3D=0A.\n.\n",
)
# fmt: off
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "div", "table", "thead", "tbody", "tr", "td", "th", "p",
    "h1", "h2", "h3", "h4", "h5", "h6", "a", "span", "strong", "em", "code", "sup", "br", "img", "blockquote",
    "pre", "link", "main", "header", "footer", "nav", "article", "section", "ul", "ol", "li", "figure",
    "figcaption", "small", "cite", "hr", "time",
}
ATTRIBUTES = {
    "role", "class", "style", "lang", "dir", "href", "src", "alt", "width", "height", "id", "name", "content",
    "charset", "aria-label", "aria-labelledby", "aria-roledescription", "aria-hidden", "tabindex", "scope",
    "rel", "type", "title", "media", "property", "datetime", "start", "loading", "data-label",
}
# fmt: on


def poisoned(attack: str) -> Digest:
    """A digest with `attack` wherever an editor's words may stand."""
    inside = line(attack, CodeSpan(attack))
    return Digest(
        newsletter="daily",
        slug="bad",
        title=f"Title {attack}",
        date=date(2024, 11, 21),
        language="en",
        direction="ltr",
        author=attack,
        image=Figure(alt=attack, caption=inside, credit=attack, src=ASSET, width=1104, height=620),
        lead=(para(attack), para(link("https://example.org/?a=1&b=%22", attack))),
        sections=tuple(
            Section(slug, f"{slug} {attack}", blocks)
            for slug, blocks in (
                ("one", (bullets(attack, (para(attack), bullets(attack))),)),
                ("two", (Quote((para(attack),), attack), Heading(3, inside))),
                ("three", (Code(attack), Figure(alt=attack, credit=attack))),
                ("four", (Figure(alt=attack, src="https://example.org/p.png"),)),
            )
        ),
    )


def poisoned_look(attack: str) -> Look:
    theme = Theme(footer=attack)
    return replace(
        LOOK,
        title=attack,
        description=attack,
        postal_address=attack,
        site=replace(SITE, title=attack, theme=theme),
    )


def documents(edition: RenderedEdition) -> dict[str, str]:
    return {
        "mail": whole_html(edition.blocks),
        "choice": whole_html(edition.blocks, ["two"]),
        "page": edition.page.decode(),
        "entry": edition.entry,
    }


def assert_harmless(document: str) -> None:
    tree: Any = parsed(f"<div>{document}</div>" if "<html" not in document else document)
    elements = [each for each in tree.iter() if isinstance(each.tag, str)]
    assert {each.tag for each in elements} <= ELEMENTS
    for each in elements:
        assert set(each.attrib) <= ATTRIBUTES, each.attrib
        assert "url(" not in each.get("style", "")
        for address in filter(None, (each.get("href"), each.get("src"))):
            assert re.match(r"https://|\.\./|#|[a-z]+\.xml$|[a-z]+\.json$|mailto:|tel:", address), address
    for sheet in tree.xpath("//style"):
        assert "evil" not in sheet.text_content()
    for comment in re.findall(r"<!--(.*?)-->", document, re.DOTALL):
        assert "alert" not in comment
    assert tree.xpath("//meta[@http-equiv] | //a[not(@href)]") == []


def skeleton(document: str) -> list[tuple[str, tuple[str, ...]]]:
    """What a document is made of, without a word of it."""
    return [(str(each.tag), tuple(sorted(map(str, each.attrib)))) for each in parsed(document).iter() if each.tag]


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{number}" for number in range(len(ATTACKS))])
def test_nothing_of_an_attack_acts(attack: str) -> None:
    edition = render(poisoned(attack), poisoned_look(attack), notes=noted(attack))
    plain = render(poisoned("harmless"), poisoned_look("harmless"), notes=noted("harmless"))
    kept = {"".join(word.split()) for word in attack.split()}
    for name, document in documents(edition).items():
        assert_harmless(document)
        text = "".join(parsed(f"<div>{document}</div>").text_content().split())
        assert [word for word in kept if word not in text] == [], name
    if len(attack.splitlines()) == 1:  # a line break in an address is one of ours
        for name, document in documents(edition).items():
            assert skeleton(document) == skeleton(documents(plain)[name]), name


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{number}" for number in range(len(ATTACKS))])
def test_the_text_part_stays_what_it_is(attack: str) -> None:
    edition = render(poisoned(attack), poisoned_look(attack), notes=noted(attack))
    text = whole_text(edition.blocks)
    assert "\r" not in text
    assert "49" not in text
    squeezed = "".join(text.split()).casefold()
    assert "".join(attack.split()).casefold() in squeezed
    assert text.count("Unsubscribe:") == 1


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{number}" for number in range(len(ATTACKS))])
def test_what_becomes_a_header_is_one_line(attack: str) -> None:
    for repeats in (False, True):
        edition = render(poisoned(attack), LOOK, title_repeats=repeats)
        for value in (edition.subject, edition.preheader, edition.summary):
            assert len(value.splitlines()) == 1


parts = st.lists(
    st.sampled_from([*ATTACKS, "word", " ", "<", ">", '"', "'", "&", "{{", "}}"]), min_size=1, max_size=4
)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(parts.map("".join))
def test_no_mixture_of_attacks_acts(attack: str) -> None:
    edition = render(poisoned(attack), poisoned_look(attack), notes=noted(attack))
    for document in documents(edition).values():
        assert_harmless(document)


def test_the_poison_is_in_every_place_that_holds_words() -> None:
    """A field that the model gains is poisoned here too, or this fails."""

    def silent(node: object) -> list[str]:
        if isinstance(node, tuple):
            return [each for one in node for each in silent(one)]
        if not is_dataclass(node):
            return []
        found = []
        for each in fields(node):
            value = getattr(node, each.name)
            known = {"src", "href", "slug", "newsletter", "language", "direction"}
            if isinstance(value, str) and each.name not in known and value and "POISON" not in value:
                found.append(f"{type(node).__name__}.{each.name}")
            found += silent(value)
        return found

    assert silent(poisoned("POISON")) == []
    assert Text("POISON") in poisoned("POISON").lead[0].inlines  # type: ignore[union-attr]
