"""What the readers of webhooks share: JSON within limits, words, times, replies."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.feedback import BounceClass, FeedbackKind, HookRefusedError
from publisher.providers.hook_reading import (
    AHEAD,
    LONGEST_TEXT,
    LONGEST_WORD,
    MOST_LEVELS,
    Meaning,
    fresh,
    meaning,
    moment,
    number,
    parsed,
    part,
    raw,
    reply,
    word,
    words,
)

NOW = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        '{"a":-Infinity}',
        "1e999",
        "-1e999",
        "9" * 21,
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_what_is_no_strict_json_is_refused(body: str) -> None:
    with pytest.raises(HookRefusedError) as refusal:
        parsed(body.encode())
    assert refusal.value.status is HTTPStatus.BAD_REQUEST


def test_json_nests_as_deep_as_it_may_and_no_deeper() -> None:
    assert parsed("[" * MOST_LEVELS + "]" * MOST_LEVELS)
    assert parsed('{"a":' * (MOST_LEVELS - 1) + "9" * 20 + "}" * (MOST_LEVELS - 1))
    with pytest.raises(HookRefusedError):
        parsed("[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='[]{}":,0e-\\u"', max_size=40))
def test_no_bytes_do_more_than_be_refused(body: bytes | str) -> None:
    try:
        value = parsed(body)
    except HookRefusedError:
        return
    assert json.loads(raw(value)) == value


def test_what_stands_at_a_path_is_found_or_is_nothing() -> None:
    value = {"a": [{"b": "x"}], "1": 2}
    assert part(value, "a", 0, "b") == "x"
    for path in (("a", 1), ("a", "0"), ("a", 0, "b", 0), ("b",), (1,)):
        assert part(value, *path) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a\r\n b\tc\x85d", "a b c d"),
        ("\0\u202e\ud800", "[U+0000][U+202E][U+D800]"),
        (5, "5"),
        (5.5, "5.5"),
        (True, ""),
        (None, ""),
        (["x"], ""),
        ({"x": 1}, ""),
    ],
)
def test_words_are_one_line_that_can_be_stored(value: Any, told: str) -> None:
    assert words(value) == told


def test_words_are_cut() -> None:
    assert len(words("x" * 10_000)) == LONGEST_TEXT
    assert len(words("\0" * 10_000)) == LONGEST_TEXT
    assert len(word("x" * 10_000)) == LONGEST_WORD


@pytest.mark.parametrize(
    ("value", "told"), [(550, 550), ("550", 550), (-1, None), (1.5, None), ("x", None), ("٣", None)]
)
def test_a_number_is_whole(value: Any, told: int | None) -> None:
    assert number(value) == told


@pytest.mark.parametrize(
    "value",
    [
        1773039600,
        1773039600.0,
        "1773039600",
        "1773039600.0",
        "2026-03-09T07:00:00Z",
        "2026-03-09T07:00:00.0000000Z",
        "2026-03-09T02:00:00.0000000-05:00",
        "2026-03-09T07:00:00",
        "2026-03-09 07:00:00+00",
    ],
)
def test_a_time_is_read_in_every_form_that_providers_write(value: Any) -> None:
    told = moment(value)
    assert told == NOW
    assert told.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        [],
        {},
        1e300,
        -1e300,
        "9" * 15,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert moment(value) is None


def test_fresh_is_what_is_not_older_than_it_may_be_nor_from_the_future() -> None:
    hour = timedelta(hours=1)
    for aside in (timedelta(), -hour, AHEAD):
        assert fresh(NOW + aside, NOW, hour) == NOW + aside
    for aside in (-hour - timedelta(seconds=1), AHEAD + timedelta(seconds=1)):
        with pytest.raises(HookRefusedError) as refusal:
            fresh(NOW + aside, NOW, hour)
        assert refusal.value.status is HTTPStatus.FORBIDDEN
    with pytest.raises(HookRefusedError):
        fresh(None, NOW, hour)
    assert fresh(NOW.astimezone(timezone(hour)), NOW, hour) == NOW


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("550 5.1.1 no such user", (550, "5.1.1")),
        ("smtp;550-5.7.26 unauthenticated", (550, "5.7.26")),
        ("smtp; 421 later", (421, "")),
        ("5.2.2 mailbox full", (None, "5.2.2")),
        ("delivered by 10.250.1.5 after 3500 seconds", (None, "")),
        ("", (None, "")),
        ("5٥٠ 5.1.٣", (None, "")),
    ],
)
def test_code_and_status_are_found_in_a_server_s_words(text: str, told: tuple[int | None, str]) -> None:
    assert reply(text) == told


def test_the_most_particular_name_decides() -> None:
    hard = Meaning(FeedbackKind.BOUNCED, BounceClass.HARD)
    table = {"a": Meaning(FeedbackKind.BOUNCED), "a/b": hard, "c": None}
    assert meaning(table, "a", "b", "x") is hard
    assert meaning(table, "a", "x") is table["a"]
    assert meaning(table, "c", "x") is None
    assert meaning(table, "x", "a") == Meaning(FeedbackKind.UNKNOWN)
