"""Who has the newest bytes already, and what is said of their age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.served import Version
from publisher.web.fresh import entity_tag, http_date, moment, names, not_modified
from tests.unit.web.conftest import CHANGED

DIGEST = sha256(b"bytes").hexdigest()
TAG = entity_tag(DIGEST)
BARE = TAG.strip('"')
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (TAG, True),
        (f"W/{TAG}", True),
        (f"w/{TAG}", True),
        (BARE, True),
        (f"W/{BARE}", True),
        (f'"a", {TAG} ,"b"', True),
        (f'"a",W/{TAG}', True),
        (f'"with, comma", {TAG}', True),
        (f"a, {BARE}, b", True),
        ("*", True),
        (" * ", True),
        (f'"{BARE}-gzip"', True),
        (f'"{BARE}-br"', True),
        (f'"{BARE}--gzip"', True),
        (f'"{BARE};gzip"', True),
        (f'W/"{BARE}-GZIP"', True),
        (f"{BARE}-gzip", True),
        (f"{TAG}-gzip", True),
        ('"other"', False),
        (f'"{BARE}x"', False),
        (f'"x{BARE}"', False),
        (f'"{BARE[:-1]}"', False),
        (f'"{BARE}-gzip-gzip"', False),
        ('"*"', False),
        ("", False),
        (",,", False),
        ('"', False),
    ],
)
def test_if_none_match_is_read_as_readers_write_it(match: str, expected: bool) -> None:
    assert names(match, DIGEST) is expected
    assert not_modified(match, None, DIGEST, CHANGED) is expected
    # It wins over If-Modified-Since, whatever that says.
    assert not_modified(match, http_date(CHANGED), DIGEST, CHANGED) is expected
    assert not_modified(match, "Thu, 01 Jan 1970 00:00:00 GMT", DIGEST, CHANGED) is expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (http_date(CHANGED), True),
        (http_date(CHANGED + SECOND), True),
        (http_date(CHANGED + timedelta(days=9000)), True),
        ("Thursday, 21-Nov-24 07:00:00 GMT", True),
        ("Thu Nov 21 07:00:00 2024", True),
        ("Thu, 21 Nov 2024 08:00:00 +0100", True),
        (http_date(CHANGED - SECOND), False),
        ("yesterday", False),
        ("Thu, 99 Nov 2024 07:00:00 GMT", False),
        ("0", False),
        ("", False),
    ],
)
def test_if_modified_since_is_any_moment_from_the_change_on(since: str, expected: bool) -> None:
    assert not_modified(None, since, DIGEST, CHANGED) is expected
    assert not_modified(None, since, DIGEST, None) is False
    assert not_modified(None, None, DIGEST, CHANGED) is False


OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["", "W/"]), OPAQUE), max_size=5), st.booleans(), st.integers(0, 5))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_list_names_bytes_when_one_of_its_tags_does(
    others: list[tuple[str, str]], there: bool, place: int
) -> None:
    tags = [f'{weak}"{opaque}"' for weak, opaque in others]
    if there:
        tags.insert(place, TAG)
    assert names(", ".join(tags), DIGEST) is there


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_conditional_header_breaks_an_answer(match: str, since: str) -> None:
    assert not_modified(None, since, DIGEST, datetime(9999, 1, 1, tzinfo=UTC)) is False
    assert names(match, DIGEST) is (match.strip() == "*")


def test_each_coding_has_a_tag_of_its_own() -> None:
    assert len({entity_tag(DIGEST), entity_tag(DIGEST, "gzip"), entity_tag(DIGEST, "br")}) == 3


def test_the_first_version_is_as_old_as_its_file_but_not_of_the_future() -> None:
    now = CHANGED + timedelta(hours=1)
    assert moment(CHANGED + timedelta(milliseconds=900), "a", None, now) == CHANGED
    assert moment(now + timedelta(days=1), "a", None, now) == now


FILES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5000, 5000), st.integers(-5000, 5000)), min_size=2)


@given(FILES)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_moment_never_goes_back_and_other_bytes_have_a_later_one(files: list[tuple[str, int, int]]) -> None:
    """Whatever the clock and the file's own time do: both may be set back in between."""
    known: Version | None = None
    for digest, changed, clock in files:
        found = moment(CHANGED + changed * SECOND / 3, digest, known, CHANGED + clock * SECOND / 3)
        assert found.microsecond == 0
        if known is not None:
            assert (found == known.modified) is (digest == known.digest)
            assert found >= known.modified
        known = Version(digest, found)
