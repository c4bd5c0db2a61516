"""Every word that readers see is in every language: what a catalogue misses, doubts or keeps in vain is red here.

`make catalogs` brings the catalogues up to date and tells what is left to translate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages import Catalog

from publisher.rendering.words import words
from tests import catalogs
from tests.catalogs import LANGUAGES, LOCALE, file_of, problems, read

ONE, MANY = "%(count)s ship at %(quay)s", "%(count)s ships at %(quay)s"


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return catalogs.spoken()


def test_the_languages_are_those_that_have_a_catalogue() -> None:
    assert sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_says_everything_and_nothing_in_vain(language: str, wanted: Catalog) -> None:
    assert problems(read(file_of(language)), wanted) == []
    assert words(language).spoken == language


def test_the_english_words_for_translators_are_those_of_today(wanted: Catalog) -> None:
    assert {message.id for message in read(catalogs.SOURCE)} == {message.id for message in wanted}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_has_typewriter_quotes_or_a_colon_that_stands_alone(language: str) -> None:
    text = "".join(str(message.string) for message in read(file_of(language)) if message.id)
    assert not set('"') & set(text)
    assert not re.search(r"\w'\w", text)
    assert not re.search(r" [:;?!»]|« ", text)  # in French a no-break space
    assert "..." not in text


# --- templates and Python ask for every word ------------------------------------------------------------------

READERS_TEMPLATES = [
    file
    for folder in ("email", "page", "shared")
    for file in sorted((catalogs.ROOT / "templates" / folder).iterdir())
    if file.suffix in catalogs.TEMPLATES
]
NAMES = {"Atom", "RSS", "JSON", "Feed"}
"""Names of formats, which are the same everywhere."""

_JINJA = re.compile(
    r"\{#.*?#\}|\{%-?\s*trans\b.*?endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<style\b.*?</style>", re.DOTALL
)
_SPOKEN_ATTRIBUTE = re.compile(r'\b(?:alt|title|aria-label|placeholder)="([^"]*)"')


def bare_words(template: str) -> set[str]:
    """The words of a template that no catalogue knows, in its text and in the attributes that are read out."""
    text = _JINJA.sub(" ", template)
    said = [*_SPOKEN_ATTRIBUTE.findall(text), re.sub(r'<[^>]*>|[\w-]+="[^"]*"|&#?\w+;', " ", text)]
    return set(re.findall(r"[^\W\d_]+", " ".join(said))) - NAMES


@pytest.mark.parametrize("file", READERS_TEMPLATES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_template_speaks_past_the_catalogues(file: Path) -> None:
    assert bare_words(file.read_text(encoding="utf-8")) == set()


# --- the tests are tested --------------------------------------------------------------------------------------


def test_words_in_a_template_that_no_catalogue_knows_are_found() -> None:
    assert bare_words("<p>{{ name }}{% if x %} Hello{% endif %} &middot; {% trans %}Good{% endtrans %}</p>") == {
        "Hello"
    }
    assert bare_words('<a title="Open" href="x"><img alt="{{ alt }}"></a>') == {"Open"}


def test_every_way_to_ask_for_a_word_is_seen(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "publisher").mkdir()
    (tmp_path / "templates/a.html").write_text(
        "{% trans %}plain{% endtrans %}{% trans name=x.y %}to {{ name }}{% endtrans %}"
        '{{ gettext("call %(x)s", x=1) }}{{ words("asked") }}'
        "{% trans count=3 %}{{ count }} ship{% pluralize %}{{ count }} ships{% endtrans %}"
    )
    (tmp_path / "publisher/b.py").write_text(
        "def f(words, self, what):\n"
        "    return f\"{words('inside')} {self.words('own')}\" + words(what) + len('no')\n"
    )
    found = {message.id for message in catalogs.spoken(tmp_path) if message.id}
    assert found == {
        "plain",
        "to %(name)s",
        "call %(x)s",
        "asked",
        ("%(count)s ship", "%(count)s ships"),
        "inside",
        "own",
    }


def whole(language: str = "uk") -> Catalog:
    """A catalogue with nothing wrong."""
    catalog = Catalog(language)
    catalog.add("Feed:", "Стрічка:")
    catalog.add("Read %(newsletter)s", "Читати «%(newsletter)s»")
    catalog.add(
        (ONE, MANY),
        ("%(count)s судно біля %(quay)s", "%(count)s судна біля %(quay)s", "%(count)s суден біля %(quay)s"),
    )
    return catalog


def _set(catalog: Catalog, message: str, string: str | tuple[str, ...]) -> None:
    catalog[message].string = string


def _plural(catalog: Catalog, *strings: str) -> None:
    _set(catalog, ONE, strings)


FAULTS: list[tuple[str, Callable[[Catalog], object]]] = [
    ("missing: Feed:", lambda catalog: catalog.delete("Feed:")),
    ("not translated: Feed:", lambda catalog: _set(catalog, "Feed:", "")),
    ("not translated: Feed:", lambda catalog: _set(catalog, "Feed:", " ")),
    (f"not translated: {ONE}", lambda catalog: _plural(catalog, "%(count)s %(quay)s", "", "")),
    ("fuzzy: Feed:", lambda catalog: catalog["Feed:"].flags.add("fuzzy")),
    ("said nowhere: Fleet", lambda catalog: catalog.add("Fleet", "Флот")),
    ("one ends with a colon: Feed:", lambda catalog: _set(catalog, "Feed:", "Стрічка")),
    ("other placeholders: Read", lambda catalog: _set(catalog, "Read %(newsletter)s", "Читати")),
    ("other placeholders: Read", lambda catalog: _set(catalog, "Read %(newsletter)s", "%(newsletter) s")),
    ("other placeholders: Read", lambda catalog: _set(catalog, "Read %(newsletter)s", "%(newsletter)s %(x)s")),
    ("other placeholders: Read", lambda catalog: _set(catalog, "Read %(newsletter)s", "%(newsletter)s 5 %")),
    (f"2 plural forms: {ONE}", lambda catalog: _plural(catalog, *["%(count)s %(quay)s"] * 2)),
    (f"other placeholders: {ONE}", lambda catalog: _plural(catalog, "одне %(quay)s", *["%(count)s %(quay)s"] * 2)),
]


@pytest.mark.parametrize(("expected", "break_it"), FAULTS, ids=[fault for fault, _ in FAULTS])
def test_a_planted_fault_is_found(expected: str, break_it: Callable[[Catalog], object]) -> None:
    catalog = whole()
    assert problems(catalog, whole()) == []
    break_it(catalog)
    assert any(line.startswith(expected) for line in problems(catalog, whole()))


def test_an_obsolete_word_is_found(tmp_path: Path) -> None:
    file = tmp_path / "publisher.po"
    catalogs.write(file, whole(), "uk", "nplurals=3; plural=(n%10==1 ? 0 : n==2 ? 1 : 2);")
    assert problems(read(file), whole()) == []
    file.write_text(file.read_text(encoding="utf-8") + '\n#~ msgid "Fleet"\n#~ msgstr "Флот"\n', encoding="utf-8")
    assert problems(read(file), whole()) == ["obsolete: Fleet"]


def test_a_form_for_one_number_may_say_it_as_a_word() -> None:
    catalog = Catalog("de")
    catalog.add((ONE, MANY), ("ein Schiff an %(quay)s", "%(count)s Schiffe an %(quay)s"))
    wanted = Catalog()
    wanted.add((ONE, MANY))
    assert problems(catalog, wanted) == []
