"""Where templates are found, how a site overrides them, and how a mistake in one is told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from gettext import NullTranslations
from pathlib import Path

import pytest
from jinja2 import Environment

from publisher.config import parse
from publisher.errors import ConfigError, RenderError
from publisher.rendering import Logo, Look, newsletter_look, render, templates, templates_root
from publisher.rendering.pieces import places

from .samples import LOOK, RICH, SITE, whole_html, whole_text


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """A look whose site overrides templates from `tmp_path`."""
    return replace(LOOK, site=replace(SITE, templates=tmp_path))


@pytest.fixture
def forgotten_root() -> Iterator[None]:
    templates.templates_root.cache_clear()
    yield
    templates.templates_root.cache_clear()


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_checkout_serves_its_own_folder() -> None:
    assert templates_root() == Path(__file__).resolve().parents[3] / "templates"


@pytest.mark.usefixtures("forgotten_root")
def test_a_wheel_serves_the_folder_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "publisher" / "_templates"
    shutil.copytree(Path(__file__).resolve().parents[3] / "templates", inside)
    monkeypatch.setattr(templates, "__file__", str(tmp_path / "publisher" / "rendering" / "templates.py"))
    assert templates_root() == inside


@pytest.mark.usefixtures("forgotten_root")
def test_a_broken_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "__file__", str(tmp_path / "publisher" / "rendering" / "templates.py"))
    with pytest.raises(RenderError, match="templates are missing"):
        templates_root()


def test_every_template_is_documented_and_no_other() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`((?:email|page|shared)/[a-z_]+\.[a-z]+)`", text))
    there = {
        file.relative_to(templates_root()).as_posix()
        for folder in ("email", "page", "shared")
        for file in (templates_root() / folder).iterdir()
    }
    assert documented == there


def test_a_site_replaces_one_file(look: Look, tmp_path: Path) -> None:
    write(tmp_path, "email/closing.txt", "OURS {{ fields.unsubscribe_url }}\n")
    edition = render(RICH, look)
    assert edition.blocks[-1].text[0] == "OURS "
    assert "Read on the web" in whole_html(edition.blocks)


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("email/opening.txt", "MINE\n", "text"),
        ("email/contents.txt", "MINE {{ contents|length }}\n", "text"),
        ("email/choice.txt", "MINE\n", "choice"),
        ("email/style.css", ".ink { color: MINE; }", "html"),
        ("email/clients.css", ".ink { color: MINE; }", "html"),
        ("email/outlook.css", ".ink { color: MINE; }", "html"),
        ("email/word.css", ".ink { color: MINE; }", "html"),
        ("page/style.css", "body { color: MINE; }", "page"),
        (
            "page/parts.html",
            "{% macro wordmark(a, b, c, d) %}MINE{% endmacro %}{% macro imprint(a) %}{% endmacro %}",
            "page",
        ),
        ("page/entry.html", "MINE", "entry"),
    ],
)
def test_each_file_can_be_replaced_alone(look: Look, tmp_path: Path, name: str, text: str, form: str) -> None:
    write(tmp_path, name, text)
    edition = render(RICH, look)
    made = {
        "html": whole_html(edition.blocks),
        "text": whole_text(edition.blocks),
        "choice": whole_text(edition.blocks, ["money"]),
        "page": edition.page.decode(),
        "entry": edition.entry,
    }
    assert {each for each, document in made.items() if "MINE" in document} == (
        {"text", "choice"} if name == "email/opening.txt" else {form}
    )


def test_every_filter_is_documented() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
    theirs = set(Environment(extensions=["jinja2.ext.i18n"]).filters)
    ours = set(templates.environment(None, NullTranslations()).filters) - theirs
    assert "href" in ours
    assert {name for name in ours if not re.search(rf"`{name}(\(\w+\))?`", text)} == set()


def test_a_site_extends_what_it_replaces(look: Look, tmp_path: Path) -> None:
    write(
        tmp_path,
        "page/digest.html",
        '{% extends "original/page/digest.html" %}{% block footer %}{{ super() }}<p>more</p>{% endblock %}',
    )
    page = render(RICH, look).page.decode()
    assert "<p>more</p>" in page
    assert "All issues of The Harbour Daily" in page


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("<p>\n{{ digest.titel }}", "titel", 2),
        ("<p>\n\n{% if %}", "Expected an expression", 3),
        ("{% for %}", "template", 1),
        ("\n\n\n{{ nothing }}", "'nothing' is undefined", 4),
        ("{{ 1 / 0 }}", "division by zero", 1),
        ("\n{{ digest.title|loud }}", "No filter named 'loud'", 2),
    ],
)
def test_a_mistake_is_named_with_template_and_line(
    look: Look, tmp_path: Path, text: str, message: str, line: int
) -> None:
    write(tmp_path, "page/digest.html", text)
    with pytest.raises(RenderError, match=message) as caught:
        render(RICH, look)
    assert caught.value.place == f"page/digest.html:{line}"
    assert caught.value.remedy


def mistake(folder: Path, look: Look, name: str, text: str) -> RenderError:
    write(folder, name, text)
    with pytest.raises(RenderError) as caught:
        render(RICH, look)
    return caught.value


@pytest.mark.parametrize(
    ("text", "place", "names", "meant"),
    [
        ("{{ diges }}", "page/digest.html:1", {"digest", "look", "site", "words", "page_url"}, "digest"),
        ("{{ digest.titel }}", "page/digest.html:1", {"title", "date", "sections", "key"}, "title"),
        ("{{ look.site.theme.light.accnt }}", "page/digest.html:1", {"ink", "paper", "accent"}, "accent"),
        ("\n{% for part in digest.sections %}{{ prt.name }}{% endfor %}", "page/digest.html:2", {"part"}, "part"),
    ],
)
def test_a_wrong_name_is_told_with_those_that_exist(
    look: Look, tmp_path: Path, text: str, place: str, names: set[str], meant: str | None
) -> None:
    error = mistake(tmp_path, look, "page/digest.html", text)
    assert error.place == place
    listed = error.remedy.partition(": ")[2].partition(". ")[0].split(", ")
    assert listed == sorted(listed)
    assert names <= set(listed)
    assert not {"range", "gettext", "lipsum"} & set(listed)
    assert not [name for name in listed if name.startswith("_")]
    assert "\n" not in str(error)
    assert meant is None or f"Did you mean {meant}? " in error.remedy


def test_a_wrong_field_is_told_with_the_fields_that_exist(look: Look, tmp_path: Path) -> None:
    error = mistake(tmp_path, look, "email/closing.txt", "{{ fields.unsubscribe_ur }}")
    assert error.place == "email/closing.txt:1"
    assert "It has: email, preferences_url, unsubscribe_url." in error.remedy


def test_a_wrong_name_in_a_macro_and_in_a_style_sheet_is_found_there(look: Look, tmp_path: Path) -> None:
    ours = (templates_root() / "email/style.css").read_text(encoding="utf-8")
    error = mistake(tmp_path, look, "email/style.css", ours + "\n.x { color: {{ theme.lght.ink }}; }")
    assert error.place == f"email/style.css:{ours.count(chr(10)) + 2}"
    assert "Did you mean light?" in error.remedy
    (tmp_path / "email/style.css").unlink()
    error = mistake(tmp_path, look, "shared/inline.html", "{% macro line(nodes) %}\n{{ nods }}{% endmacro %}")
    assert error.place == "shared/inline.html:2"
    assert "nodes" in error.remedy


def test_a_file_that_a_site_places_later_is_seen_at_the_next_edition(look: Look, tmp_path: Path) -> None:
    assert "All issues of The Harbour Daily" in render(RICH, look).page.decode()
    write(tmp_path, "page/digest.html", "OURS")
    assert render(RICH, look).page == b"OURS"
    (tmp_path / "page/digest.html").unlink()
    assert "All issues of The Harbour Daily" in render(RICH, look).page.decode()


def test_what_has_no_names_lists_none(look: Look, tmp_path: Path) -> None:
    assert mistake(tmp_path, look, "page/digest.html", "{{ digest.title.loud }}").remedy.startswith("docs/")


def test_a_mistake_in_an_included_template_is_found_there(look: Look, tmp_path: Path) -> None:
    write(tmp_path, "shared/inline.html", "\n{% macro line(nodes) %}\n{{ nodes.length() }}{% endmacro %}")
    with pytest.raises(RenderError) as caught:
        render(RICH, look)
    assert caught.value.place == "shared/inline.html:3"


def test_a_missing_template_is_named(look: Look, tmp_path: Path) -> None:
    write(tmp_path, "page/digest.html", '{% include "page/none.html" %}')
    with pytest.raises(RenderError, match=r"no template page/none\.html"):
        render(RICH, look)


@pytest.mark.parametrize("name", ["email/sections.html", "email/closing.txt"])
def test_a_mail_without_unsubscribe_link_is_refused(look: Look, tmp_path: Path, name: str) -> None:
    ours = (templates_root() / name).read_text(encoding="utf-8")
    write(tmp_path, name, ours.replace("fields.unsubscribe_url", "page_url"))
    with pytest.raises(RenderError, match="no unsubscribe link"):
        render(RICH, look)


def test_a_lost_cut_is_refused(look: Look, tmp_path: Path) -> None:
    ours = (templates_root() / "email/mail.html").read_text(encoding="utf-8")
    write(tmp_path, "email/mail.html", ours.replace("{{ cut|safe }}", "", 1))
    with pytest.raises(RenderError, match="8 blocks instead of 9"):
        render(RICH, look)


def test_content_cannot_name_a_place() -> None:
    mark = places(RICH, LOOK, "").stem
    assert mark != places(replace(RICH, title=mark), LOOK, "").stem


def test_look_comes_from_the_configuration(tmp_path: Path) -> None:
    settings = parse(
        {
            "theme": {"light": {"accent": "#0a5c36"}},
            "site": {"title": "Press", "url": "https://example.org/news", "language": "de"},
            "newsletter": [
                {"slug": "daily", "title": "Daily", "from": "d@example.org", "postal_address": "1 Quay"},
                {"slug": "weekly", "title": "Weekly", "from": "w@example.org", "language": "fr"},
            ],
        },
        root=tmp_path,
    )
    look = newsletter_look(settings, "daily")
    assert (look.site.url, look.url, look.language) == (
        "https://example.org/news/",
        "https://example.org/news/daily/",
        "de",
    )
    assert (look.title, look.postal_address) == ("Daily", "1 Quay")
    assert newsletter_look(settings, "weekly").language == "fr"
    assert look.site.theme.light.accent == "#0a5c36"
    assert look.site.theme.dark.accent == "#f0826f"
    logo, dark = Logo("asset:a.png", 20, 10), Logo("asset:b.png", 20, 10)
    shown = newsletter_look(settings, "daily", logo=logo, logo_dark=dark).site
    assert (shown.logo, shown.logo_dark) == (logo, dark)
    assert (look.site.logo, look.site.logo_dark) == (None, None)
    assert look.site.templates is None
    (tmp_path / "templates").mkdir()
    assert newsletter_look(settings, "daily").site.templates == tmp_path / "templates"
    with pytest.raises(ConfigError):
        newsletter_look(settings, "none")
