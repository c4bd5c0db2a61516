"""The log of answers from memory: what repeats within a second is told once, with how often."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from publisher.web.lines import Key, Lines

FEED: Key = ("GET", "/daily/rss.xml", 304, 0)
PAGE: Key = ("GET", "/", 200, 13)
LOG = logging.getLogger("publisher.web.access")


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines, without how long it took."""
    return [re.sub(r" [\d.]+ms$", "", record.getMessage()) for record in caplog.records]


def noted(lines: Lines, *keys: Key) -> None:
    async def note() -> None:
        for key in keys:
            lines.note(key, 0.0)

    asyncio.run(note())


def test_the_first_is_told_at_once_and_the_others_when_the_second_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    lines = Lines(LOG, clock)
    with caplog.at_level(logging.INFO, logger=LOG.name):
        noted(lines, FEED, FEED, PAGE, FEED)
        clock.seconds = 1.5
        noted(lines, PAGE)
    assert told(caplog) == [
        "GET /daily/rss.xml 304 0",
        "GET / 200 13",
        "GET /daily/rss.xml 304 0, 2 more",
        "GET / 200 13",
    ]


def test_what_was_counted_is_told_without_another_request(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines(LOG, Clock())
    with caplog.at_level(logging.INFO, logger=LOG.name):
        noted(lines, FEED, FEED, FEED)
        lines.flush()
        lines.flush()
    assert [record.getMessage() for record in caplog.records][1:] == ["GET /daily/rss.xml 304 0, 2 more"]


def test_a_log_that_is_off_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines(LOG, Clock())
    with caplog.at_level(logging.WARNING, logger=LOG.name):
        noted(lines, FEED, FEED)
        lines.flush()
    assert caplog.records == []
