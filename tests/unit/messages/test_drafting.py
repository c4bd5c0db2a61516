"""A letter in parts says in its header what the message of the same person says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from publisher.messages import HeaderError, Letterhead, Person
from publisher.messages.drafting import ELSEWHERE, Drafting, read_headers
from publisher.messages.skeleton import compile_headers

HEAD = Letterhead(
    subject="News",
    sender="daily@news.example.org",
    list_id="daily.news.example.org",
    feedback_id="1:daily:digest:abcde",
    unsubscribe_mailto="leave@news.example.org",
    language="en",
)


def person(number: int, name: str = "Ada") -> Person:
    return Person(
        email=f"reader{number}@example.org",
        unsubscribe_url=f"https://news.example.org/u/token{number}",
        preferences_url=f"https://news.example.org/s/token{number}",
        message_id=f"<{number}@news.example.org>",
        date=datetime(2026, 11, 21, 7, tzinfo=UTC),
        name=name,
        references=("<0@news.example.org>",),
        token=f"token{number}",
    )


@pytest.mark.parametrize("is_reply", [False, True])
def test_every_letter_has_the_fields_of_its_message(is_reply: bool) -> None:
    drafting, message = Drafting((), HEAD, is_reply=is_reply), compile_headers(HEAD, is_reply=is_reply)
    for number in (1, 2):
        whole = read_headers(message.splice(person(number)))
        wanted = {name: value for name, value in whole.items() if name not in ELSEWHERE}
        assert drafting.letter(person(number)).all_headers == wanted


def test_what_is_one_persons_is_in_no_draft() -> None:
    drafting = Drafting((), HEAD, is_reply=True)
    first, second = drafting.letter(person(1)), drafting.letter(person(2))
    assert first.draft is second.draft
    assert set(first.headers) == {"Message-ID", "In-Reply-To", "References", "List-Unsubscribe"}
    assert "token" not in repr(first.draft.headers)


def test_a_name_of_two_lines_makes_no_letter() -> None:
    drafting = Drafting((), HEAD)
    drafting.letter(person(1))
    with pytest.raises(HeaderError):
        drafting.letter(person(2, "Ada\r\nBcc: all@example.org"))
