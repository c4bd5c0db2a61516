"""What SendGrid is told, and what becomes of it there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.config import SendgridProvider
from publisher.drafts import Letter
from publisher.editions import Field, FieldName
from publisher.http import Answer
from publisher.ledger import Mark, Message
from publisher.messages.drafting import _with_key
from publisher.providers.calls import Fate, MalformedError
from publisher.providers.sendgrid import OFF, Sendgrid
from tests.contract.letters import hostile_mails, notice
from tests.unit.rendering.samples import assert_golden

KEY = "a-key-of-nobody"
SETTINGS = SendgridProvider.model_validate({"kind": "sendgrid", "key": KEY})
DIALECT = Sendgrid(SETTINGS)
NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("https://api.example.org/", status, found, b"" if body is None else json.dumps(body).encode())


def request(*mails: Message) -> Any:
    return json.loads(DIALECT.call([DIALECT.item(mail) for mail in mails]).data)


def bodies(found: Any, which: int = 0) -> list[str]:
    """The bodies as SendGrid makes them, whatever the order in which it replaces."""
    tags = found["personalizations"][which]["substitutions"]
    made = []
    for content in found["content"]:
        there = here = content["value"]
        for tag, value in tags.items():
            there = there.replace(tag, value)
        for tag, value in reversed(tags.items()):
            here = here.replace(tag, value)
        assert there == here
        made.append(there)
    return made


def test_golden_request() -> None:
    call = DIALECT.call([DIALECT.item(mail) for mail in hostile_mails(DIALECT)[:2]])
    shown = {"to": f"{call.method} {call.address}", "request": json.loads(call.data)}
    assert_golden("providers/sendgrid.json", (json.dumps(shown, indent=1, ensure_ascii=False) + "\n").encode())
    assert call.headers["Authorization"] == f"Bearer {KEY}"


def test_everybodys_bodies_are_those_of_their_letter() -> None:
    mails = hostile_mails(DIALECT)
    found = request(*mails)
    for number, mail in enumerate(mails):
        assert mail.letter is not None
        assert bodies(found, number) == [mail.letter.text, mail.letter.html]


PIECES = [*"-<%[]{}&\n", "asm_", "email", "text", "-less-", "é"]
WORDS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, WORDS)
def test_no_words_are_taken_for_a_tag(before: str, after: str, address: str) -> None:
    (mail, *_) = hostile_mails(DIALECT)
    assert mail.letter is not None
    parts = (before or "x", Field(FieldName.EMAIL), after)
    draft = _with_key(replace(mail.letter.draft, text=parts, html=("<p>", Field(FieldName.EMAIL), "</p>")))
    letter = Letter(draft, mail.letter.recipient, {FieldName.EMAIL: address}, mail.letter.headers)
    found = request(replace(mail, letter=letter))
    assert bodies(found) == [letter.text, letter.html]
    assert "<%asm_" not in found["content"][0]["value"]


def test_another_digests_tags_are_no_tags_here() -> None:
    (mail, *_) = hostile_mails(DIALECT)
    assert mail.letter is not None
    tags = list(request(mail)["personalizations"][0]["substitutions"])
    draft = _with_key(replace(mail.letter.draft, text=(" ".join(tags),)))
    letter = replace(mail.letter, draft=draft)
    assert bodies(request(replace(mail, letter=letter)))[0] == " ".join(tags)


def test_a_finished_mail_has_one_body_and_says_what_it_said() -> None:
    found = request(notice())
    assert [content["type"] for content in found["content"]] == ["text/plain"]
    assert bodies(found)[0].strip() == "Was it <%asm_global_unsubscribe_url%>, or you?"
    (mail,) = found["personalizations"]
    assert "custom_args" not in mail
    assert mail["headers"] == {"Message-ID": "<1@example.org>", "Auto-Submitted": "auto-generated"}


def test_nobody_is_watched_and_nothing_is_added() -> None:
    found = request(*hostile_mails(DIALECT))
    assert {name: found[name] for name in OFF} == OFF
    enabled = [each["enable"] for kinds in OFF.values() for each in kinds.values()]
    assert enabled == [False] * 5


def test_each_has_a_whole_header_of_their_own() -> None:
    found = request(*hostile_mails(DIALECT))
    assert "headers" not in found
    headers = [mail["headers"] for mail in found["personalizations"]]
    for name in ("Message-ID", "List-Unsubscribe"):
        assert len({each[name] for each in headers}) == len(headers)
    assert {each["List-Unsubscribe-Post"] for each in headers} == {"List-Unsubscribe=One-Click"}
    references = {mail["custom_args"]["ref"] for mail in found["personalizations"]}
    assert len(references) == len(headers)


def test_names_that_sendgrid_would_cut_are_in_quotes() -> None:
    names = [mail["to"][0].get("name") for mail in request(*hostile_mails(DIALECT))["personalizations"]]
    assert names == ['"Ann \\"Q\\" O\'Hara, Jr."', '"Müller; Søren <x@example.com>"', "山田 太郎", None]


def test_taken_is_what_has_an_id() -> None:
    items = [DIALECT.item(mail) for mail in hostile_mails(DIALECT)]
    found = DIALECT.verdicts(answer(202, x_message_id="id-1"), items)
    assert [(verdict.mark, verdict.provider_id) for verdict in found] == [(Mark.ACCEPTED, "id-1")] * len(items)


@pytest.mark.parametrize("given", [answer(202), answer(200, x_message_id="id-1")])
def test_an_answer_without_that_says_nothing(given: Answer) -> None:
    """200 is what the sandbox says, which sends nothing."""
    with pytest.raises(MalformedError):
        DIALECT.verdicts(given, [DIALECT.item(notice())])


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        *[(202, Fate.TAKEN), (400, Fate.REFUSED), (401, Fate.UNUSABLE), (403, Fate.UNUSABLE)],
        *[(404, Fate.UNUSABLE), (405, Fate.UNUSABLE), (413, Fate.REFUSED), (429, Fate.NOT_NOW)],
        *[(500, Fate.UNKNOWN), (502, Fate.UNKNOWN), (503, Fate.NOT_NOW)],
    ],
)
def test_what_is_said_of_a_call(status: int, fate: Fate) -> None:
    assert DIALECT.fate(answer(status)) is fate


def test_words_are_those_of_the_first_error() -> None:
    errors = {"errors": [{"message": "Does not contain a valid address.", "field": "to", "help": None}]}
    assert DIALECT.words(answer(400, errors)) == "400: Does not contain a valid address."
    assert DIALECT.words(answer(401)) == "401 Unauthorized"


def test_the_reset_is_a_moment() -> None:
    reset = str(int((NOW + timedelta(seconds=40)).timestamp()))
    assert DIALECT.wait(answer(429, x_ratelimit_reset=reset), NOW) == timedelta(seconds=40)
    assert DIALECT.wait(answer(429), NOW) is None


def test_the_size_of_a_call_is_never_underestimated() -> None:
    mails = hostile_mails(DIALECT)
    items = [DIALECT.item(mail) for mail in mails]
    assert len(DIALECT.call(items).data) <= items[0].shared + sum(item.octets for item in items)
