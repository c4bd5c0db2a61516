"""The preview: its views are the documents but for what is listed, and hostile words stay words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publisher.rendering import render
from publisher.rendering.preview import (
    Found,
    Preview,
    Size,
    fragment_view,
    preview_page,
    readable,
    remote_pictures,
    view,
)

from .samples import LOOK, RICH, para, parsed, whole_html

ASSETS = "https://news.example.org/assets/"
LOCAL = "../site/assets/"
MADE = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)

PREVIEW = Preview(
    digest=RICH,
    made=MADE,
    headers=[("From", "The Harbour Daily <daily@example.org>"), ("Subject", RICH.title), ("To", "a@example.org")],
    raw_headers="From: The Harbour Daily <daily@example.org>\r\nSubject: =?utf-8?b?eA==?=",
    preheader="After nine days the harbour took its first ship at dawn.",
    text="THE TEXT\n",
    sizes=[Size("HTML part", 51_000, 102_000, "clipped"), Size("Text part", 900)],
    findings=[
        Found("alt", "warn", "A picture has no words", "Write an alt text", 'section "Ships"'),
        Found("subject", "block", "The subject is empty", "Give the digest a title", "subject"),
    ],
    remote=0,
    page="site/daily/harbour-opens/index.html",
    documents=["mail.html", "mail.eml"],
)


def mail() -> str:
    return whole_html(render(RICH, LOOK).blocks)


def page(preview: Preview = PREVIEW) -> str:
    return preview_page(preview, LOOK).decode()


def text_of(document: str) -> str:
    return " ".join(str(parsed(document).text_content()).split())


def policy(document: str) -> str:
    (found,) = parsed(document).xpath('//meta[@http-equiv="Content-Security-Policy"]/@content')
    return str(found)


# --- views -------------------------------------------------------------------------------------------------------


def test_a_view_is_the_mail_but_for_what_is_listed() -> None:
    sent = mail()
    seen = view(sent, assets=ASSETS, local=LOCAL)
    assert policy(seen) == "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:"
    head, _, rest = seen.partition("<meta http-equiv=")
    back = head + rest.partition('">')[2]
    assert back.replace(f'src="{LOCAL}', f'src="{ASSETS}') == sent
    assert seen.count(LOCAL) == 1


@pytest.mark.parametrize(("scheme", "dark"), [("light", "(max-width: 0)"), ("dark", "(min-width: 0)")])
def test_a_view_shows_the_scheme_it_is_told(scheme: str, dark: str) -> None:
    sent = (
        '<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark">'
        "<style>:root { color-scheme: light dark; supported-color-schemes: light dark }"
        "@media screen and (prefers-color-scheme:dark) { p { color: #fff } }</style></head>"
        '<body><picture><source media="(prefers-color-scheme: dark)" srcset="x.png"></picture></body></html>'
    )
    seen = view(sent, assets=ASSETS, local=LOCAL, scheme="light" if scheme == "light" else "dark")
    assert "prefers-color-scheme" not in seen
    assert f"screen and {dark} {{ p" in seen
    assert f'media="{dark}"' in seen
    assert f":root {{ color-scheme: {scheme}; supported-color-schemes: light dark }}" in seen
    assert f'name="color-scheme" content="{scheme}"' in seen


def test_words_about_schemes_stay_words() -> None:
    words = "p says (prefers-color-scheme: dark) and color-scheme: light dark;"
    digest = replace(RICH, lead=(para(words),))
    seen = view(whole_html(render(digest, LOOK).blocks), assets=ASSETS, local=LOCAL, scheme="dark")
    assert words in seen


def test_a_view_without_pictures_forbids_them_all() -> None:
    seen = view(mail(), assets=ASSETS, local=LOCAL, pictures=False)
    assert policy(seen) == "default-src 'none'; style-src 'unsafe-inline'; img-src 'none'"


@pytest.mark.parametrize("document", ["<!DOCTYPE html><p>x", "<p>x", "<html><head lang=en><p>x"])
def test_every_view_has_a_policy_before_its_text(document: str) -> None:
    seen = view(document, assets=ASSETS, local=LOCAL)
    assert policy(seen)
    assert seen.index("Content-Security-Policy") < seen.index("<p>")


def test_an_entry_is_framed_with_its_encoding() -> None:
    seen = fragment_view("<p>Київ</p>", "A <b>&amp; title", assets=ASSETS, local=LOCAL)
    assert parsed(seen).xpath("string(//title)") == "A <b>&amp; title"
    assert '<meta charset="utf-8">' in seen
    assert "<p>Київ</p>" in seen


def test_pictures_of_others_are_counted() -> None:
    assert remote_pictures(mail(), ASSETS) == 1
    assert remote_pictures("<p>no picture", ASSETS) == 0


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_asks_nobody_and_runs_nothing() -> None:
    tree = parsed(page())
    addresses = tree.xpath("//@src | //@href | //@srcset | //@action")
    assert addresses
    assert not [address for address in addresses if ":" in address or address.startswith("/")]
    assert tree.xpath("//script | //@style[contains(., 'url(')] | //@*[starts-with(name(), 'on')]") == []
    assert "default-src 'none'" in policy(page())


def test_every_frame_is_named_and_in_a_sandbox() -> None:
    frames = parsed(page()).xpath("//iframe")
    assert len(frames) == 8
    assert all(frame.get("title") and frame.get("sandbox") == "allow-same-origin" for frame in frames)
    assert len({frame.get("title") for frame in frames}) == 8


def test_what_blocks_stands_first_and_levels_are_words() -> None:
    tree = parsed(page())
    levels = [str(each.text_content()) for each in tree.xpath('//p[@class="level"]')]
    assert levels == ["■Blocks", "△Warns"]
    assert "It is not mailed: 1 finding blocks it; 1 more deserves a look." in text_of(page())
    assert "publisher digest release daily/harbour-opens --despite subject --reason TEXT" in text_of(page())


def test_only_warnings_keep_nothing_here() -> None:
    shown = text_of(page(replace(PREVIEW, findings=(PREVIEW.findings or ())[:1])))
    assert "It can go: nothing blocks it; 1 finding deserves a look." in shown
    assert "--despite" not in shown


def test_nothing_found_and_not_looked_are_told_apart() -> None:
    assert "It can go: nothing was found." in text_of(page(replace(PREVIEW, findings=())))
    assert "This digest has not been checked." in text_of(page(replace(PREVIEW, findings=None)))


def test_hostile_words_are_words() -> None:
    evil = '"><script>alert(1)</script>{{ 7*7 }}'
    hostile = replace(
        PREVIEW,
        digest=replace(RICH, title=evil),
        headers=[("Subject", evil)],
        raw_headers=evil,
        preheader=evil,
        text=evil,
        findings=[Found(evil, "warn", evil, evil, evil)],
    )
    shown = page(hostile)
    assert parsed(shown).xpath("//script") == []
    assert text_of(shown).count("{{ 7*7 }}") == 11


def test_a_part_that_is_too_large_says_so() -> None:
    large = replace(PREVIEW, sizes=[Size("HTML part", 120_000, 102_000, "Gmail cuts off what is longer")])
    assert "over 102.0 kB: Gmail cuts off what is longer" in text_of(page(large))
    assert (large.sizes[0].share, PREVIEW.sizes[0].share, PREVIEW.sizes[1].share) == (100, 50, 0)


@pytest.mark.parametrize(
    ("octets", "words"), [(0, "0 bytes"), (999, "999 bytes"), (48_249, "48.2 kB"), (1_310_000, "1.3 MB")]
)
def test_sizes_are_read_as_people_say_them(octets: int, words: str) -> None:
    assert readable(octets) == words
