"""The parts of a mail: masthead and logo, contents, figures, tables, the word about a choice, the footer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from publisher.config import Theme
from publisher.digests.model import Code, CodeSpan, Digest, Figure, Note, Quote, Section, Table
from publisher.editions import BlockKind, FieldName
from publisher.rendering import Logo, Look, render

from .samples import (
    ARABIC_LOOK,
    ASSET,
    LOOK,
    RICH,
    RTL,
    SITE,
    VALUES,
    bullets,
    line,
    para,
    parsed,
    real,
    whole_html,
    whole_text,
)

LIGHT = Logo(f"asset:{'1' * 32}.png", 180, 40)
DARK = Logo(f"asset:{'2' * 32}.png", 170, 42)
ASSETS = "https://news.example.org/assets/"


def look(logo: Logo | None = None, logo_dark: Logo | None = None, **theme: Any) -> Look:
    return replace(LOOK, site=replace(SITE, logo=logo, logo_dark=logo_dark, theme=Theme(**theme)))


def mail(digest: Digest = RICH, of: Look = LOOK) -> Any:
    return parsed(whole_html(render(digest, of).blocks))


def page(digest: Digest = RICH, of: Look = LOOK) -> Any:
    return parsed(render(digest, of).page)


def only(*blocks: Any) -> Digest:
    return replace(RICH, image=None, lead=(), sections=(Section("s", "S", blocks),))


# --- masthead ----------------------------------------------------------------------------------------------------


def test_without_a_logo_the_name_is_the_wordmark() -> None:
    for document in (mail(), page()):
        (mark,) = document.xpath("//p[contains(@class, 'wordmark')]")
        assert mark.text_content() == LOOK.title
        assert document.xpath("//img[contains(@class, 'logo')]") == []


def test_a_logo_is_named_after_the_newsletter_and_has_its_size() -> None:
    (image,) = mail(of=look(LIGHT)).xpath("//img[contains(@class, 'logo')]")
    assert (image.get("alt"), image.get("width"), image.get("height")) == (LOOK.title, "180", "40")
    assert image.get("src") == ASSETS + LIGHT.src.removeprefix("asset:")
    assert "max-width:100%" in image.get("style")
    (image,) = page(of=look(LIGHT)).xpath("//img[contains(@class, 'logo')]")
    assert (image.get("alt"), image.get("width"), image.get("height")) == (LOOK.title, "180", "40")
    assert image.get("src") == "../../assets/" + LIGHT.src.removeprefix("asset:")


def test_a_logo_alone_stands_on_light_ground_in_the_dark() -> None:
    document = whole_html(render(RICH, look(LIGHT)).blocks)
    assert re.search(r"\.plate \{[^}]*background-color: #ffffff !important", document)
    assert parsed(document).xpath("//img[contains(@class, 'plate')]")
    assert "plate" not in whole_html(render(RICH, look(LIGHT, DARK)).blocks)


def test_of_two_logos_one_is_seen() -> None:
    document = whole_html(render(RICH, look(LIGHT, DARK)).blocks)
    day, night = parsed(document).xpath("//p[contains(@class, 'wordmark')]")
    assert "display:none" not in day.get("style")
    assert "display:none" in night.get("style")
    assert night.xpath("img/@height") == ["42"]
    for scheme in ("@media (prefers-color-scheme: dark)", "[data-ogsc]"):
        rules = document[document.index(scheme) :]
        assert re.search(r"\.day \{ display: none !important", rules)
        assert re.search(r"\.night \{ display: block !important", rules)
    (source,) = page(of=look(LIGHT, DARK)).xpath("//picture/source[contains(@media, 'dark')]")
    assert source.get("srcset") == "../../assets/" + DARK.src.removeprefix("asset:")


def test_name_and_date_are_read_in_the_newsletters_language() -> None:
    foreign = replace(RICH, language="de")
    for document in (mail(foreign), page(foreign)):
        for name in ("wordmark", "date"):
            (shown,) = document.xpath(f"//body//p[contains(concat(' ', @class, ' '), ' {name} ')]")
            assert shown.xpath("string(ancestor-or-self::*[@lang][1]/@lang)") == LOOK.language


# --- contents ----------------------------------------------------------------------------------------------------


def test_contents_begin_with_four_sections() -> None:
    three = replace(RICH, sections=RICH.sections[:3])
    assert BlockKind.CONTENTS not in [block.kind for block in render(three, LOOK).blocks]
    assert mail(three).xpath("//*[@role='navigation'] | //a[starts-with(@href, '#')]") == []
    assert "In this issue" not in whole_text(render(three, LOOK).blocks)
    (names,) = mail().xpath("//*[@role='navigation']")
    assert names.get("aria-label") == "In this issue"
    assert names.xpath(".//a/text()") == [section.name for section in RICH.sections]


def test_every_name_leads_to_an_empty_anchor_that_is_there_once() -> None:
    document = mail()
    targets = [href.removeprefix("#") for href in document.xpath("//*[@role='navigation']//a/@href")]
    anchors = document.xpath("//a[@name]")
    assert targets == [anchor.get("name") for anchor in anchors]
    for anchor in anchors:
        assert anchor.get("id") == anchor.get("name")
        assert anchor.text_content() == ""
        assert (anchor.get("aria-hidden"), anchor.get("tabindex")) == ("true", "-1")
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_the_text_part_names_the_sections_after_the_lead() -> None:
    text = " ".join(whole_text(render(RICH, LOOK).blocks).split())
    assert "what it costs. In this issue: Ships & crews; Money; What comes next; Nothing but a line SHIPS" in text
    arabic = replace(RTL, sections=tuple(replace(RTL.sections[0], slug=f"s{n}") for n in range(4)))
    assert "السفن؛ السفن" in whole_text(render(arabic, ARABIC_LOOK).blocks)


# --- a reader's choice -------------------------------------------------------------------------------------------


def test_a_choice_is_said_only_to_who_left_something_out() -> None:
    blocks = render(RICH, LOOK).blocks
    said = "These are the sections you chose"
    every = [section.slug for section in RICH.sections]
    for whole in (None, every, ["gone"], []):
        assert said not in whole_html(blocks, whole)
        assert said not in whole_text(blocks, whole)
    assert said in whole_html(blocks, ["money"])
    assert said in whole_text(blocks, ["money"])


def test_a_digest_of_one_section_has_no_word_about_choices() -> None:
    assert BlockKind.CHOICE not in [block.kind for block in render(only(para("x")), LOOK).blocks]


# --- footer ------------------------------------------------------------------------------------------------------


def test_the_footer_says_who_why_and_what_to_do() -> None:
    edition = render(RICH, look(footer="Printed on the quay."))
    html = parsed(whole_html(edition.blocks))
    said = " ".join(html.xpath("//td[contains(@class, 'closing')]")[0].text_content().split())
    assert "Harbour Press sent this to reader@example.net because you subscribed to The Harbour Daily." in said
    assert "1 Quay Street, Port Example Printed on the quay." in said.replace("PressP", "Press P")
    links = [
        VALUES[FieldName.PREFERENCES_URL],
        VALUES[FieldName.UNSUBSCRIBE_URL],
        "https://news.example.org/daily/harbour-opens/",
        "https://news.example.org/daily/atom.xml",
    ]
    assert html.xpath("//a[contains(@class, 'exit')]/@href") == links
    text = whole_text(edition.blocks)
    assert [text.index(each) for each in links] == sorted(text.index(each) for each in links)
    assert "Harbour Press sent this because you subscribed to The Harbour Daily." in " ".join(text.split())
    assert text.endswith("1 Quay Street, Port Example\n\nPrinted on the quay.\n")
    assert "Printed on the quay." in edition.page.decode()
    assert "Printed" not in edition.entry


def test_unsubscribing_looks_like_any_other_link_of_the_footer() -> None:
    links = mail().xpath("//a[contains(@class, 'exit')]")
    assert len({(link.get("class"), link.get("style")) for link in links}) == 1


# --- figures -----------------------------------------------------------------------------------------------------


def test_pictures_have_their_size_and_shrink_with_the_column() -> None:
    large, small = Figure("l", src=ASSET, width=1104, height=620), Figure("s", src=ASSET, width=300, height=200)
    far = Figure("f", src="https://example.org/p.png")
    first, second, third = mail(only(large, small, far)).xpath("//td[@class='picture']/img")
    for image, width, height in ((first, "552", "310"), (second, "300", "200")):
        assert (image.get("width"), image.get("height")) == (width, height)
        style = image.get("style").replace(" ", "")
        assert f"max-width:{width}px" in style
        assert "width:100%" in style
        assert "height:auto" in style
    assert (third.get("width"), third.get("height")) == ("552", None)
    assert "width:auto" in third.get("style").replace(" ", "")


def test_pictures_inside_lists_and_quotes_fit_into_them() -> None:
    """Outlook goes by the attribute alone."""
    picture = Figure("x", src=ASSET, width=1104, height=1104)
    blocks = (bullets((picture, bullets((picture,)))), Quote((picture,)), Note(1, (picture,)))
    widths = [int(width) for width in mail(only(*blocks)).xpath("//td[@class='picture']/img/@width")]
    assert widths == [552 - 20, 552 - 40, 552 - 23, 552 - 20]


def test_the_page_keeps_room_for_pictures_and_loads_only_the_first_at_once() -> None:
    pictures = [Figure(str(n), src=f"asset:{n:032x}.png", width=1200, height=600) for n in range(3)]
    far = Figure("f", src="https://example.org/p.png")
    images = page(only(*pictures, far)).xpath("//figure/img")
    assert [(image.get("width"), image.get("height")) for image in images] == [("600", "300")] * 3 + [(None, None)]
    assert [image.get("loading") for image in images] == [None, "lazy", "lazy", "lazy"]
    (cover, *_, other) = page(replace(RICH, lead=(pictures[0],))).xpath("//figure/img")
    assert (cover.get("loading"), other.get("loading")) == (None, "lazy")


def test_entries_leave_sizes_to_the_reader() -> None:
    entry = render(only(Figure("x", src=ASSET, width=1104, height=620)), LOOK).entry
    assert f'<img src="{ASSETS}{ASSET.removeprefix("asset:")}" alt="x">' in entry


# --- tables, code, directions ------------------------------------------------------------------------------------


def test_a_long_address_may_break_in_a_table_and_short_words_may_not() -> None:
    address = "https://council.example.org/archive/2026/11/the-longest-address-of-all"
    table = Table(("none", "none"), (line("Part"), line("Report")), ((line("Divers"), line(address)),))
    for cell, style in zip(
        mail(only(table)).xpath("//td[contains(@class, 'cell')]"), ("normal", "break-word"), strict=True
    ):
        assert f"word-break:{style}" in cell.get("style").replace(" ", "")
    first, second = page(only(table)).xpath("//td")
    assert (first.get("class"), second.get("class")) == (None, "breaking")


def test_the_first_cell_of_a_row_leads_it_on_a_phone() -> None:
    document = whole_html(render(RICH, LOOK).blocks)
    assert ".first { font-weight: bold !important; }" in document
    rows = parsed(document).xpath("//tr[@class='row']")
    assert rows
    for row in rows:
        assert ["first" in cell.get("class").split() for cell in row] == [True] + [False] * (len(row) - 1)


def test_code_wraps_and_runs_from_the_left() -> None:
    (code,) = mail(replace(RTL, lead=(Code("x = 1"),)), ARABIC_LOOK).xpath("//pre")
    style = code.get("style").replace(" ", "")
    assert "white-space:pre-wrap" in style
    assert "direction:ltr" in style


def test_code_in_a_line_runs_from_the_left_too() -> None:
    arabic = replace(RTL, lead=(para("اكتب ", CodeSpan('f("x")')),))
    for document in (mail(arabic, ARABIC_LOOK), page(arabic, ARABIC_LOOK)):
        assert document.xpath("//code/@dir") == ["ltr"]
    assert mail().xpath("//code/@dir") == []


def test_numbers_keep_their_sign_where_text_runs_from_the_right() -> None:
    table = Table(("none",), (line("الفرق"),), ((line("+10%"),), (line("كلمة"),)))
    arabic = replace(RTL, lead=(table,), sections=())
    for document in (mail(arabic, ARABIC_LOOK), page(arabic, ARABIC_LOOK)):
        assert document.xpath("//td//span[@dir='ltr']/text()") == ["+10%"]
    assert mail(only(Table(("none",), (), ((line("+10%"),),)))).xpath("//td/span[@dir]") == []


def test_arabic_is_never_slanted() -> None:
    arabic = whole_html(render(RTL, ARABIC_LOOK).blocks)
    assert "italic" not in arabic
    assert "italic" in whole_html(render(RICH, LOOK).blocks)


def test_long_words_are_parted_by_the_client_only_where_there_are_any() -> None:
    german = replace(RICH, language="de", title="Die Straßenbahnhaltestellenbeleuchtung bleibt")
    (title,) = mail(german).xpath("//h1")
    assert "hyphens:auto" in title.get("style").replace(" ", "")
    assert "hyphens" not in whole_html(render(RICH, LOOK).blocks)


@pytest.mark.parametrize("digest", [RICH, real()], ids=["rich", "real"])
def test_the_mail_is_far_from_gmails_clip(digest: Digest) -> None:
    assert len(whole_html(render(digest, look(LIGHT, DARK, footer="x" * 200)).blocks).encode()) < 36_000
