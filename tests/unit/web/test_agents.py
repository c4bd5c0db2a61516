"""What programs say of themselves: a name, and for how many readers they ask; never a person's address."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.served import Poll
from publisher.web.agents import family_of, subscribers_of
from publisher.web.tally import MOST_FAMILIES, Tally


@pytest.mark.parametrize(
    ("agent", "family", "subscribers"),
    [
        ("newsboat/2.36 (Linux x86_64)", "newsboat", 0),
        ("NetNewsWire (RSS Reader; https://netnewswire.com/)", "NetNewsWire", 0),
        ("Feedbin feed-id:1373711 - 142 subscribers", "Feedbin", 142),
        ("Feedly/1.0 (+https://feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)", "Feedly", 16),
        ("Tiny Tiny RSS/24.01 (https://tt-rss.org/)", "Tiny Tiny RSS", 0),
        ("FreshRSS/1.24.0 (Linux; https://freshrss.org)", "FreshRSS", 0),
        ("Mozilla/5.0 (compatible; Miniflux/2.1.0; +https://miniflux.app)", "Miniflux", 0),
        ("Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 1 subscribers)", "BazQux", 1),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", "browser", 0),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "browser", 0),
        ("Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 7 readers)", "Inoreader", 7),
        ("python-requests/2.31.0", "python-requests", 0),
        ("", "other", 0),
        ("12345", "other", 0),
        ("anna@example.org", "other", 0),
        ("anna.b@example.org/1.0", "other", 0),
        ("MyReader/1.0 (anna@example.org)", "MyReader", 0),
        ("Reader 999999999 subscribers", "Reader", 10**8),
    ],
)
def test_programs_are_known_by_their_name(agent: str, family: str, subscribers: int) -> None:
    assert (family_of(agent), subscribers_of(agent)) == (family, subscribers)


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_name_is_short_plain_and_no_address(agent: str) -> None:
    family = family_of(agent)
    assert 0 < len(family) <= 40
    assert family.isascii()
    assert family.isprintable()
    assert "@" not in family


def test_requests_are_counted_by_program_and_feed() -> None:
    tally = Tally(lambda: date(2024, 11, 21))
    for _ in range(3):
        tally.count(b"newsboat/2.36", "daily/rss.xml", conditional=True, not_modified=True)
    tally.count(b"newsboat/2.35", "daily/rss.xml", conditional=False)
    tally.count(b"newsboat/2.35", "daily/atom.xml", conditional=False, refused=True)
    tally.count(b"Feedly/1.0 (12 subscribers)", "daily/rss.xml", conditional=True)
    tally.count(b"Feedly/1.0 (13 subscribers)", "daily/rss.xml", conditional=True)
    day = date(2024, 11, 21)
    assert set(tally.taken()) == {
        Poll(day, "newsboat", "daily/rss.xml", 4, 3, 3, 0, 0),
        Poll(day, "newsboat", "daily/atom.xml", 1, 0, 0, 1, 0),
        Poll(day, "Feedly", "daily/rss.xml", 2, 2, 0, 0, 13),
    }
    assert tally.taken() == []


def test_what_was_counted_before_midnight_is_of_the_day_before() -> None:
    days = iter([date(2024, 11, 21), date(2024, 11, 22), date(2024, 11, 22)])
    tally = Tally(lambda: next(days))
    tally.count(b"a", "f", conditional=False)
    assert [poll.day.day for poll in tally.taken()] == [21]
    tally.count(b"a", "f", conditional=False)
    assert [poll.day.day for poll in tally.taken()] == [22]


def test_whoever_invents_names_fills_no_table() -> None:
    tally = Tally(lambda: date(2024, 11, 21))
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(10_000):
        name = "".join(letters[number // 26**place % 26] for place in range(4))
        tally.count(name.encode(), "daily/rss.xml", conditional=False)
    polls = tally.taken()
    assert len(polls) <= MOST_FAMILIES + 1
    assert sum(poll.requests for poll in polls) == 10_000
