"""When an address is asked again, and what is remembered of its answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.http import Answer
from publisher.upstream.model import Poll
from publisher.upstream.polling import LONGEST, answered, failed, is_turn, max_age

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
EVERY = timedelta(minutes=15)


def answer(code: int = 200, /, **headers: str) -> Answer:
    return Answer("", code, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


def rest(ttl: timedelta | None = None, **headers: str) -> timedelta:
    after = answered(Poll(), answer(**headers), every=EVERY, now=NOW, ttl=ttl, title="T", whole=True)
    assert after.due_at is not None
    return after.due_at - NOW


def test_an_address_is_left_alone_as_long_as_it_wishes_but_not_longer_than_a_day() -> None:
    assert rest() == EVERY
    assert rest(timedelta(minutes=5)) == EVERY
    assert rest(timedelta(hours=2)) == timedelta(hours=2)
    assert rest(cache_control="public, max-age=3600", age="600") == timedelta(minutes=50)
    assert rest(timedelta(days=9)) == LONGEST
    assert rest(cache_control="max-age=31536000") == LONGEST


@pytest.mark.parametrize("said", ["no-cache, max-age=3600", "max-age=x", "s-maxage=3600", "max-age=-5", ""])
def test_what_asks_for_no_rest_gets_none(said: str) -> None:
    assert max_age({"cache-control": said}) == timedelta()


def test_validators_are_sent_back_as_they_came() -> None:
    said = answer(etag='W/"a"', last_modified="Thu, 21 Nov 2024 07:00:00 GMT")
    after = answered(Poll(), said, every=EVERY, now=NOW, ttl=None, title="T", whole=True)
    assert after.headers == {"If-None-Match": 'W/"a"', "If-Modified-Since": "Thu, 21 Nov 2024 07:00:00 GMT"}


def test_validators_outlive_a_304_and_a_failure_but_not_an_answer_without_any() -> None:
    before = Poll(etag='"a"', modified="then", title="T")
    same = answered(before, answer(304), every=EVERY, now=NOW, ttl=None, title="", whole=True)
    assert (same.etag, same.modified, same.title) == ('"a"', "then", "T")
    down = failed(before, "no answer", every=EVERY, now=NOW, wish=None)
    assert (down.etag, down.modified, down.title) == ('"a"', "then", "T")
    anew = answered(before, answer(), every=EVERY, now=NOW, ttl=None, title="T", whole=True)
    assert anew.headers == {}


def test_a_broken_document_is_asked_for_again_as_a_whole() -> None:
    after = answered(Poll(etag='"a"'), answer(etag='"b"'), every=EVERY, now=NOW, ttl=None, title="", whole=False)
    assert after.headers == {}


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "\x00", "é", "x" * 2000])
def test_a_validator_that_no_header_may_hold_is_forgotten(value: str) -> None:
    after = answered(Poll(), answer(etag=value), every=EVERY, now=NOW, ttl=None, title="", whole=True)
    assert after.headers == {}


def test_failures_are_asked_again_less_and_less_often_up_to_a_day() -> None:
    poll, rests = Poll(), []
    for _ in range(12):
        poll = failed(poll, "no answer", every=EVERY, now=NOW, wish=None)
        assert poll.due_at is not None
        rests.append((poll.due_at - NOW) / EVERY)
    assert rests == [1, 2, 4, 8, 16, 32, 64, *[96] * 5]
    well = answered(poll, answer(), every=EVERY, now=NOW, ttl=None, title="", whole=True)
    assert (well.failures, well.error) == (0, "")


def test_a_server_that_says_when_is_not_asked_before() -> None:
    after = failed(Poll(), "busy", every=EVERY, now=NOW, wish=timedelta(hours=3))
    assert not after.is_due(NOW + timedelta(hours=2, minutes=59))
    assert after.is_due(NOW + timedelta(hours=3))


def turn(schedule: str | None, looked_at: datetime | None, now: datetime = NOW) -> bool:
    return is_turn(schedule, ZoneInfo("Europe/Berlin"), every=EVERY, looked_at=looked_at, now=now)


@pytest.mark.parametrize("schedule", [None, "on finalize"])
def test_without_a_schedule_it_is_a_feeds_turn_once_an_every(schedule: str | None) -> None:
    assert turn(schedule, None)
    assert not turn(schedule, NOW - timedelta(minutes=14))
    assert turn(schedule, NOW - EVERY)


def test_with_a_schedule_it_is_a_feeds_turn_once_a_slot() -> None:
    slot = datetime(2024, 11, 21, 5, 30, tzinfo=UTC)  # 06:30 in Berlin
    assert turn("daily 06:30", None)
    assert turn("daily 06:30", slot - timedelta(seconds=1))
    assert not turn("daily 06:30", slot)
    assert not turn("daily 06:30", slot + timedelta(hours=1))
    assert turn("daily 06:30", slot + timedelta(hours=1), now=NOW + timedelta(days=1))
