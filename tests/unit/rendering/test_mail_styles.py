"""What premailer must not lose or invent."""

from __future__ import annotations

import colorsys
import re
import socket
import sys
from dataclasses import replace
from gettext import NullTranslations
from itertools import pairwise

import pytest

from publisher.config import Theme
from publisher.errors import RenderError
from publisher.rendering import Logo, Look, render
from publisher.rendering.inlining import inline_styles
from publisher.rendering.templates import environment, fill

from .samples import LOOK, RICH, SITE, noted, para, parsed, whole_html

LOGOS = replace(
    LOOK,
    site=replace(
        SITE,
        logo=Logo(f"asset:{'1' * 32}.png", 180, 40),
        logo_dark=Logo(f"asset:{'2' * 32}.png", 180, 40),
        theme=Theme.model_validate(
            {
                "light": {"ink": "#102030", "accent": "#0a5c36", "page": "#f0f4ff"},
                "dark": {"ink": "#e0e8f0", "accent": "#7fd4a8", "paper": "#101820"},
                "serif": "'Iowan Old Style', Georgia, serif",
                "sans": "system-ui, Verdana, sans-serif",
                "footer": "Printed on the quay.",
            }
        ),
    ),
)
SILENCE = "\u034f\u200c\u00a0"
MAIL = whole_html(render(RICH, LOOK).blocks)
THEMED = whole_html(render(RICH, LOGOS, notes=noted("x")).blocks)


def sheets(mail: str) -> str:
    """What stands in style elements; in Outlook's comment too."""
    return "\n".join(re.findall(r"<style>(.*?)</style>", mail, re.DOTALL))


STYLES = sheets(MAIL)


def rules(css: str) -> list[str]:
    return [" ".join(line.split()) for line in css.splitlines() if line.strip()]


def source(name: str, look: Look) -> str:
    """A style sheet as it was before premailer saw the mail."""
    return fill(
        environment(None, NullTranslations()), f"email/{name}", look=look, theme=look.site.theme, start="left"
    )


def inlined(mail: str) -> dict[str, set[str]]:
    """For each property, the values that style attributes give it anywhere."""
    found: dict[str, set[str]] = {}
    for style in parsed(mail).xpath("//body//@style"):
        for declaration in filter(None, style.split(";")):
            name, _, value = declaration.partition(":")
            value = re.sub("^#(.)(.)(.)$", r"#\1\1\2\2\3\3", value.strip())  # cssutils shortens #ffffff
            found.setdefault(name.strip(), set()).add(value)
    return found


@pytest.mark.parametrize(("mail", "look"), [(MAIL, LOOK), (THEMED, LOGOS)], ids=["default", "themed"])
@pytest.mark.parametrize("name", ["clients.css", "outlook.css", "word.css"])
def test_dark_mobile_and_outlook_rules_survive_word_for_word(name: str, mail: str, look: Look) -> None:
    survived = rules(sheets(mail))
    assert rules(source(name, look))
    assert [rule for rule in rules(source(name, look)) if rule not in survived] == []


def test_the_rules_are_really_there() -> None:
    assert "@media (prefers-color-scheme: dark)" in STYLES
    assert "@media only screen and (max-width: 480px)" in STYLES
    assert "[data-ogsc] .ink { color: #eceae6 !important; }" in STYLES
    assert "[data-ogsb] .paper" in STYLES


def test_what_is_inlined_is_not_sent_twice() -> None:
    assert ".masthead {" not in STYLES
    assert "padding:28px 24px 16px" in MAIL


def test_inlined_values_are_the_themes() -> None:
    ours, theme = inlined(THEMED), LOGOS.site.theme
    assert ours["color"] == {theme.light.ink, theme.light.muted, theme.light.accent}
    assert ours["background-color"] == {theme.light.page, theme.light.paper, theme.light.accent}
    assert theme.light.rule in ours["border-color"]
    families = {re.sub(r"^.*?px/\d+px ", "", font).replace('"', "'") for font in ours["font"]}
    assert families == {theme.serif, theme.sans, "Menlo, Consolas, 'Courier New', monospace"}


def test_no_colour_of_ours_is_left_where_the_theme_has_another() -> None:
    default, theme = Theme(), LOGOS.site.theme
    for scheme in ("light", "dark"):
        for name, colour in getattr(default, scheme):
            if getattr(getattr(theme, scheme), name) != colour:
                assert colour not in THEMED
                assert colour in MAIL


def test_outlook_is_told_no_names_of_system_fonts_and_the_texts_own_serif() -> None:
    word = re.findall(r"font-family: ([^!]*) !important", sheets(THEMED))
    assert word == ["Verdana, sans-serif", "'Iowan Old Style', Georgia, serif"]


def test_every_class_of_a_rule_that_overrides_is_still_on_an_element() -> None:
    for look in (LOOK, LOGOS, replace(LOOK, site=replace(SITE, logo=LOGOS.site.logo))):
        css = "".join(source(name, look) for name in ("clients.css", "outlook.css", "word.css"))
        mail = whole_html(render(RICH, look, notes=noted("x")).blocks)
        used = {name for each in re.findall(r'class="([^"]*)"', mail) for name in each.split()}
        assert set(re.findall(r"\.([a-z][a-z-]*)", css)) - used == set()


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
    assert first.text_content().rstrip(SILENCE) == render(RICH, LOOK).preheader
    assert "display:none" in first.get("style")


def test_nothing_of_the_mail_follows_a_short_preheader_in_the_inbox() -> None:
    first = parsed(MAIL).xpath("//body/*")[0].text_content()
    assert len(first) >= 150
    assert set(first[len(render(RICH, LOOK).preheader) :]) == set(SILENCE)
    long = replace(RICH, lead=(para("word " * 60),))
    whole = render(long, LOOK)
    assert parsed(whole_html(whole.blocks)).xpath("//body/*")[0].text_content() == whole.preheader


def test_outlook_has_air_where_tables_have_margins() -> None:
    tables = len(re.findall(r'<table[^>]* class="whole (?:figure|table)"|class="break"', MAIL))
    assert tables
    assert MAIL.count('<!--[if mso]><p class="air" style="line-height:24px">&nbsp;</p><![endif]-->') == tables
    assert re.search(r"\.air \{ margin: 0; font-size: 1px; \}", MAIL)


def test_no_dot_is_left_at_the_end_of_a_line_of_links() -> None:
    for line in parsed(MAIL).xpath("//p[contains(@class, 'names') or contains(@class, 'exits')]"):
        assert "·" not in line.text_content()
        for entry in line.xpath("span"):
            assert "margin-right:16px" in entry.get("style")


def test_inlining_reads_neither_network_nor_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    inlined = inline_styles(
        '<html><head><link rel="stylesheet" href="http://example.org/a.css"><style>p { color: red }</style></head>'
        '<body><p>x</p><img src="http://example.org/x.png"></body></html>'
    )
    assert '<p style="color:red">' in inlined


def test_the_next_edition_parses_no_css_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("parsed again")

    first = render(RICH, LOGOS)
    for name in ("parseString", "parseStyle"):
        monkeypatch.setattr(f"cssutils.{name}", refuse)
    assert render(RICH, LOGOS) == first


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_text_can_be_read(scheme: str) -> None:
    """4.5:1 at least (WCAG 2.2, 1.4.3), in both schemes, and after a client has inverted them all by force."""
    colours = dict(getattr(Theme(), scheme))
    for ground in ("paper", "page"):
        for name in ("ink", "muted", "accent"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
            assert contrast(inverted(colours[name]), inverted(colours[ground])) >= 4.5, (name, ground)


def inverted(colour: str) -> str:
    """The hue kept and the lightness turned around, as Gmail and Outlook do to a mail that says nothing."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_hostile_text_stays_text() -> None:
    evil = "</td><script>alert(1)</script> {{ 7*7 }} {% raw %} <!--[if mso]>"
    edition = render(replace(RICH, title=evil, author=evil, lead=()), replace(LOOK, title=evil), notes=noted(evil))
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
