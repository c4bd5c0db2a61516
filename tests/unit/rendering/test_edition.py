"""What every rendered edition guarantees, whatever the digest says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings

from publisher.digests.model import (
    Block,
    Digest,
    Figure,
    Item,
    Link,
    ListBlock,
    NoteMark,
    Paragraph,
    Quote,
    Section,
    Strong,
    Text,
)
from publisher.editions import BlockKind, EditionBlock, Field, FieldName, Note, RenderedEdition
from publisher.errors import RenderError
from publisher.rendering import Look, render

from .samples import (
    ARABIC_LOOK,
    ASSET,
    LOOK,
    NOTED_AT,
    RICH,
    RTL,
    assert_golden,
    bullets,
    noted,
    para,
    parsed,
    real,
    whole_html,
    whole_text,
)
from .strategies import digests

CORRECTIONS = (
    Note(datetime(2024, 11, 22, 13, tzinfo=UTC), "The pilot's name is <Ada> & not Eda."),
    noted("The fee was given as $1,300; it is $1,200.")[0],
)
NOTE = "The fee was given as $1,300; it is $1,200."
SAMPLES: dict[str, tuple[Digest, Look, tuple[Note, ...]]] = {
    "rich": (RICH, LOOK, noted(NOTE)),
    "rtl": (RTL, ARABIC_LOOK, ()),
    "real": (real(), LOOK, ()),
}


def words_of(node: object) -> Iterator[str]:
    """Every word that an editor wrote, but alt text where a caption stands, and what is no text."""
    if isinstance(node, tuple):
        for each in node:
            yield from words_of(each)
    elif isinstance(node, Figure) and not node.caption:
        yield from f"{node.alt} {node.credit}".split()
    elif is_dataclass(node):
        silent = {"href", "src", "slug", "newsletter", "language", "direction", "alignments", "alt"}
        for each in fields(node):
            if each.name not in silent:
                yield from words_of(getattr(node, each.name))
    elif isinstance(node, str):
        yield from node.split()


def shown(document: str) -> str:
    """A document's text with all white space gone, alt texts with it, without what a style sheet says."""
    tree = parsed(document)
    for hidden in tree.xpath("//style | //head"):
        hidden.drop_tree()
    return squeeze(tree.text_content() + "".join(tree.xpath("//img/@alt")))


def squeeze(text: str) -> str:
    return "".join(text.split())


def lost(words: Iterable[str], document: str) -> list[str]:
    return [word for word in words if word not in document]


class Balance(HTMLParser):
    """Fails on any end tag that does not close the element that was opened last."""

    VOID = frozenset({"br", "hr", "img", "meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    @classmethod
    def of(cls, document: str) -> list[str]:
        """The elements that `document` leaves open."""
        parser = cls()
        parser.feed(document)
        parser.close()
        return parser.open


def kinds(edition: RenderedEdition) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.section) for block in edition.blocks]


@pytest.mark.parametrize("name", SAMPLES)
def test_golden(name: str) -> None:
    digest, look, notes = SAMPLES[name]
    edition = render(digest, look, notes=notes)
    assert_golden(f"rendering/{name}.mail.html", whole_html(edition.blocks).encode())
    assert_golden(f"rendering/{name}.mail.txt", whole_text(edition.blocks).encode())
    assert_golden(f"rendering/{name}.page.html", edition.page)
    assert_golden(f"rendering/{name}.entry.html", edition.entry.encode())


def test_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib; from publisher.rendering import render;"
        "from tests.unit.rendering.samples import RICH, LOOK;"
        "print(hashlib.sha256(repr(render(RICH, LOOK)).encode()).hexdigest())"
    )
    root = Path(__file__).resolve().parents[3]
    results = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland"))
    }
    assert len(results) == 1


def test_blocks_are_in_order_and_named() -> None:
    assert kinds(render(RICH, LOOK)) == [
        (BlockKind.OPENING, ""),
        (BlockKind.LEAD, ""),
        (BlockKind.CONTENTS, ""),
        *((BlockKind.SECTION, section.slug) for section in RICH.sections),
        (BlockKind.CHOICE, ""),
        (BlockKind.CLOSING, ""),
    ]
    bare = Digest("daily", "bare", "Bare", date(2024, 1, 1), "en", "ltr", (), ())
    assert [kind for kind, _ in kinds(render(bare, LOOK))] == [
        BlockKind.OPENING,
        BlockKind.LEAD,
        BlockKind.CLOSING,
    ]


def test_any_choice_of_sections_is_a_whole_document() -> None:
    blocks = render(RICH, LOOK).blocks
    for count in range(1, len(RICH.sections) + 1):
        for chosen in combinations(RICH.sections, count):
            wanted = [section.slug for section in chosen]
            document = whole_html(blocks, wanted)
            assert Balance.of(document) == []
            tree = parsed(document)
            assert tree.xpath("//h2/text()") == [section.name for section in chosen]
            assert tree.xpath("//a[@name]/@name") == wanted
            whole = chosen == RICH.sections
            assert tree.xpath("//*[@role='navigation']//a/@href") == (
                [f"#{slug}" for slug in wanted] if whole else []
            )
            for mail in (document, whole_text(blocks, wanted)):
                assert ("These are the sections you chose" in " ".join(mail.split())) is not whole


@settings(max_examples=20, deadline=None, derandomize=True)
@given(digests())
def test_no_word_is_lost_and_nothing_breaks_out(digest: Digest) -> None:
    edition = render(digest, LOOK)
    words = set(words_of((digest.title, digest.lead, digest.sections)))
    mail, page = whole_html(edition.blocks), edition.page.decode()
    for block in edition.blocks:
        if block.kind in {BlockKind.LEAD, BlockKind.SECTION}:
            assert Balance.of("".join(map(str, block.html))) == []
    assert Balance.of(mail) == Balance.of(page) == Balance.of(edition.entry) == []
    assert lost(words, shown(mail)) == []
    assert lost(words, shown(page)) == []
    assert lost(words_of((digest.lead, digest.sections)), shown(f"<div>{edition.entry}</div>")) == []
    # Section names are in capitals, and a wide word may go on in the next line, after the sign of a quote.
    text = squeeze(whole_text(edition.blocks)).casefold().replace(">", "")
    assert lost((word.casefold().replace(">", "") for word in words), text) == []


def test_fields_stand_in_both_kinds_of_mail() -> None:
    for digest, look, notes in SAMPLES.values():
        for form in ("html", "text"):
            parts = [part for block in render(digest, look, notes=notes).blocks for part in getattr(block, form)]
            names = {part.name for part in parts if isinstance(part, Field)}
            assert names == set(FieldName)
            assert not any(isinstance(part, str) and re.search("q[0-9a-f]{32}", part) for part in parts)


def test_subject_carries_the_date_when_titles_repeat() -> None:
    assert render(RICH, LOOK).subject == RICH.title
    assert render(RICH, LOOK, title_repeats=True).subject == f"{RICH.title} – November 21, 2024"
    german = replace(LOOK, language="de")
    assert render(RICH, german, title_repeats=True).subject == f"{RICH.title} – 21. November 2024"


def test_mail_of_a_real_digest_stays_below_the_clip() -> None:
    assert len(whole_html(render(real(), LOOK).blocks).encode()) < 60_000


def test_pictures_are_absolute_in_mail_and_entry_and_relative_on_the_page() -> None:
    edition = render(RICH, LOOK)
    name = ASSET.removeprefix("asset:")
    for document in (whole_html(edition.blocks), edition.entry):
        assert f'src="https://news.example.org/assets/{name}"' in document
        assert re.findall(r'src="(?!https://)', document) == []
    assert f'src="../../assets/{name}"' in edition.page.decode()


def test_a_picture_that_the_text_shows_is_not_shown_twice() -> None:
    twice = replace(RICH, lead=(*RICH.lead, Figure(alt="The crane", src=ASSET)))
    assert render(twice, LOOK).entry.count(ASSET.removeprefix("asset:")) == 1


def test_page_opens_from_disk_and_names_its_feeds() -> None:
    page = parsed(render(RICH, LOOK).page)
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://news.example.org/daily/harbour-opens/"]
    assert page.xpath("//link[@rel='alternate']/@href") == ["../atom.xml", "../rss.xml", "../feed.json"]
    own = [href for href in page.xpath("//header//a/@href | //footer//a/@href") if not href.startswith("../")]
    assert own == []
    assert {"../../index.html", "../index.html"} <= set(page.xpath("//a/@href"))
    assert page.xpath("//script") == []
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {section.slug for section in RICH.sections} <= set(ids)
    for target in page.xpath("//a[starts-with(@href, '#')]/@href"):
        assert target[1:] in ids


def test_a_mark_without_its_note_is_no_link() -> None:
    lone = replace(RICH, sections=(Section("a", "A", (para("so", NoteMark(1)),)),))
    for document in (render(lone, LOOK).page.decode(), whole_html(render(lone, LOOK).blocks)):
        assert parsed(document).xpath("//a[starts-with(@href, '#note')]") == []
        assert parsed(document).xpath("//sup/text()") == ["1"]


def test_entry_brings_no_style_and_no_relative_address() -> None:
    for digest, look, notes in SAMPLES.values():
        entry = parsed(f"<div>{render(digest, look, notes=notes).entry}</div>")
        assert entry.xpath("//@style | //@class | //@id | //style | //script") == []
        assert all(re.match("https?:|mailto:|tel:", url) for url in entry.xpath("//@href | //@src"))


def test_golden_correction() -> None:
    """A second correction on the next day, in German, on a clock on which that is yet another day."""
    german = replace(RICH, language="de", title="Der Hafen öffnet wieder", author="")
    look = replace(LOOK, language="de", timezone="Pacific/Auckland")
    edition = render(german, look, notes=CORRECTIONS)
    assert_golden("rendering/corrected.mail.html", whole_html(edition.blocks).encode())
    assert_golden("rendering/corrected.mail.txt", whole_text(edition.blocks).encode())
    assert_golden("rendering/corrected.page.html", edition.page)
    assert_golden("rendering/corrected.entry.html", edition.entry.encode())


def test_every_note_is_shown_with_its_day_the_newest_first() -> None:
    """Whoever skipped the first correction has not been told of it: one mail says all."""
    edition = render(RICH, LOOK, notes=CORRECTIONS)
    html = (edition.page.decode(), f"<div>{edition.entry}</div>", whole_html(edition.blocks))
    first = next(words_of(RICH.sections[0].blocks))
    said = (
        f"Correction, November 22, 2024: {CORRECTIONS[0].text}",
        f"Correction, November 21, 2024: {CORRECTIONS[1].text}",
        first,
    )
    for document in (*map(shown, html), squeeze(whole_text(edition.blocks))):
        places = [document.rindex(squeeze(words)) for words in said]
        assert places == sorted(places)
    for machines in (edition.page.decode(), edition.entry):
        moments = re.findall('<time datetime="(2024-11-2[0-9]T[^"]+)"', machines)
        assert moments == ["2024-11-22T13:00:00+00:00", "2024-11-21T09:30:00+00:00"]
    assert edition == render(RICH, LOOK, notes=CORRECTIONS[::-1])


def test_of_two_notes_of_one_moment_the_later_one_is_first() -> None:
    both = [Note(NOTED_AT, "The first."), Note(NOTED_AT, "The second.")]
    entry = render(RICH, LOOK, notes=both).entry
    assert entry.index("The second.") < entry.index("The first.")


def test_a_minor_correction_is_not_said_in_the_mail() -> None:
    edition, first = render(RICH, LOOK, notes=[Note(NOTED_AT, "A comma.", minor=True)]), render(RICH, LOOK)
    assert (edition.subject, edition.preheader, edition.blocks) == (first.subject, first.preheader, first.blocks)
    assert "A comma." in edition.page.decode()
    assert "A comma." in edition.entry


def test_a_minor_correction_after_another_leaves_that_one_in_the_mail() -> None:
    both = [Note(NOTED_AT, "The name."), Note(NOTED_AT, "A comma.", minor=True)]
    edition, before = render(RICH, LOOK, notes=both), render(RICH, LOOK, notes=both[:1])
    assert (edition.subject, edition.preheader, edition.blocks) == (
        before.subject,
        before.preheader,
        before.blocks,
    )


def test_the_corrections_are_a_place_that_screen_readers_can_go_to() -> None:
    (region,) = parsed(render(RICH, LOOK, notes=CORRECTIONS).page).xpath("//main//section[@aria-label]")
    assert region.get("aria-label") == "Corrections"
    assert len(region.xpath("./p")) == 2
    assert parsed(render(RICH, LOOK).page).xpath("//section[@aria-label]") == []


def test_the_date_of_a_note_is_the_newsletters() -> None:
    late = [Note(datetime(2024, 11, 21, 23, 30, tzinfo=UTC), "x")]
    assert "Correction, November 22, 2024:" in whole_text(
        render(RICH, replace(LOOK, timezone="Europe/Kyiv"), notes=late).blocks
    )
    assert "Correction, November 21, 2024:" in whole_text(
        render(RICH, replace(LOOK, timezone="America/New_York"), notes=late).blocks
    )


@pytest.mark.parametrize(
    ("language", "subject", "label"),
    [
        ("en", "Corrected: ", "Correction, November 21, 2024:"),
        ("de", "Korrigiert: ", "Korrektur vom 21. November 2024:"),
        ("fr", "Corrigé\u00a0: ", "Correction du 21 novembre 2024\u00a0:"),
        ("es", "Corregido: ", "Corrección del 21 de noviembre de 2024:"),
        ("uk", "Виправлено: ", "Виправлення від 21 листопада 2024\u00a0р.:"),
        ("ar", "مصحَّح: ", "تصحيح بتاريخ 21 نوفمبر 2024:"),
    ],
)
def test_a_correction_speaks_the_newsletters_language(language: str, subject: str, label: str) -> None:
    edition = render(replace(RICH, language=language), replace(LOOK, language=language), notes=noted("x"))
    assert edition.subject == subject + RICH.title
    assert label in whole_text(edition.blocks)


def test_the_first_edition_says_nothing_of_corrections() -> None:
    edition = render(RICH, LOOK, notes=[Note(NOTED_AT, " \n")])
    assert edition == render(RICH, LOOK)
    assert edition.subject == RICH.title
    assert b"article:modified_time" not in edition.page


def test_the_preview_line_says_what_was_wrong_and_then_what_is_in_it() -> None:
    first = render(RICH, LOOK).preheader
    assert render(RICH, LOOK, notes=noted("It is $3.")).preheader == f"It is $3. {first}"
    assert render(RICH, LOOK, notes=noted("It is $3")).preheader == f"It is $3 – {first}"
    assert len(render(RICH, LOOK, notes=noted("word " * 90)).preheader) <= 160


def test_correction_note_stands_in_all_four() -> None:
    edition = render(RICH, LOOK, notes=noted(NOTE))
    for document in (whole_html(edition.blocks), whole_text(edition.blocks), edition.page.decode(), edition.entry):
        assert NOTE in " ".join(document.split())
        assert "Correction, November 21, 2024:" in re.sub("<[^>]+>", "", document)
    assert "Correction" not in render(RICH, LOOK).entry


def test_direction_and_language_are_said() -> None:
    edition = render(RTL, ARABIC_LOOK)
    for document in (whole_html(edition.blocks), edition.page.decode()):
        assert '<html lang="ar" dir="rtl">' in document
    assert edition.entry.startswith('<div dir="rtl" lang="ar">')
    mail = whole_html(edition.blocks)
    assert "border-right:3px solid" in mail
    assert "border-left" not in mail


def nested(depth: int) -> Block:
    block: Block = para("the innermost")
    for level in range(depth):
        block = ListBlock((Item((para(f"level {level}"), block)),)) if level % 2 else Quote((block,))
    return block


def test_twenty_levels_keep_their_innermost_word() -> None:
    strong: Strong | Text = Text("deep in the line")
    for _ in range(20):
        strong = Strong((strong,))
    digest = replace(RICH, lead=(nested(20), Paragraph((strong,))))
    edition = render(digest, LOOK)
    for document in (whole_html(edition.blocks), whole_text(edition.blocks), edition.page.decode(), edition.entry):
        assert "the innermost" in document
        assert "deep in the line" in document


def test_two_thousand_items_are_all_there() -> None:
    digest = replace(RICH, sections=(Section("many", "Many", (bullets(*(f"item {n}." for n in range(2000))),)),))
    edition = render(digest, LOOK)
    for document in (whole_html(edition.blocks), whole_text(edition.blocks), edition.page.decode()):
        assert re.findall(r"item (\d+)\.", document) == [str(n) for n in range(2000)]


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//example.org/x", "JavaScript:x", ""]
)
def test_links_lead_only_where_readers_may_go(href: str) -> None:
    digest = replace(RICH, lead=(Paragraph((Link(href, (Text("x"),)),)),))
    with pytest.raises(RenderError, match="a link leads to"):
        render(digest, LOOK)


@pytest.mark.parametrize("src", ["javascript:x", "asset:../../etc", "asset:", "/etc/passwd", "asset:a\\b"])
def test_pictures_come_only_from_the_web_or_from_us(src: str) -> None:
    with pytest.raises(RenderError, match="no address of a picture"):
        render(replace(RICH, lead=(Figure(alt="x", src=src),)), LOOK)


def test_half_a_character_is_a_render_error() -> None:
    with pytest.raises(RenderError):
        render(replace(RICH, title="half \ud800"), LOOK)


def test_a_site_below_a_path_keeps_it() -> None:
    look = Look(site=replace(LOOK.site, url="https://example.org/news/"), slug="daily", title="Daily")
    assert 'href="https://example.org/news/daily/harbour-opens/"' in whole_html(render(RICH, look).blocks)


def test_blocks_hold_no_empty_literals() -> None:
    def literals(block: EditionBlock) -> list[str]:
        return [part for part in (*block.html, *block.text) if isinstance(part, str)]

    assert all(part for block in render(RICH, LOOK).blocks for part in literals(block))


def test_the_newsletters_own_words_keep_their_direction_in_the_footer() -> None:
    look = replace(LOOK, language="ar", description="كل يوم.", postal_address="المرفأ، 1.")
    tree = parsed(whole_html(render(RICH, look).blocks))
    for own in ("كل يوم.", "المرفأ، 1."):
        (span,) = tree.xpath(f"//span[text()='{own}']")
        assert (span.get("lang"), span.get("dir")) == ("ar", "rtl")


def test_no_section_takes_the_address_of_the_text_itself() -> None:
    named = replace(RICH, sections=tuple(replace(section, slug="main") for section in RICH.sections[:1]))
    ids = parsed(render(named, LOOK).page).xpath("//@id")
    assert "main" in ids
    assert len(ids) == len(set(ids))
    assert parsed(render(named, LOOK).page).xpath("//main/@id") == ["page:text"]
