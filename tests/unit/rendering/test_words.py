"""Our words and dates in the newsletter's language, ours to extend and never claimed to be what they are not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from publisher.errors import RenderError
from publisher.rendering.templates import environment, templates_root
from publisher.rendering.words import CATALOGUE, capitals, direction_of, words

THURSDAY, FIRST = date(2024, 11, 21), date(2024, 11, 1)
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


def catalogue(site: Path, tag: str, text: str) -> Path:
    """A catalogue of the site's own."""
    file = site / CATALOGUE.format(tag=tag)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEADER + text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("language", "full", "long", "month"),
    [
        ("en", "Thursday, November 21, 2024", "November 21, 2024", "November 2024"),
        ("en-GB", "Thursday, 21 November 2024", "21 November 2024", "November 2024"),
        ("de", "Donnerstag, 21. November 2024", "21. November 2024", "November 2024"),
        ("fr", "Jeudi 21 novembre 2024", "21 novembre 2024", "Novembre 2024"),
        ("es", "Jueves, 21 de noviembre de 2024", "21 de noviembre de 2024", "Noviembre de 2024"),
        ("ar", "الخميس، 21 نوفمبر 2024", "21 نوفمبر 2024", "نوفمبر 2024"),
        ("uk", "Четвер, 21 листопада 2024\u00a0р.", "21 листопада 2024\u00a0р.", "Листопад 2024\u00a0р."),
        ("he", "יום חמישי, 21 בנובמבר 2024", "21 בנובמבר 2024", "נובמבר 2024"),
        ("ka", "ხუთშაბათი, 21 ნოემბერი, 2024", "21 ნოემბერი, 2024", "ნოემბერი, 2024"),
        ("x-nowhere", "Thursday, November 21, 2024", "November 21, 2024", "November 2024"),
    ],
)
def test_dates_are_written_as_newspapers_of_the_language_do(
    language: str, full: str, long: str, month: str
) -> None:
    ours = words(language)
    assert (ours.full_date(THURSDAY), ours.long_date(THURSDAY), ours.month(THURSDAY)) == (full, long, month)


def test_the_first_of_a_french_month_is_an_ordinal() -> None:
    assert words("fr").full_date(FIRST) == "Vendredi 1er novembre 2024"
    assert words("fr-CA").long_date(date(2011, 1, 1)) == "1er janvier 2011"
    assert words("fr").long_date(date(2024, 11, 11)) == "11 novembre 2024"
    assert words("de").long_date(FIRST) == "1. November 2024"


@pytest.mark.parametrize(
    ("language", "spoken", "direction", "written"),
    [
        ("en", "en", "ltr", "ltr"),
        ("de", "de", "ltr", "ltr"),
        ("de-at", "de", "ltr", "ltr"),
        ("ar", "ar", "rtl", "rtl"),
        ("ar-EG", "ar", "rtl", "rtl"),
        ("he", "en", "ltr", "rtl"),  # no catalogue: English words, and said to be
        ("pt-BR", "en", "ltr", "ltr"),
    ],
)
def test_words_are_never_said_to_be_in_another_language_than_they_are(
    language: str, spoken: str, direction: str, written: str
) -> None:
    ours = words(language)
    assert (ours.spoken, ours.direction, ours.written) == (spoken, direction, written)


def test_right_to_left_is_known_of_languages_without_our_words() -> None:
    assert [direction_of(tag) for tag in ("he", "fa", "ur-PK", "az", "x-nowhere")] == [
        "rtl",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]


def test_words_are_in_the_readers_language() -> None:
    assert words("de")("Unsubscribe") == "Abbestellen"
    assert words("uk-UA")("Unsubscribe") == "Відписатися"
    assert words("he")("Unsubscribe") == "Unsubscribe"
    assert words("de") is words("de")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", {1: "1 section ", 2: "2 sections ", 21: "21 sections "}),
        ("de", {1: "eine Rubrik ", 2: "2 Rubriken "}),
        ("fr", {1: "1 rubrique ", 2: "2 rubriques "}),
        ("es", {1: "una sección ", 2: "2 secciones "}),
        ("uk", {1: "1 рубрику ", 2: "2 рубрики ", 5: "5 рубрик ", 12: "12 рубрик ", 21: "21 рубрику "}),
        ("ar", {1: "قسم واحد ", 2: "قسمان ", 3: "3 أقسام ", 11: "11 قسمًا ", 100: "100 قسم "}),
    ],
)  # fmt: skip
def test_numbers_have_the_form_of_their_language(language: str, expected: dict[int, str]) -> None:
    said = (
        "{% trans count=count, newsletter='X' %}"
        "Saved. From the next email on, you will get {{ count }} section of {{ newsletter }}.{% pluralize %}"
        "Saved. From the next email on, you will get {{ count }} sections of {{ newsletter }}.{% endtrans %}"
    )
    template = environment(None, words(language).translations).from_string(said)
    for count, form in expected.items():
        assert f" {form}" in template.render(count=count)


def test_a_site_adds_a_language(tmp_path: Path) -> None:
    catalogue(tmp_path, "pt_BR", 'msgid "Unsubscribe"\nmsgstr "Cancelar inscrição"\n')
    ours = words("pt-BR", tmp_path)
    assert (ours.spoken, ours("Unsubscribe"), ours("Feed")) == ("pt-BR", "Cancelar inscrição", "Feed")
    assert words("pt-PT", tmp_path).spoken == "en"


def test_a_site_says_single_words_its_own_way(tmp_path: Path) -> None:
    catalogue(tmp_path, "de", 'msgid "Unsubscribe"\nmsgstr "Abmelden"\n')
    catalogue(tmp_path, "en", 'msgid "Unsubscribe"\nmsgstr "Leave"\n')
    assert [words("de", tmp_path)(word) for word in ("Unsubscribe", "Preferences")] == [
        "Abmelden",
        "Einstellungen",
    ]
    assert (words("en-GB", tmp_path)("Unsubscribe"), words("en-GB", tmp_path).spoken) == ("Leave", "en")
    assert words("de")("Unsubscribe") == "Abbestellen"


def test_a_broken_catalogue_is_named_with_its_line(tmp_path: Path) -> None:
    file = catalogue(tmp_path, "de", 'msgid "Feed"\nmsgstr "Feed"\n\nFeeds are Feeds\n')
    with pytest.raises(RenderError, match="the catalogue cannot be read") as caught:
        words("de", tmp_path)
    assert caught.value.place == f"{file}:7"
    assert "own words" in caught.value.remedy


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b'msgid "\xe9"\nmsgstr "x"\n', b'msgid "a"\nmsgid_plural "b"\nmsgstr[x] ""\n']
)
def test_a_catalogue_that_is_no_text_is_named(tmp_path: Path, data: bytes) -> None:
    file = catalogue(tmp_path, "de", "")
    file.write_bytes(data)
    with pytest.raises(RenderError, match=str(file)):
        words("de", tmp_path)


def test_our_catalogues_stand_beside_our_templates() -> None:
    assert (templates_root() / CATALOGUE.format(tag="uk")).is_file()


def test_capitals_are_those_of_the_language() -> None:
    assert (capitals("istanbul", "tr"), capitals("istanbul", "en")) == ("İSTANBUL", "ISTANBUL")
