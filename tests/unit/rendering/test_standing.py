"""The pages that stand whatever is published, and what a frozen page is given when it is put somewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from publisher.digests.model import Direction
from publisher.editions import Neighbour
from publisher.rendering import (
    Logo,
    Place,
    about_page,
    feed_style,
    feeds_page,
    letter_icon,
    missing_page,
    placed,
    render,
)
from publisher.rendering.placing import BESIDE, HEAD
from publisher.rendering.schedules import schedule_line
from publisher.rendering.words import direction_of, territorial, words

from .samples import ARABIC_LOOK, ASSET, LOOK, RICH, SITE, assert_golden, parsed, real

NOON = datetime(2024, 11, 21, 12, tzinfo=UTC)
OLDER = Neighbour(1, "the-day-before", "The day <before> & after", date(2024, 11, 20))
NEWER = Neighbour(3, "the-day-after", "يوم بعده", date(2024, 11, 22))
TOLD = replace(
    LOOK,
    sender='"Harbour, The" <daily@news.example.org>',
    contact="editors@news.example.org",
    schedule="weekdays 07:00",
    timezone="Europe/Berlin",
    subscribe_url="https://news.example.org/daily/subscribe",
)
LOOKS = [TOLD, ARABIC_LOOK]


def test_golden_standing_pages() -> None:
    assert_golden("rendering/about.html", about_page(SITE, LOOKS))
    assert_golden("rendering/feeds.html", feeds_page(SITE, LOOKS))
    assert_golden("rendering/feed.css", feed_style(SITE))
    assert_golden("rendering/missing.html", missing_page(SITE, LOOKS))
    assert_golden("rendering/icon.svg", letter_icon(SITE))


def test_about_says_who_sends_when_and_where_to_write() -> None:
    page = parsed(about_page(SITE, [TOLD]))
    text = page.text_content()
    for words_ in (
        "Monday to Friday, 7:00\u00a0AM (Central European Time)",
        "Harbour, The",
        "daily@news.example.org",
        "1 Quay Street",
        "unsubscribe",
        "no cookies",
    ):
        assert words_ in text
    assert page.xpath("//a[starts-with(@href, 'mailto:')]/@href") == ["mailto:editors@news.example.org"]


def test_the_feeds_page_shows_every_address_whole() -> None:
    page = parsed(feeds_page(SITE, LOOKS))
    links = page.xpath("//a[@class='url']")
    names = ("atom.xml", "rss.xml", "feed.json")
    files = (*names, "headlines.xml", "corrections.xml")
    urls = [f"https://news.example.org/{look.slug}/{name}" for look in LOOKS for name in files]
    assert [link.text_content() for link in links] == [*urls, "https://news.example.org/feeds.opml"]
    assert page.xpath("//link[@rel='alternate']/@href") == [
        f"../{look.slug}/{name}" for look in LOOKS for name in names
    ]


def test_the_feeds_page_shows_those_of_sections_under_their_names() -> None:
    page = parsed(feeds_page(SITE, [LOOK], {LOOK.slug: [("courts", "Courts & <Crime>"), ("arts", "Arts")]}))
    section = f"https://news.example.org/{LOOK.slug}/sections/courts/"
    (name,) = page.xpath("//dt[text()='Courts & <Crime>']")
    assert name.getnext().xpath("a/@href | span/a/@href") == [
        f"{section}{file}" for file in ("atom.xml", "rss.xml", "feed.json")
    ]
    assert [each.text for each in page.xpath("//h3")] == ["Only issues with a certain section"]


def test_what_a_feed_is_shown_with_holds_the_theme_and_a_word_in_the_sites_language() -> None:
    style = feed_style(replace(SITE, language="de")).decode()
    assert "--accent: #9b2c1f;" in style
    assert "prefers-color-scheme: dark" in style
    assert 'content: "Dies ist ein Feed.' in style


def test_the_page_where_nothing_is_works_at_any_depth() -> None:
    page = parsed(missing_page(replace(SITE, url="https://example.org/news/"), LOOKS))
    addresses = page.xpath("//body//a/@href | //link/@href")
    assert all(address == "#page:text" or address.startswith("/news/") for address in addresses)
    assert {f"/news/{look.slug}/" for look in LOOKS} <= set(addresses)


@pytest.mark.parametrize(
    ("schedule", "timezone", "language", "line"),
    [
        ("on finalize", "UTC", "en", "No fixed days: each issue is sent as soon as it is ready"),
        ("daily 07:00", "UTC", "en", "Every day, 7:00\u00a0AM (UTC)"),
        ("weekdays 17:30", "Europe/Berlin", "de", "Montag bis Freitag, 17:30 (Mitteleuropäische Zeit)"),
        ("0 7,18 * * 0,3", "UTC", "en-US", "Sunday and Wednesday, 7:00\u00a0AM and 6:00\u00a0PM (UTC)"),
        ("0 7 * * 0,1", "Etc/UTC", "fr", "Lundi et dimanche, 07:00 (UTC)"),
        ("0 7 1 * *", "UTC", "en", ""),
        ("0 7 * 6 1", "UTC", "en", ""),
        ("0 7 1 * 1", "UTC", "en", ""),
        ("*/5 * * * *", "UTC", "en", ""),
    ],
)  # fmt: skip
def test_a_schedule_in_words_or_not_at_all(schedule: str, timezone: str, language: str, line: str) -> None:
    assert schedule_line(schedule, timezone, words(language)) == line


def test_a_page_is_given_its_moment_and_its_neighbours() -> None:
    frozen = render(RICH, LOOK).page
    assert (frozen.count(HEAD), frozen.count(BESIDE)) == (1, 1)
    page = placed(frozen, replace(LOOK, timezone="Europe/Berlin"), Place(NOON, OLDER, NEWER))
    assert_golden("rendering/placed.page.html", page)
    found = parsed(page)
    moment = found.xpath("//head/meta[@property='article:published_time']/@content")
    assert moment == ["2024-11-21T13:00:00+01:00"]
    assert found.xpath("//a[@rel='prev']/@href") == ["../the-day-before/index.html"]
    assert found.xpath("//a[@rel='next']/@href") == ["../the-day-after/index.html"]
    assert "The day <before> & after" in found.xpath("//a[@rel='prev']")[0].text_content()
    assert HEAD not in page
    assert BESIDE not in page


def test_a_page_alone_has_no_neighbours_and_one_without_marks_stays_as_it_is() -> None:
    alone = placed(render(RICH, LOOK).page, LOOK, Place(NOON))
    assert parsed(alone).xpath("//nav[@class='beside']") == []
    old = b"<!DOCTYPE html><title>of an older publisher</title>"
    assert placed(old, LOOK, Place(NOON, OLDER)) == old


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_digest_says_of_itself_what_those_who_share_it_need(language: str) -> None:
    look = LOOK if language == "en" else ARABIC_LOOK
    direction: Direction = direction_of(language)
    page = parsed(render(replace(RICH, language=language, direction=direction), look).page)

    def meta(name: str) -> list[str]:
        return [str(each) for each in page.xpath(f"//head/meta[@property='{name}' or @name='{name}']/@content")]

    assert meta("og:type") == ["article"]
    assert meta("og:title") == [RICH.title]
    assert meta("og:description") == meta("description")
    assert meta("og:description")[0].startswith("After nine days")
    assert meta("og:url") == page.xpath("//link[@rel='canonical']/@href") == [look.page_url(RICH.slug)]
    assert meta("og:site_name") == [SITE.title]
    assert meta("og:locale") == [{"en": "en_US", "ar": "ar_EG"}[language]]
    assert meta("og:image") == [f"{SITE.url}assets/{ASSET.removeprefix('asset:')}"]
    assert meta("og:image:alt") == ["A crane over the quay"]


def test_the_real_digests_page_weighs_no_more_than_sixty_kilobytes() -> None:
    """Without its pictures, with all its styles: there is nothing else to load."""
    page = placed(render(real(), TOLD).page, TOLD, Place(NOON, OLDER, NEWER))
    assert len(page) <= 60_000
    assert parsed(page).xpath("//script | //link[@rel='stylesheet'] | //iframe") == []


def test_locales_have_a_territory() -> None:
    tags = ("en", "en-GB", "de", "pt-BR", "sr-Latn", "uk", "zh-Hant-TW")
    assert [territorial(tag) for tag in tags] == ["en_US", "en_GB", "de_DE", "pt_BR", "sr_RS", "uk_UA", "zh_TW"]


@pytest.mark.parametrize(("width", "icon"), [(64, "assets/" + ASSET.removeprefix("asset:")), (200, "favicon.svg")])
def test_a_square_logo_stands_in_tabs_and_a_letter_in_place_of_a_wide_one(width: int, icon: str) -> None:
    site = replace(SITE, logo=Logo(ASSET, width, 64))
    page = parsed(render(RICH, replace(LOOK, site=site)).page)
    assert page.xpath("//link[@rel='icon']/@href") == [f"../../{icon}"]
    assert b">H</text>" in letter_icon(site)
    assert b">\xd9\x8a</text>" in letter_icon(replace(site, title="«يوم»"))
