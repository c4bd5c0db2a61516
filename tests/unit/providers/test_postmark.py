"""What Postmark is told, and what its codes mean."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from publisher.config import PostmarkProvider
from publisher.errors import PublisherError
from publisher.http import Answer
from publisher.ledger import Mark, Message
from publisher.providers.calls import Fate, MalformedError
from publisher.providers.postmark import ACCOUNT, BUSY, MARKS, Postmark
from tests.contract.letters import hostile_mails, notice
from tests.unit.rendering.samples import assert_golden

KEY = "a-key-of-nobody"
SETTINGS = PostmarkProvider.model_validate(
    {"kind": "postmark", "key": KEY, "stream": "news", "notice_stream": "outbound"}
)
DIALECT = Postmark(SETTINGS)


def answer(body: Any, status: int = 200) -> Answer:
    return Answer("https://api.example.org/", status, {}, json.dumps(body).encode())


def entry(code: int, message: str = "So it is", **more: str) -> dict[str, Any]:
    return {"ErrorCode": code, "Message": message, **more}


def verdicts(*entries: Any) -> list[tuple[Mark, int | None]]:
    items = [DIALECT.item(notice())] * len(entries)
    return [(verdict.mark, verdict.code) for verdict in DIALECT.verdicts(answer(list(entries)), items)]


def sent(*mails: Message) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DIALECT.call([DIALECT.item(mail) for mail in mails]).data)
    return found


def test_golden_request() -> None:
    call = DIALECT.call([DIALECT.item(mail) for mail in (*hostile_mails(DIALECT)[:2], notice())])
    request = {"to": f"{call.method} {call.address}", "mails": json.loads(call.data)}
    assert_golden("providers/postmark.json", (json.dumps(request, indent=1, ensure_ascii=False) + "\n").encode())
    assert call.headers["X-Postmark-Server-Token"] == KEY


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        *[(0, Mark.ACCEPTED), (300, Mark.FAILED), (406, Mark.FAILED), (402, Mark.FAILED), (411, Mark.FAILED)],
        *[(429, Mark.DEFERRED), (100, Mark.DEFERRED), (405, Mark.DEFERRED), (412, Mark.DEFERRED)],
        *[(413, Mark.DEFERRED), (400, Mark.DEFERRED), (401, Mark.DEFERRED), (1235, Mark.DEFERRED)],
        (99999, Mark.FAILED),
    ],
)
def test_each_code_has_its_meaning(code: int, mark: Mark) -> None:
    assert verdicts(entry(0), entry(code)) == [(Mark.ACCEPTED, 0), (mark, code)]


def test_what_is_about_us_or_about_the_moment_fails_nobody() -> None:
    assert {MARKS[code] for code in (ACCOUNT | BUSY) - {10}} == {Mark.DEFERRED}


def test_a_mail_whose_only_recipient_is_inactive_is_not_taken() -> None:
    words = "Message OK, but will not deliver to these inactive addresses: a@example.org."
    assert verdicts(entry(0, words, MessageID="1")) == [(Mark.FAILED, 0)]


def test_the_words_and_the_id_are_those_of_the_mail() -> None:
    items = [DIALECT.item(notice())] * 2
    found = DIALECT.verdicts(answer([entry(0, "OK", MessageID="id-1"), entry(406, "Gone\nfor good ")]), items)
    assert [(verdict.provider_id, verdict.text) for verdict in found] == [
        ("id-1", "OK"),
        ("", "Gone for good"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "fate"),
    [
        ([entry(0), entry(413)], 200, Fate.TAKEN),
        ([entry(413), entry(412)], 200, Fate.UNUSABLE),
        ([entry(429), entry(100)], 200, Fate.NOT_NOW),
        ([entry(429), entry(413)], 200, Fate.TAKEN),
        ([entry(406), entry(406)], 200, Fate.TAKEN),
        ([], 200, Fate.TAKEN),
        (entry(10), 401, Fate.UNUSABLE),
        (entry(10), 422, Fate.UNUSABLE),
        (entry(405), 422, Fate.UNUSABLE),
        (entry(1235), 422, Fate.UNUSABLE),
        (entry(429), 422, Fate.NOT_NOW),
        (entry(300), 422, Fate.REFUSED),
        (entry(410), 422, Fate.REFUSED),
        ({}, 413, Fate.REFUSED),
        (entry(429), 429, Fate.NOT_NOW),
        ("nothing", 500, Fate.UNKNOWN),
        ({"ErrorCode": "10"}, 422, Fate.REFUSED),
    ],
)
def test_what_is_said_of_a_call(body: Any, status: int, fate: Fate) -> None:
    assert DIALECT.fate(answer(body, status)) is fate


def test_words_come_from_a_refusal_or_from_the_first_mail() -> None:
    assert DIALECT.words(answer(entry(10, "Bad or missing token"), 401)) == "401: Bad or missing token"
    assert DIALECT.words(answer([entry(413, "May not send")])) == "200: May not send"


@pytest.mark.parametrize(
    "body", [{}, "x", None, [1], [{"Message": "no code"}], [{"ErrorCode": "0", "Message": ""}]]
)
def test_an_answer_in_another_form_says_nothing(body: Any) -> None:
    with pytest.raises(MalformedError):
        DIALECT.verdicts(answer(body), [DIALECT.item(notice())])


def test_digests_and_other_mail_go_by_their_own_streams() -> None:
    digest, other = sent(hostile_mails(DIALECT)[0], notice())
    assert (digest["MessageStream"], other["MessageStream"]) == ("news", "outbound")
    assert "Metadata" in digest
    assert "Metadata" not in other
    assert "HtmlBody" not in other


def test_nobody_is_watched_and_the_message_id_is_ours() -> None:
    for mail in sent(*hostile_mails(DIALECT), notice()):
        headers = {each["Name"]: each["Value"] for each in mail["Headers"]}
        assert (mail["TrackOpens"], mail["TrackLinks"]) == (False, "None")
        assert headers["X-PM-KeepID"] == "true"
        assert headers["Message-ID"].endswith("example.org>")


def test_no_words_of_ours_become_a_link_of_postmarks() -> None:
    (mail,) = sent(hostile_mails(DIALECT)[0])
    for body in (mail["TextBody"], mail["HtmlBody"]):
        assert "pm:unsubscribe" in body
        assert "{{{ pm:" not in body
    assert "{\N{WORD JOINER}{{ pm:unsubscribe }}}" in mail["TextBody"]
    assert "&#123;{{ pm:unsubscribe }}}" in mail["HtmlBody"]


@pytest.mark.parametrize(("octets", "said"), [(5_000_001, "TextBody"), (4_999_000, "")])
def test_a_body_that_is_too_large_is_told_before_it_is_sent(octets: int, said: str) -> None:
    data = notice().data.replace(b"Was it", b"x" * octets)
    if not said:
        assert DIALECT.item(replace(notice(), data=data)).octets > octets
        return
    with pytest.raises(PublisherError, match=said):
        DIALECT.item(replace(notice(), data=data))


def test_bodies_that_are_too_large_together_are_told_before_they_are_sent() -> None:
    quotes = "\\" * 3_000_000  # each is two octets in JSON, and there is an HTML part of them, too
    mail = hostile_mails(DIALECT)[0]
    assert mail.letter is not None
    draft = replace(mail.letter.draft, text=(quotes,), html=(quotes,))
    with pytest.raises(PublisherError, match="10000000 octets of a mail"):
        DIALECT.item(replace(mail, letter=replace(mail.letter, draft=draft)))
