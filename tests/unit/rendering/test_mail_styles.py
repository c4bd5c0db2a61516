"""What premailer must not lose or invent."""

from __future__ import annotations

import re
import socket
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from publisher.errors import RenderError
from publisher.rendering import render, templates_root
from publisher.rendering.inlining import inline_styles

from .samples import LOOK, RICH, parsed, whole_html

MAIL = whole_html(render(RICH, LOOK).blocks)
STYLES = "\n".join(re.findall(r"<style>(.*?)</style>", MAIL, re.DOTALL))


def rules(css: str) -> list[str]:
    return [" ".join(line.split()) for line in css.splitlines() if line.strip()]


@pytest.mark.parametrize("name", ["clients.css", "outlook.css"])
def test_dark_mobile_and_outlook_rules_survive_word_for_word(name: str) -> None:
    source = (templates_root() / "email" / name).read_text(encoding="utf-8").replace("{{ start }}", "left")
    survived = rules(STYLES)
    assert [rule for rule in rules(source) if rule not in survived] == []


def test_the_rules_are_really_there() -> None:
    assert "@media (prefers-color-scheme: dark)" in STYLES
    assert "@media only screen and (max-width: 480px)" in STYLES
    assert "[data-ogsc] .ink { color: #eceae6 !important; }" in STYLES
    assert "[data-ogsb] .paper" in STYLES


def test_every_class_of_a_rule_that_overrides_is_still_on_an_element() -> None:
    overriding = {
        name
        for file in ("clients.css", "outlook.css")
        for name in re.findall(r"\.([a-z-]+)", (templates_root() / "email" / file).read_text(encoding="utf-8"))
    }
    used = {
        name
        for each in re.findall(r'class="([^"]*)"', MAIL + whole_html(render(RICH, LOOK, note="x").blocks))
        for name in each.split()
    }
    assert overriding - used == set()


def test_text_carries_its_own_style() -> None:
    tree = parsed(MAIL)
    texts = tree.xpath("//body//*[self::p or self::h1 or self::h2 or self::h3 or self::pre]")
    assert len(texts) > 20
    for element in texts:
        style = element.get("style", "")
        assert "color:" in style, element.text_content()
        assert "font:" in style, element.text_content()
        assert "margin:" in style, element.text_content()


def test_only_presentation_is_laid_out_in_tables_without_a_role() -> None:
    tree = parsed(MAIL)
    assert {table.get("role") for table in tree.xpath("//table[not(.//th)]")} <= {"presentation", "listitem", None}
    data = tree.xpath("//table[not(@role)]")
    assert len(data) == 1
    assert data[0].xpath(".//th/@scope") == ["col"] * 3


def test_every_picture_has_an_alt_text_and_a_width() -> None:
    tree = parsed(MAIL)
    assert tree.xpath("//img")
    assert all(image.get("alt") and image.get("width") for image in tree.xpath("//img"))


def test_headings_go_down_one_step_at_a_time() -> None:
    tree = parsed(MAIL)
    levels = [int(each.tag[1]) for each in tree.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_preheader_is_hidden_and_first() -> None:
    tree = parsed(MAIL)
    first = tree.xpath("//body/*")[0]
    assert first.text_content() == render(RICH, LOOK).preheader
    assert "display:none" in first.get("style")


def test_inlining_reads_neither_network_nor_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    inlined = inline_styles(
        '<html><head><link rel="stylesheet" href="http://example.org/a.css"><style>p { color: red }</style></head>'
        '<body><p>x</p><img src="http://example.org/x.png"></body></html>'
    )
    assert '<p style="color:red">' in inlined


def test_broken_css_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    inline_styles("<html><head><style>p { color: ; } }}} @x</style></head><body><p>x</p></body></html>")
    sys.stderr.flush()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("depth", "kept"), [(300, True), (1000, True), (5000, False)])
def test_what_nests_too_deep_is_refused_and_never_cut(depth: int, kept: bool) -> None:
    document = f"<html><head></head><body>{'<div>' * depth}word{'</div>' * depth}</body></html>"
    if kept:
        assert "word" in inline_styles(document)
        return
    with pytest.raises(RenderError, match="nests too deep"):
        inline_styles(document)


def test_colours_of_text_can_be_read() -> None:
    """4.5:1 at least (WCAG 2.2, 1.4.3), in both schemes."""
    light = {"ink": "#1b1b1b", "muted": "#5c5a55", "accent": "#9b2c1f"}
    dark = {"ink": "#eceae6", "muted": "#a8a49c", "accent": "#f0826f"}
    for colours, grounds in ((light, ("#ffffff", "#f6f5f2")), (dark, ("#161614", "#0f0f0e"))):
        for ground in grounds:
            assert ground in STYLES
            for name, colour in colours.items():
                assert colour in STYLES, name
                assert contrast(colour, ground) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_hostile_text_stays_text() -> None:
    evil = "</td><script>alert(1)</script> {{ 7*7 }} {% raw %} <!--[if mso]>"
    edition = render(replace(RICH, title=evil, author=evil, lead=()), replace(LOOK, title=evil), note=evil)
    for document in (whole_html(edition.blocks), edition.page.decode(), edition.entry):
        assert "<script" not in document
        assert "{{ 7*7 }}" in document


def test_no_word_is_wider_than_the_mail() -> None:
    """Outside tables of data, whose columns would be broken into letters; on phones their rows are blocks."""
    tree = parsed(MAIL)
    sides = tree.xpath("//td[contains(concat(' ', @class, ' '), ' side ')]")
    assert len(sides) > 3
    assert all("word-break:break-word" in side.get("style").replace(" ", "") for side in sides)
    kept = tree.xpath("//th | //td[starts-with(@class, 'cell ') or starts-with(@class, 'sign')]")
    assert len(kept) > 10
    assert all("word-break:normal" in cell.get("style").replace(" ", "") for cell in kept)
    assert re.search(r"\.cell \{[^}]*word-break: break-word !important", STYLES)


def test_alt_text_can_be_read_in_the_dark_when_pictures_are_off() -> None:
    pictures = parsed(MAIL).xpath("//img")
    assert pictures
    assert all("muted" in picture.get("class").split() for picture in pictures)


def test_the_names_of_columns_are_read_out_where_rows_are_blocks() -> None:
    """On phones the head of a table is not displayed: what stands for it must not be hidden from anybody."""
    labels = parsed(MAIL).xpath("//span[contains(@class, 'label')]")
    assert labels
    assert not [label for label in labels if label.get("aria-hidden")]
