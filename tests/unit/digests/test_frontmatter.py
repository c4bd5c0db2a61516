"""The block of keys at the head of a file."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests import frontmatter, markdown, text
from publisher.digests.frontmatter import FrontMatter, SectionRule
from publisher.digests.model import Figure, Text
from publisher.errors import DigestError


def read(source: str) -> FrontMatter:
    return frontmatter.split(f"---\n{source}\n---\ntext", name="x.md")[0]


def test_every_key_is_read() -> None:
    assert read(
        """title: "A: title"
date: 2024-11-21
newsletter: daily
slug: a-slug
status: draft
publish_at: 2024-11-21 06:00
language: pt-BR
sections: {war: Fighting, talks: Diplomacy}
image: {src: pics/a.png, alt: A dog, caption: It runs., credit: Example/AFP}
author: [Ann, Bo]"""
    ) == FrontMatter(
        title="A: title",
        date=date(2024, 11, 21),
        newsletter="daily",
        slug="a-slug",
        draft=True,
        publish_at=datetime(2024, 11, 21, 6),  # noqa: DTZ001  # the file names no zone
        language="pt-BR",
        sections=(SectionRule("Fighting", "war", 9), SectionRule("Diplomacy", "talks", 9)),
        image=Figure("A dog", (Text("It runs."),), "Example/AFP", "pics/a.png"),
        author="Ann, Bo",
    )


def test_values_are_what_the_editor_typed() -> None:
    assert read("title: 2024").title == "2024"
    assert read("title: no").title == "no"
    assert read("title: 012:30").title == "012:30"
    assert read("date: 21 November 2024").date == date(2024, 11, 21)
    assert read("publish_at: 2024-11-21T06:00Z").publish_at == datetime(2024, 11, 21, 6, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "~", "null", '""'])
def test_keys_without_a_value_are_silent(value: str) -> None:
    assert read(f"title: {value}\ndate: {value}\nsections: {value}") == FrontMatter()


def test_text_without_front_matter_is_left_alone() -> None:
    assert frontmatter.split("Title\n---\nText", name="x") == (FrontMatter(), "Title\n---\nText", 0)
    assert frontmatter.split("---\n---\nText", name="x") == (FrontMatter(), "Text", 2)


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("title: a\ncolour: red", '"colour" is no key of front matter. Known keys: title, date', 3),
        ("title: a\ntitle: b", 'the key "title" is there twice', 3),
        ("title: a\n  b: c", "the front matter is broken", 3),
        ("title: [a", "the front matter is broken", 3),
        ("title: 'a", "the front matter is broken", 3),
        ("- a\n- b", "no list of keys", 2),
        ("just words", "no list of keys", 2),
        ("title: &x a\nauthor: *x", "anchors, aliases and tags", 2),
        ("author: *x", "anchors, aliases and tags", 2),
        ("title: !!python/object:os.system a", "anchors, aliases and tags", 2),
        ("? [a, b]\n: c", "a key must be a word", 2),
        ("title:\n  - [[[[a]]]]", "nests too deep", 3),
        ("title: [a]", "title: takes one value, not a list", 2),
        ("title: a\nslug: Not A Slug", 'slug: "Not A Slug" is no slug', 3),
        ("slug: archive", '"archive" is reserved', 2),
        ("newsletter: A", "is no newsletter's slug", 2),
        ("date: soon", '"soon" is no date', 2),
        ("date: 11/12/2024", "may be 2024-12-11 or 2024-11-12", 2),
        ("publish_at: 2024-11-21", "is no date and time", 2),
        ("publish_at: 0001-01-01 00:00", "is no date and time", 2),
        ("status: ready", "write one of draft, final, finalized", 2),
        ("language: english!", "is no language tag", 2),
        ("image: {alt: x}", "a picture needs src", 2),
        ("image: {src: x, width: 3}", '"width" is not known', 2),
        ("sections: Fighting", "takes a list", 2),
        ("sections: [A, a]", "is there twice", 2),
        ("sections: {A B: C}", '"A B" is no slug', 2),
        ("title: " + "x" * 301, "longer than 300", 2),
        ("title: a\x07b", "control character", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: str, message: str, line: int) -> None:
    with pytest.raises(DigestError) as caught:
        read(source)
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("x.md", line)
    assert "\n" not in str(caught.value)


def test_front_matter_must_end() -> None:
    with pytest.raises(DigestError, match=r"x.md:1: the front matter is not closed"):
        frontmatter.split("---\ntitle: a\n\ntext", name="x.md")


@pytest.mark.parametrize(
    "source",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" * 10,
        "title: " + "[" * 30_000,
        "title: " + "{a: " * 10_000,
        "".join("  " * depth + "- \n" for depth in range(200)),
        "title: a\n" * 5_000,
    ],
)
def test_bombs_are_refused_at_once(source: str) -> None:
    began = time.process_time()
    with pytest.raises(DigestError):
        read(source)
    assert time.process_time() - began < 2


def test_a_section_that_is_not_there_is_told() -> None:
    source = b"---\ntitle: T\nsections:\n  - There\n  - Missing\n---\n# T\n\n## There\n\nText.\n"
    for reader in (markdown.read, text.read):
        with pytest.raises(DigestError, match='no heading "Missing"') as caught:
            reader(source, name="x")
        assert caught.value.line == 5


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(alphabet="ab:-[]{}&*!'\"#|>%@ \n\t,?", max_size=60))
def test_any_front_matter_is_read_or_refused(source: str) -> None:
    with suppress(DigestError):
        assert isinstance(read(source), FrontMatter)
