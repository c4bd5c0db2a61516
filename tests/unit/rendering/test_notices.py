"""Pages behind the links in mails: what they ask, for whom, and that a keyboard and a screen reader are enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from publisher.rendering.look import Logo
from publisher.rendering.notices import (
    About,
    Language,
    PreferencesState,
    SectionChoice,
    notice_page,
    preferences_page,
    unsubscribe_page,
)
from publisher.rendering.words import CATALOGUE
from tests.catalogs import LANGUAGES

from .samples import SITE, parsed

COURTS, ARTS = SectionChoice("courts", "Courts & law", True), SectionChoice("arts", "Arts", False)
LANGUAGES_OFFERED = (Language("de", "Deutsch"), Language("en", "English"))
ZONES = ("Europe/Berlin", "Europe/Paris")
NEWSLETTER, EMAIL = "The <Harbour> Daily", "o'neil&co@example.org"


def preferences(state: PreferencesState = "ask", **changes: Any) -> Any:
    given: dict[str, Any] = {
        "newsletter": NEWSLETTER,
        "email": EMAIL,
        "language": "en",
        "everything": False,
        "sections": (COURTS, ARTS),
        "unsubscribe": "../u/token",
    }
    return parsed(preferences_page(SITE, state, **given | changes))


def text(tree: Any) -> str:
    return " ".join(" ".join(tree.xpath("//main//text()")).split())


def test_every_field_has_a_label_and_every_group_a_name() -> None:
    page = preferences()
    fields = page.xpath("//input[@type!='hidden'] | //select")
    kinds = ["radio", "radio", "checkbox", "checkbox", "date", "text", None, None]
    assert [field.get("type") for field in fields] == kinds
    for field in fields:
        (label,) = page.xpath("//label[@for=$id]", id=field.get("id"))
        assert label.text_content().strip()
    for group in page.xpath("//fieldset"):
        assert group.xpath("normalize-space(./legend)")
    assert page.xpath("//form/@method") == ["post", "post"]
    assert page.xpath("//form/@action") == []  # its own address: the token is not written into it again
    assert not page.xpath("//script")
    assert page.xpath("//button[@type='submit']")


def test_the_form_says_what_the_reader_has_now() -> None:
    chosen = preferences()
    assert chosen.xpath("//input[@checked]/@value") == ["chosen", "courts"]
    everything = preferences(everything=True, sections=(COURTS, replace(ARTS, chosen=True)))
    assert everything.xpath("//input[@checked]/@value") == ["all", "courts", "arts"]
    assert chosen.xpath("//input[@name='section']/@value") == ["courts", "arts"]
    assert chosen.xpath("//a/@href")[-1] == "../u/token"


def test_what_was_done_is_said_first_and_in_the_title() -> None:
    saved = preferences("saved")
    assert saved.xpath("string(//title)").startswith("Saved – ")
    assert "you will get 1 section of The <Harbour> Daily" in saved.xpath("string(//*[@role='status'])")
    both = (COURTS, replace(ARTS, chosen=True))
    assert "you will get 2 sections of" in preferences("saved", sections=both).xpath("string(//*[@role='status'])")
    assert "you will get all sections of" in preferences("saved", everything=True).xpath(
        "string(//*[@role='status'])"
    )
    assert preferences().xpath("//*[@role='status' or @role='alert']") == []


def test_a_choice_of_nothing_is_told_at_the_group_that_it_is_about() -> None:
    page = preferences("none_chosen", sections=(replace(COURTS, chosen=False), ARTS))
    assert page.xpath("string(//title)").startswith("Not saved – ")
    (problem,) = page.xpath("//*[@role='alert']")
    assert "at least one section" in problem.text_content()
    assert page.xpath("//form/fieldset/@aria-describedby") == [problem.get("id")]
    assert page.xpath("//input[@checked]/@value") == ["chosen"]


def test_who_has_nothing_to_choose_is_told_why() -> None:
    left = preferences(subscribed=False)
    assert left.xpath("//form//*[@name]/@value") == ["link"]  # their data is theirs nevertheless
    assert left.xpath("//main//a") == []
    assert "does not get The <Harbour> Daily" in text(left)
    none_yet = preferences(sections=())
    assert none_yet.xpath("//input[@type='radio' or @type='checkbox']") == []
    assert none_yet.xpath("//input[@name='pause']")
    assert none_yet.xpath("//main//a/@href") == ["../u/token"]


def test_what_the_reader_said_is_shown_and_what_is_wrong_with_it_beside_the_field() -> None:
    about = About("Ann", "de", "Europe/Berlin", "2024-12-24", "2024-11-22", "2025-11-22", LANGUAGES_OFFERED, ZONES)
    page = preferences(about=about)
    assert page.xpath("//*[@name='name' or @name='pause']/@value") == ["2024-12-24", "Ann"]
    assert page.xpath("//option[@selected]/text()") == ["Deutsch", "Europe/Berlin"]
    assert page.xpath("//*[@aria-invalid]") == []
    for field in ("pause", "name", "language", "timezone"):
        wrong = preferences("wrong", about=about, problem=field)
        assert wrong.xpath("//*[@aria-invalid]/@name") == [field]
        (said,) = wrong.xpath("//*[@aria-invalid]/@aria-describedby")
        assert wrong.xpath("string(//*[@id=$id])", id=said)
        assert "Nothing was saved" in text(wrong)


def test_names_in_another_language_than_our_words_are_marked() -> None:
    hebrew = preferences(language="he", sections=(SectionChoice("b", "בתי משפט", True),))
    assert hebrew.xpath("//html/@lang") == ["en"]
    assert hebrew.xpath("//label/span[@lang]/@lang") == ["he"]
    assert hebrew.xpath("//label/span[@lang]/@dir") == ["auto"]
    assert preferences(language="de").xpath("//label/span/@lang") == []


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_pages_speak_one_language_and_name_it(language: str) -> None:
    pages = [
        preferences(language=language),
        parsed(unsubscribe_page(SITE, "ask", newsletter=NEWSLETTER, email=EMAIL, language=language)),
        parsed(notice_page(replace(SITE, language=language), "unknown_link")),
    ]
    for page in pages:
        assert page.xpath("//html/@lang") == [language]
        assert page.xpath("//html/@dir") == ["rtl" if language == "ar" else "ltr"]
        assert page.xpath("count(//h1)") == 1
        assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
        assert page.xpath("//meta[@name='referrer']/@content") == ["no-referrer"]
    assert ("Unsubscribe" in text(pages[1])) is (language == "en")


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_titles_and_addresses_stand_whole_in_every_language(language: str) -> None:
    for state in ("ask", "done"):
        page = parsed(unsubscribe_page(SITE, state, newsletter=NEWSLETTER, email=EMAIL, language=language))
        assert EMAIL in page.xpath("//bdi/text()")
        assert NEWSLETTER in page.xpath("//bdi/text()")
    assert NEWSLETTER in preferences("saved", language=language).xpath("//*[@role='status']/bdi/text()")


def test_unsubscribing_asks_once_and_says_what_it_has_done() -> None:
    ask = parsed(unsubscribe_page(SITE, "ask", newsletter=NEWSLETTER, email=EMAIL, language="en"))
    assert ask.xpath("//form[@method='post'][not(@action)]/button[@type='submit']/text()") == ["Unsubscribe"]
    assert ask.xpath("string(//h1)") == f"Unsubscribe from {NEWSLETTER}?"
    assert ask.xpath("//script | //img | //link | //input | //textarea") == []
    done = parsed(unsubscribe_page(SITE, "done", newsletter=NEWSLETTER, email=EMAIL, language="en"))
    assert done.xpath("//form//*[@name]/@name") == ["reason"]
    thanked = parsed(unsubscribe_page(SITE, "thanked", newsletter=NEWSLETTER, email=EMAIL, language="en"))
    assert thanked.xpath("//form") == []
    assert done.xpath("string(//title)").startswith("You are unsubscribed")
    assert "gets no more mail" in done.xpath("string(//*[@role='status'])")


def test_an_unknown_link_tells_nothing_about_anybody() -> None:
    assert "no longer valid" in text(parsed(notice_page(SITE, "unknown_link")))
    assert parsed(notice_page(SITE, "missing")).xpath("//main//a/@href") == [SITE.url]
    assert "try again in a few minutes" in text(parsed(notice_page(SITE, "later")))


def test_a_site_has_its_own_words_and_pages(tmp_path: Path) -> None:
    file = tmp_path / CATALOGUE.format(tag="en")
    file.parent.mkdir(parents=True)
    file.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Save"\nmsgstr "Keep"\n'
    )
    (tmp_path / "page").mkdir()
    (tmp_path / "page/notice.html").write_text("<p>{{ state }}</p>")
    site = replace(SITE, templates=tmp_path)
    page = preferences_page(site, "ask", newsletter="D", email="a@b", language="en", sections=(COURTS,))
    assert parsed(page).xpath("//button/text()")[0] == "Keep"
    assert notice_page(site, "later") == b"<p>later</p>"


def test_the_logo_comes_from_the_site_wherever_the_page_is_served() -> None:
    site = replace(SITE, logo=Logo("asset:0123.png", 200, 40))
    pages = [
        unsubscribe_page(site, "ask", newsletter="D", email="a@b", language="en"),
        preferences_page(site, "ask", newsletter="D", email="a@b", language="en"),
        notice_page(site, "unknown_link"),
    ]
    for page in map(parsed, pages):
        assert page.xpath("//header//img/@src") == [f"{SITE.url}assets/0123.png"]
        assert page.xpath("//header//img/@alt") == [SITE.title]
        assert page.xpath("//header//a/@href") == [SITE.url]
