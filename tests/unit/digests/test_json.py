"""Digests in JSON, and the schema that is published for them."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from publisher.digests import json as reader
from publisher.digests import jsonmodels
from publisher.digests.jsonplaces import line_of
from publisher.digests.model import Emphasis, Figure, Link, Manuscript, NoteMark, Paragraph, Strong, Text
from publisher.errors import DigestError
from tests.unit.digests.outline import outline

SCHEMA = Path(jsonmodels.__file__).with_name("digest.schema.json")
TEXT = {"type": "paragraph", "content": "Text."}
NUMBERED = {"type": "list", "start": 3, "items": ["x"]}
MARK = {"type": "mark", "number": 1}
FULL: dict[str, Any] = {
    "title": "The title",
    "date": "2024-11-21",
    "newsletter": "daily",
    "slug": "a-slug",
    "status": "draft",
    "publish_at": "2024-11-21T06:00Z",
    "language": "en",
    "author": "Jo Example",
    "image": {"src": "a.png", "alt": "A dog", "caption": "It runs", "credit": "Example/AFP"},
    "lead": [
        {
            "type": "paragraph",
            "content": [
                "One ",
                {"type": "strong", "content": [{"type": "emphasis", "content": "two"}]},
                {"type": "link", "href": "https://example.org/ü", "content": "three"},
                {"type": "code", "text": "four"},
                {"type": "break"},
                {"type": "mark", "number": 1},
            ],
        },
        {"type": "note", "number": 1, "blocks": [TEXT]},
    ],
    "sections": [
        {
            "name": "Fighting",
            "slug": "war",
            "blocks": [
                {"type": "list", "items": ["one", ["two"], {"blocks": [TEXT, NUMBERED]}]},
                {"type": "quote", "blocks": [TEXT], "source": "Ann"},
                {"type": "figure", "alt": "A cat", "caption": ["It sleeps"], "credit": "Example", "src": "b.png"},
                {"type": "table", "alignments": ["left", "none"], "header": ["a", "b"], "rows": [["1", ["2"]]]},
                {"type": "heading", "content": "Deeper"},
                {"type": "code", "text": "a\n b"},
                {"type": "rule"},
                TEXT,
            ],
        },
        {"name": "Courts", "blocks": []},
    ],
}  # fmt: skip


def read(value: object, **how: Any) -> Manuscript:
    return reader.read(json.dumps(value, **how).encode(), name="x.json")


def is_valid(value: object) -> bool:
    return bool(Draft202012Validator(json.loads(SCHEMA.read_text())).is_valid(value))


def test_everything_the_format_has_is_read() -> None:
    found = read(FULL)
    assert (found.title, found.date, found.newsletter, found.slug) == (
        "The title",
        date(2024, 11, 21),
        "daily",
        "a-slug",
    )
    assert (found.draft, found.language, found.author) == (True, "en", "Jo Example")
    assert found.publish_at == datetime(2024, 11, 21, 6, tzinfo=UTC)
    assert found.image == Figure("A dog", (Text("It runs"),), "Example/AFP", "a.png")
    assert [section.slug for section in found.sections] == ["war", "courts"]
    assert isinstance(found.lead[0], Paragraph)
    assert found.lead[0].inlines[1:3] == (
        Strong((Emphasis((Text("two"),)),)),
        Link("https://example.org/%C3%BC", (Text("three"),)),
    )
    assert found.lead[0].inlines[-1] == NoteMark(1)
    assert outline(found) == (
        "One twothreefour \n[1]\n  Text.\n§ Fighting\n- one\n- two\n- Text.\n  3. x\n> Ann\n  Text.\n"
        "figure A cat | It sleeps | Example | b.png\n| a | b |\n| 1 | 2 |\n### Deeper\n`a\n b`\nText.\n§ Courts"
        .replace("`\nText.", "`\n---\nText.")
    )  # fmt: skip


def test_the_published_schema_is_that_of_the_models() -> None:
    """PUBLISHER_GOLDEN=write writes it anew."""
    expected = json.dumps(jsonmodels.schema(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("PUBLISHER_GOLDEN") == "write":
        SCHEMA.write_text(expected)
    Draft202012Validator.check_schema(json.loads(expected))
    assert SCHEMA.read_text() == expected
    assert is_valid(FULL)


def _changed(**changes: object) -> dict[str, Any]:
    return {"title": "T", "lead": [TEXT], **changes}


def _in_lead(*blocks: object) -> dict[str, Any]:
    return _changed(lead=list(blocks))


def _in_line(inline: object) -> dict[str, Any]:
    return _in_lead({"type": "paragraph", "content": [inline]})


def _in_item(block: object) -> dict[str, Any]:
    return _in_lead({"type": "list", "items": [{"blocks": [block]}]})


WRONG: list[tuple[object, str, bool]] = [
    ([], "should be", False),
    ({"lead": [TEXT]}, "title: is required", False),
    (_changed(colour="red"), "colour: unknown key", False),
    (_changed(title=""), "title: String should have at least 1 character", False),
    (_changed(title=7), "title: Input should be a valid string", False),
    (_changed(date="21.11.2024"), "date: ", False),
    (_changed(date="2024-13-41"), "date: ", True),
    (_changed(publish_at="soon"), "publish_at: ", False),
    (_changed(status="ready"), "status: ", False),
    (_changed(slug="A"), "slug: ", False),
    (_changed(slug="archive"), 'slug: "archive" is reserved', True),
    (_changed(language="!"), "language: ", False),
    (_changed(sections=[{"name": "A", "blocks": [{"type": "fnord"}]}]), "sections[0].blocks[0]", False),
    (_in_lead(TEXT, {"type": "paragraph"}), "lead[1].content: is required", False),
    (_in_line({"type": "link", "href": "javascript:x", "content": "a"}), "lead[0].content[0].href: is no", False),
    (_in_lead({"type": "heading", "level": 2, "content": "x"}), "lead[0].level: ", False),
    (_in_lead({"type": "list", "items": []}), "lead[0].items: ", False),
    (_in_item({"type": "rule", "x": 1}), "lead[0].items[0].blocks[0].x: unknown key", False),
    (_in_lead({"type": "table", "alignments": ["left"], "rows": [["a", "b"]]}), "lead[0].rows[0]: is not", True),
    (_in_lead(TEXT, {"type": "note", "number": 1, "blocks": []}), "lead[1]: the footnote 1 has no mark", True),
    (_in_line(MARK), "lead[0].content[0]: the footnote 1 has no text", True),
    (_changed(sections=[{"name": "A", "slug": "a", "blocks": []}] * 2), 'sections[1].slug: "a" is there', True),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message", "schema_allows"), WRONG)
def test_what_is_wrong_is_told_with_its_path(value: object, message: str, schema_allows: bool) -> None:
    with pytest.raises(DigestError) as caught:
        read(value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert is_valid(value) is schema_allows


def test_the_line_of_a_wrong_value_is_told() -> None:
    with pytest.raises(DigestError) as caught:
        read(_changed(lead=[TEXT, {"type": "heading", "level": 9, "content": "x"}]), indent=1)
    assert caught.value.line == 10


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ('{\n"title": }', "no valid JSON", 2),
        ('{"title": NaN}', "NaN is no JSON", None),
        ('{"title": "a", "title": "b"}', 'the key "title" is twice', None),
        ('{"title": ' + "1" * 5000 + "}", "no valid JSON", None),
        ("{\n" * 3 + "[" * 100_000, "nests deeper than 20", 4),
        ('{"title": "a\nb", "lead": ' + "[" * 100, "nests deeper than 20", 2),
        ('{"title": "' + '\\"' * 50_000, "no valid JSON", 1),
    ],
)
def test_broken_json_is_told(source: str, message: str, line: int | None) -> None:
    with pytest.raises(DigestError, match=message) as caught:
        reader.read(source.encode(), name="x.json")
    assert caught.value.line == line


def test_twenty_levels_are_read_and_no_more() -> None:
    def nested(levels: int) -> object:
        block: object = TEXT
        for _ in range(levels):
            block = {"type": "list", "items": [{"blocks": [block]}]}
        return block

    assert read(_in_lead(nested(20))).lead
    for levels in (21, 200):
        with pytest.raises(DigestError, match="nests deeper than 20"):
            read(_in_lead(nested(levels)))


def test_half_a_surrogate_pair_does_not_get_in() -> None:
    with pytest.raises(DigestError, match="title: "):
        reader.read(b'{"title": "a\\ud800b", "lead": [{"type": "paragraph", "content": "x"}]}', name="x")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\{}[]:,', max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(json_values, st.sampled_from([None, 0, 2]))
def test_every_value_is_found_on_its_line(value: Any, indent: int | None) -> None:
    marker = 'here\\it"is'

    def check(inner: Any, path: tuple[str | int, ...], put: Any) -> None:
        put(marker)
        text = json.dumps(root[0], indent=indent)
        assert line_of(text, path) == text[: text.index(json.dumps(marker))].count("\n") + 1
        put(inner)
        if isinstance(inner, dict):
            for key in inner:
                check(inner[key], (*path, key), lambda new, key=key: inner.__setitem__(key, new))
        if isinstance(inner, list):
            for index in range(len(inner)):
                check(inner[index], (*path, index), lambda new, index=index: inner.__setitem__(index, new))

    root = [value]
    check(value, (), lambda new: root.__setitem__(0, new))


@settings(deadline=None, derandomize=True, max_examples=150)
@given(json_values)
def test_any_json_is_read_or_refused_in_one_line(value: Any) -> None:
    with pytest.raises(DigestError) as caught:
        read({"title": "T", "lead": [value]})
    assert "\n" not in str(caught.value)


def test_an_endless_number_is_told_in_our_words() -> None:
    with pytest.raises(DigestError) as caught:
        reader.read(b'{"title": ' + b"9" * 10_000 + b"}", name="x.json")
    assert str(caught.value).startswith("x.json: no valid JSON: a number has 10000 digits")
    assert "sys." not in str(caught.value)
