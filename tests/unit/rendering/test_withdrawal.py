"""What stands in place of a withdrawn digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from publisher.editions import Note, Withdrawn
from publisher.rendering import withdrawn_entry, withdrawn_page

from .samples import ARABIC_LOOK, LOOK, NOTED_AT, RICH, RTL, assert_golden, parsed

NOTICE = "The figures were those of 2019 & not <b>ours</b>."
GONE = Withdrawn(RICH.title, RICH.date, "en", Note(NOTED_AT, NOTICE))


def test_golden_withdrawal() -> None:
    assert_golden("rendering/withdrawn.page.html", withdrawn_page(GONE, LOOK, "harbour-opens"))
    assert_golden("rendering/withdrawn.entry.html", withdrawn_entry(GONE, LOOK).content.encode())
    arabic = Withdrawn(RTL.title, RTL.date, "ar", Note(NOTED_AT, "نشرنا أرقامًا قديمة."))
    assert_golden("rendering/withdrawn.rtl.page.html", withdrawn_page(arabic, ARABIC_LOOK, "alghad"))
    assert_golden("rendering/withdrawn.rtl.entry.html", withdrawn_entry(arabic, ARABIC_LOOK).content.encode())


def test_the_page_says_what_was_withdrawn_when_and_why_and_nothing_else() -> None:
    page = parsed(withdrawn_page(GONE, LOOK, "harbour-opens"))
    said = " ".join(page.xpath("//main")[0].text_content().split())
    assert said == f"{RICH.title} This issue was withdrawn on November 21, 2024. {NOTICE}".replace("\u00a0", " ")
    assert page.xpath("//img | //meta[starts-with(@property, 'og:')] | //meta[@name='description']") == []


def test_searches_are_asked_to_forget_it() -> None:
    page = parsed(withdrawn_page(GONE, LOOK, "harbour-opens"))
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex, noarchive"]
    assert page.xpath("//link[@rel='canonical']") == []


def test_its_title_says_so_where_only_titles_are_shown() -> None:
    assert withdrawn_entry(GONE, LOOK).title == f"Withdrawn: {RICH.title}"
    page = parsed(withdrawn_page(GONE, LOOK, "harbour-opens"))
    assert page.xpath("//title/text()") == [f"Withdrawn: {RICH.title} – {LOOK.title}"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Diese Ausgabe wurde am 1. Dezember 2024 zurückgezogen."),
        ("fr", "Ce numéro a été retiré le 1er décembre 2024."),
        ("es", "Esta edición se retiró el 1 de diciembre de 2024."),
        ("uk", "1 грудня 2024\u00a0р. цей випуск було відкликано."),
        ("ar", "سُحب هذا العدد بتاريخ 1 ديسمبر 2024."),
        ("pt", "This issue was withdrawn on 1 de dezembro de 2024."),
    ],
)
def test_it_speaks_the_newsletters_language_on_its_clock(language: str, sentence: str) -> None:
    last = Note(NOTED_AT.replace(day=30, hour=23), "")
    gone = replace(GONE, language=language, notice=last)
    look = replace(LOOK, language=language, timezone="Europe/Kyiv")
    assert withdrawn_entry(gone, look).summary == sentence
    page = parsed(withdrawn_page(gone, look, "x"))
    assert sentence in page.xpath("//main")[0].text_content()


def test_its_summary_is_short_and_its_title_one_line() -> None:
    entry = withdrawn_entry(replace(GONE, title="One\nline", notice=Note(NOTED_AT, "word " * 99)), LOOK)
    assert len(entry.summary) <= 300
    assert entry.title == "Withdrawn: One line"


def test_a_digest_keeps_its_own_date_on_the_page() -> None:
    page = parsed(withdrawn_page(replace(GONE, date=date(2024, 11, 2)), LOOK, "x"))
    assert page.xpath("//header//time/@datetime") == ["2024-11-02"]
