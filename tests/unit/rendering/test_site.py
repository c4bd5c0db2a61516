"""The pages around the digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from publisher.editions import Headline, Month
from publisher.errors import RenderError
from publisher.rendering import Shelf, archive_page, index_page, month_page, render
from publisher.rendering.site import NEWEST, SHOWN, month_path

from .samples import ARABIC_LOOK, LOOK, RICH, SITE, assert_golden, parsed


def headlines(days: Sequence[date]) -> list[Headline]:
    return [
        Headline(
            "daily",
            f"day-{day.isoformat()}",
            f"The harbour & the day {day.isoformat()}",
            "What was <said>.",
            day,
            datetime(2024, 12, 1, tzinfo=UTC),
        )
        for day in days
    ]


DAYS = [date(2024, 11, 21) - timedelta(days=6 * number) for number in range(9)]


def test_lists_say_of_a_withdrawn_digest_that_it_is() -> None:
    """Its address goes on working, and whoever looks for it finds out why there is nothing to read."""
    gone, *others = headlines(DAYS[:3])
    gone = replace(gone, withdrawn_at=datetime(2024, 11, 21, 23, 30, tzinfo=UTC), summary="")
    archive = archive_page(replace(LOOK, timezone="Europe/Paris"), [gone, *others])
    assert_golden("rendering/withdrawn.archive.html", archive)
    for page in (archive, index_page(SITE, [Shelf(LOOK, [gone, *others])])):
        first, *rest = parsed(page).xpath("//ul[@class='digests']/li")
        assert "This issue was withdrawn on November 2" in first.text_content()
        assert "What was" not in first.text_content()
        assert all("withdrawn" not in each.text_content() for each in rest)


def test_golden_pages() -> None:
    assert_golden("rendering/archive.html", archive_page(LOOK, headlines(DAYS)))
    weekly = replace(LOOK, slug="weekly", title="The Harbour Weekly", description="")
    assert_golden("rendering/index.html", index_page(SITE, [Shelf(LOOK, headlines(DAYS)), Shelf(weekly)]))


def test_archive_has_every_digest_newest_first_by_month() -> None:
    page = parsed(archive_page(LOOK, headlines(sorted(DAYS))))
    assert page.xpath("//h2/a/text()") == ["November 2024", "October 2024"]
    assert page.xpath("//ul/li/a/@href") == [f"day-{day.isoformat()}/index.html" for day in DAYS]
    assert page.xpath("//ul/li/time/@datetime") == [day.isoformat() for day in DAYS]


def test_a_newsletters_page_shows_the_newest_and_the_way_to_every_month() -> None:
    """Ten thousand digests make no longer page than thirty."""
    days = [date(2024, 11, 21) - timedelta(days=number) for number in range(SHOWN + 20)]
    months = [Month(date(2024, 11, 1), 21), Month(date(2024, 10, 1), 29), Month(date(2023, 12, 1), 1)]
    page = parsed(archive_page(LOOK, headlines(days), months))
    assert page.xpath("//ul[@class='digests']/li/a/@href") == [
        f"day-{day.isoformat()}/index.html" for day in days[:SHOWN]
    ]
    assert page.xpath("//h2/a/@href") == ["archive/2024-11/index.html", "archive/2024-10/index.html"]
    years = page.xpath("//section[@class='years']")[0]
    assert years.xpath(".//h3/text()") == ["2024", "2023"]
    assert years.xpath(".//li/a/text()") == ["October", "November", "December"]
    assert years.xpath(".//li/a/@href") == [
        f"archive/{month}/index.html" for month in ("2024-10", "2024-11", "2023-12")
    ]
    few = parsed(archive_page(LOOK, headlines(days[:3]), [Month(date(2024, 11, 1), 3)]))
    assert few.xpath("//section[@class='years']") == []


def test_a_months_page_has_the_whole_month_and_leads_to_those_beside() -> None:
    months = [Month(date(year, month, 1), 1) for year, month in ((2025, 3), (2024, 11), (2024, 8))]
    page = month_page(LOOK, date(2024, 11, 1), headlines(DAYS[:4]), months)
    assert_golden("rendering/month.html", page)
    found = parsed(page)
    assert found.xpath("//ul[@class='digests']/li/a/@href") == [
        f"../../day-{day.isoformat()}/index.html" for day in DAYS[:4]
    ]
    assert found.xpath("//a[@rel='prev']/@href") == ["../../archive/2024-08/index.html"]
    assert found.xpath("//a[@rel='next']/@href") == ["../../archive/2025-03/index.html"]
    assert found.xpath("//link[@rel='canonical']/@href") == ["https://news.example.org/daily/archive/2024-11/"]
    assert month_path(date(2024, 11, 1)) == "archive/2024-11/"


def test_a_month_that_lost_its_last_digest_says_so_and_asks_not_to_be_found() -> None:
    page = parsed(month_page(LOOK, date(2024, 11, 1), [], [Month(date(2024, 8, 1), 1)]))
    assert "There are no issues of this month." in page.text_content()
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_sign_up_is_offered_where_there_is_a_page_for_it() -> None:
    url = "https://app.example.org/daily/subscribe"
    look = replace(LOOK, subscribe_url=url)
    for page in (
        index_page(SITE, [Shelf(look)]),
        archive_page(look, []),
        render(RICH, look).page,
    ):
        assert parsed(page).xpath("//a[starts-with(., 'Subscribe')]/@href") == [url]
    assert "Subscribe" not in parsed(archive_page(LOOK, [])).text_content()


def test_archive_says_dates_in_the_newsletters_language() -> None:
    page = parsed(archive_page(ARABIC_LOOK, headlines(DAYS[:1])))
    assert page.get("dir") == "rtl"
    assert "نوفمبر" in page.xpath("//h2")[0].text_content()


def test_words_of_another_direction_stand_in_their_own() -> None:
    """Else full stops and colons jump to the wrong end of their line."""
    hebrew = replace(LOOK, language="he", title="יומון הנמל", description="כל יום.", postal_address="הנמל, 1.")
    index = parsed(index_page(SITE, [Shelf(LOOK, headlines(DAYS)), Shelf(hebrew, headlines(DAYS))]))
    assert index.xpath("//section/@dir") == ["ltr", "rtl"]
    assert index.xpath("//section//span[contains(., 'Feeds')]/@dir") == ["ltr", "ltr"]
    archive = parsed(archive_page(hebrew, headlines(DAYS)))
    assert archive.xpath("//footer/@dir | //footer/@lang") == ["en", "ltr"]
    assert archive.xpath("//footer//span[contains(., 'הנמל')]/@dir") == ["auto"]
    for page in (index, archive):
        assert set(page.xpath("//ul[@class='digests']/li/@dir")) == {"auto"}


def test_index_shows_the_newest_of_each_newsletter() -> None:
    page = parsed(index_page(SITE, [Shelf(LOOK, headlines(sorted(DAYS)))]))
    assert page.xpath("//ul/li/a/@href") == [f"daily/day-{day.isoformat()}/index.html" for day in DAYS[:NEWEST]]
    assert "daily/index.html" in page.xpath("//a/@href")


@pytest.mark.parametrize(
    "page",
    [index_page(SITE, []), index_page(SITE, [Shelf(LOOK)]), archive_page(LOOK, [])],
    ids=["none", "one", "own"],
)
def test_an_empty_page_says_what_comes_next(page: bytes) -> None:
    assert "first one will appear here as soon as it is out" in parsed(page).text_content()


def test_pages_name_their_feeds_and_link_only_to_files() -> None:
    index = parsed(index_page(SITE, [Shelf(LOOK, headlines(DAYS))]))
    archive = parsed(archive_page(LOOK, headlines(DAYS)))
    names = ["atom.xml", "rss.xml", "feed.json"]
    assert index.xpath("//link[@rel='alternate']/@href") == [f"daily/{name}" for name in names]
    assert archive.xpath("//link[@rel='alternate']/@href") == names
    for page in (index, archive):
        for href in page.xpath("//body//a/@href"):
            assert href == "#page:text" or href.endswith((".html", ".xml", ".json"))
            assert not href.startswith(("/", "http"))


def test_same_headlines_same_bytes_in_any_order() -> None:
    assert archive_page(LOOK, headlines(DAYS)) == archive_page(LOOK, reversed(headlines(DAYS)))


def test_half_a_character_is_an_error_with_the_templates_name() -> None:
    half = replace(headlines(DAYS[:1])[0], title="half \ud800")
    with pytest.raises(RenderError, match="surrogates not allowed"):
        archive_page(LOOK, [half])
