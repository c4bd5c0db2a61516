"""The language of segments: what is understood, what is refused and where, and that printing loses nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.errors import SegmentError
from subscribers.segments.evaluating import Ground, Person, holds
from subscribers.segments.lexing import LONGEST
from subscribers.segments.model import Attribute, Expression, Field, subjects
from subscribers.segments.parsing import DEEPEST, parse
from subscribers.segments.printing import printed
from tests.unit.subscribers.segmenting import expressions

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
GROUND = Ground(NOW, "Europe/Berlin", "de")
ADA = Person(
    name="Ada Okafor",
    email="ada@example.org",
    language="de-AT",
    timezone="",
    source="import spring.csv",
    section=["sport", "world-news"],
    joined=datetime(2024, 11, 20, 23, 30, tzinfo=UTC),  # in Berlin the 21st
    confirmed=None,
    attributes={
        "plan": "Gold",
        "age": "42",
        "visits": 7,
        "member": True,
        "tags": ["red wine", "Tea"],
        "ends": "2025-01-31",
    },
)
BEN = Person("", "ben@example.com", "", "America/Lima", "", None, datetime(2023, 2, 28, 12, tzinfo=UTC), NOW, {})

HOLDS = [  # expression, Ada, Ben
    ('language = "de"', True, True),  # who says nothing reads the newsletter's
    ('language = "de-at"', True, False),
    ('language != "de"', False, False),
    ('language in ("fr", "de")', True, True),
    ("language is set", True, False),
    ('timezone = "europe/berlin"', True, False),
    ('timezone starts with "America/"', False, True),
    ('name contains "oka"', True, False),
    ("name is not set", False, True),
    ('email ends with "@example.com"', False, True),
    ('source contains "spring"', True, False),
    ('section = "sport"', True, True),  # None is all of them
    ('section = "sport" and section is set', True, False),
    ('section contains "news"', True, True),
    ('section != "courts"', True, False),
    ("joined = 2024-11-21", True, False),
    ("joined = today", True, False),
    ("joined > 2024-11-20", True, False),
    ("joined > 2024-11-21", False, False),
    ("joined >= 2024-11-21", True, False),
    ("joined <= 2024-11-21", True, True),
    ("joined < 1 year ago", False, True),
    ("joined < 21 months ago", False, False),
    ("joined >= 30 DAYS ago", True, False),
    ("confirmed is set", False, True),
    ("not confirmed = today", True, False),
    ("confirmed != today", True, False),
    ('attribute.plan = "gold"', True, False),
    ('attribute.plan != "gold"', False, True),
    ('attribute.plan in ("silver", "gold")', True, False),
    ('attribute.plan not in ("silver", "bronze")', True, True),
    ("attribute.age > 30", True, False),
    ("attribute.age = 42.0", True, False),
    ("attribute.visits <= 7", True, False),
    ('attribute.visits = "7"', False, False),
    ("attribute.member = true", True, False),
    ('attribute.tags = "tea"', True, False),
    ('attribute.tags = "wine"', False, False),
    ('attribute.tags contains "wine"', True, False),
    ("attribute.ends < 3 months from now", True, False),
    ("attribute.ends = 2025-01-31", True, False),
    ("attribute.plan is set and attribute.nothing is not set", True, False),
    ('attribute."plan" = "gold" or not (name is set)', True, True),
    ('name = "x" or name = "y" and language = "de"', False, False),
    ('(language = "de" or name = "y") and name is set', True, False),
]


@pytest.mark.parametrize(("source", "ada", "ben"), HOLDS)
def test_an_expression_means_what_it_says(source: str, ada: bool, ben: bool) -> None:
    expression = parse(source)
    assert (holds(expression, ADA, GROUND), holds(expression, BEN, GROUND)) == (ada, ben)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(expression=expressions)
def test_what_is_printed_reads_as_the_same(expression: Expression) -> None:
    assert parse(printed(expression)) == expression


@pytest.mark.parametrize("source", [source for source, *_ in HOLDS])
def test_printing_settles_at_once(source: str) -> None:
    once = printed(parse(source))
    assert printed(parse(once)) == once


REFUSED = [  # expression, column, what is said, what to write
    ("", 1, "there is nothing to read", "language ="),
    ("   ", 4, "there is nothing to read", "language ="),
    ('langauge = "de"', 1, '"langauge" is not known of anybody', "name, email, language"),
    ("language = de", 12, 'expected a value, not "de"', 'in quotes: "de"'),
    ("language = “de”", 12, '"“" has no meaning here', "straight quotes"),
    ('language == "de"', 10, '"==" has no meaning here', 'Write "="'),
    ('language <> "de"', 10, '"<>" has no meaning here', 'Write "!="'),
    ('language = "german"', 12, '"german" is no language; write one like "de"', ""),
    ('language = "de', 12, "this quote is never closed", 'End it with "'),
    ('name = "a\\n"', 10, "\\n has no meaning in a text", "backslash twice"),
    ('name = "a\tb"', 8, "the text holds U+0009", ""),
    ('name = ""', 8, "an empty text is nobody's", "is not set"),
    ("name = 42", 8, "name is not compared with that", 'with a text: = "..."'),
    ('name > "m"', 6, '">" does not go with "m"', "Texts have"),
    ('name not contains "x"', 6, '"not" stands in front', "not name contains"),
    ("name is", 8, 'expected "set", not the end', "is not set"),
    ("name", 5, "expected a comparison, not the end", "Write one of: ="),
    ('name = "a" "b"', 12, 'expected "and" or "or", not "b"', "in brackets"),
    ('name = "a", "b"', 11, 'expected "and" or "or", not ","', "in brackets"),
    ('name = "a" and', 15, "expected something to compare, not the end", "Write one of: name"),
    ('name in "a"', 9, 'expected "(", not "a"', 'in ("gold", "silver")'),
    ('name in ("a"', 9, "this bracket is never closed", '")"'),
    ('name in ("a" "b")', 14, 'expected ")", not "b"', "in brackets"),
    ('(name = "a"', 1, "this bracket is never closed", '")"'),
    ('name = "a")', 11, "this bracket was never opened", "Take it out"),
    ('joined > "2024-11-21"', 10, "joined is not compared with that", "with a day"),
    ("joined > 2024-13-01", 10, '"2024-13-01" is no day', "2024-11-21"),
    ("joined > 2024-1-1", 10, '"2024-1-1" is no day', "2024-11-21"),
    ("joined > 0999-01-01", 10, "is too far away", "1000 to 2999"),
    ("joined > 21.11.2024", 10, '"21.11.2024" is no number and no date', "2024-11-21"),
    ("joined > 30days ago", 10, '"30days" is no number and no date', "30 days ago"),
    ("joined > 30 days", 17, 'expected "ago", not the end', "30 days ago"),
    ("joined > 1.5 days ago", 10, "1.5 days are no distance", "36500"),
    ("joined > 99999 days ago", 10, "99999 days are no distance", "36500"),
    ("joined contains today", 8, '"contains" does not go with today', "Numbers and days have"),
    ("attribute = 1", 11, "it is not said which attribute", "attribute.NAME"),
    ("attribute.2024 = 1", 11, "expected the attribute's name", 'attribute."2024"'),
    ("attribute.a = 1234567890123456", 15, "has too many digits", "15 digits"),
    ("attribute.a < true", 13, '"<" does not go with true', "= true"),
    ("attribute.a contains 5", 13, '"contains" does not go with 5', "Numbers"),
    ("attribute.a = ", 15, "expected a value, not the end", '"gold"'),
    ('name = "a" && name = "b"', 12, '"&&" has no meaning here', 'Write "and"'),
    ('name = "a"; drop table subscribers', 11, '";" has no meaning here', ""),
    ("name = \x00", 8, '"U+0000" has no meaning here', ""),
]


@pytest.mark.parametrize(("source", "column", "message", "remedy"), REFUSED)
def test_what_is_wrong_is_told_with_its_place_and_what_to_write(
    source: str, column: int, message: str, remedy: str
) -> None:
    with pytest.raises(SegmentError) as refused:
        parse(source)
    error = refused.value
    assert (error.row, error.column) == (1, column), error
    assert message in error.message
    assert remedy in error.remedy
    assert len(str(error).splitlines()) == 1
    if source:
        assert error.excerpt[1] == " " * (column - 1) + "^"


def test_a_place_in_several_lines_is_a_line_and_a_column() -> None:
    with pytest.raises(SegmentError, match=r"^line 3, column 7: ") as refused:
        parse('language = "de"\nand\n name ~ "x"')
    assert refused.value.excerpt == (' name ~ "x"', "      ^")


def test_the_caret_stands_below_letters_of_any_width() -> None:
    with pytest.raises(SegmentError) as refused:
        parse('name = "東京é" oder')
    line, caret = refused.value.excerpt
    assert line == 'name = "東京é" oder'
    assert caret == " " * 15 + "^"


def test_depth_and_length_are_limited() -> None:
    deep = "(" * DEEPEST + "name is set" + ")" * DEEPEST
    assert holds(parse(deep), ADA, GROUND)
    for source in (f"({deep})", f"not {deep}", "not " * (DEEPEST + 1) + "name is set", "(" * LONGEST):
        with pytest.raises(SegmentError, match="nests deeper than 20"):
            parse(source)
    long = " or ".join(['name = "x"'] * 250)
    assert not holds(parse(long), ADA, GROUND)
    with pytest.raises(SegmentError, match="4000 at most"):
        parse(f"{long} or {long}")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "name",
                "=",
                '"a"',
                "and",
                "or",
                "not",
                "(",
                ")",
                "in",
                ",",
                "is",
                "set",
                "attribute",
                ".",
                "joined",
                ">",
                "2024-11-21",
                "30",
                "days",
                "ago",
                "today",
                "contains",
                "starts",
                "with",
                "1.5",
                "true",
                "language",
                "'",
                "-",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_whatever_is_written_is_read_or_refused_in_one_line(source: str) -> None:
    tree, said = None, None
    try:
        tree = parse(source)
    except SegmentError as error:
        said = error
    if said is None:
        assert tree is not None
        assert parse(printed(tree)) == tree
    else:
        assert len(str(said).splitlines()) == 1
        assert 1 <= said.column <= len(source) + 1


def test_days_begin_where_the_newsletter_is() -> None:
    assert Ground(datetime(2024, 3, 31, 22, 30, tzinfo=UTC), "Europe/Berlin").today == date(2024, 4, 1)
    assert Ground(NOW, "Europe/Berlin").begin(date(2024, 7, 1)) == datetime(2024, 6, 30, 22, tzinfo=UTC)


def test_months_end_where_they_end() -> None:
    ground = Ground(datetime(2024, 3, 31, 12, tzinfo=UTC))
    assert holds(parse("joined = 1 month ago"), _joined(2024, 2, 29), ground)
    assert holds(parse("joined = 1 year ago"), _joined(2023, 3, 31), ground)
    assert holds(parse("joined = 2 weeks from now"), _joined(2024, 4, 14), ground)


def _joined(year: int, month: int, day: int) -> Person:
    return Person("", "", "", "", "", None, datetime(year, month, day, 9, tzinfo=UTC), None, {})


def test_everything_that_is_asked_about_is_known() -> None:
    expression = parse('not (attribute.plan = "a" or name is set) and attribute."x y" is set')
    assert list(subjects(expression)) == [Attribute("plan"), Field.NAME, Attribute("x y")]
