"""Resend: what a batch carries, its key, and what its answers mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from pydantic import TypeAdapter

from publisher.config import Provider
from publisher.drafts import Draft, Letter
from publisher.editions import Field, FieldName
from publisher.http import Answer
from publisher.ledger import Mark, Message
from publisher.providers.calls import Fate, MalformedError
from publisher.providers.resend import Resend
from tests.unit.rendering.samples import assert_golden

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
KEY = "re_key_of_nobody"
DRAFT = Draft(
    key="draft",
    sender=("The daily", "news@example.org"),
    reply_to=("", "desk@example.org"),
    subject="Thursday’s news",
    text=("For ", Field(FieldName.EMAIL), "\n"),
    html=("<p>For ", Field(FieldName.EMAIL), "</p>"),
    headers={"List-Id": "The daily <daily.news.example.org>"},
)


def mail(number: int = 1) -> Message:
    address = f"reader{number}@example.net"
    letter = Letter(
        DRAFT, ("A Reader", address), {FieldName.EMAIL: address}, {"Message-ID": f"<{number}@example.org>"}
    )
    return Message(number, "news@example.org", address, "", b"", letter=letter, reference=f"ref{number}")


def dialect(**settings: Any) -> Resend:
    return Resend(TypeAdapter[Any](Provider).validate_python({"kind": "resend", "key": KEY, **settings}))


def answer(status: int, name: str = "", message: str = "", **headers: str) -> Answer:
    body = json.dumps({"statusCode": status, "name": name, "message": message}).encode()
    return Answer("", status, {key.replace("_", "-"): value for key, value in headers.items()}, body)


def test_golden_call() -> None:
    """Whatever changes in the request shows here."""
    made = dialect().call([dialect().item(mail(1)), dialect().item(mail(2))])
    lines = [f"{made.method} {made.address}", *(f"{name}: {value}" for name, value in made.headers.items())]
    body = json.dumps(json.loads(made.data), ensure_ascii=False, indent=2)
    assert_golden("providers/resend.http", "\n".join([*lines, "", body, ""]).encode())


def test_the_key_belongs_to_the_body_and_to_no_other() -> None:
    resend = dialect()
    items = [resend.item(mail(number)) for number in range(1, 5)]
    whole, again, half = resend.call(items), resend.call(items), resend.call(items[:2])
    assert whole == again
    assert whole.headers["Idempotency-Key"] == sha256(whole.data).hexdigest()
    assert half.headers["Idempotency-Key"] != whole.headers["Idempotency-Key"]
    other = [resend.item(replace(mail(1), reference="another")), *items[1:]]
    assert resend.call(other).headers["Idempotency-Key"] != whole.headers["Idempotency-Key"]


def test_a_call_is_as_large_as_its_items_say() -> None:
    resend = dialect()
    items = [resend.item(mail(number)) for number in range(1, 101)]
    assert len(resend.call(items).data) <= items[0].shared + sum(item.octets for item in items)


def test_a_mail_without_html_or_reference_has_neither() -> None:
    bare = Message(1, "news@example.org", "reader@example.net", "<1@example.org>", b"")
    letter = Letter(replace(DRAFT, html=(), reply_to=None), ("", "reader@example.net"), {FieldName.EMAIL: "x"}, {})
    (found,) = json.loads(dialect().call([dialect().item(replace(bare, letter=letter))]).data)
    assert set(found) == {"from", "to", "subject", "text", "headers"}
    assert found["to"] == ["reader@example.net"]


FATES = [
    (400, "validation_error", "Invalid `to` field", Fate.REFUSED),
    (422, "validation_error", "Invalid `to` field", Fate.REFUSED),
    (422, "missing_required_field", "", Fate.REFUSED),
    (413, "", "", Fate.REFUSED),
    (400, "invalid_idempotency_key", "", Fate.UNUSABLE),
    (400, "validation_error", "API key is invalid", Fate.UNUSABLE),
    (401, "missing_api_key", "", Fate.UNUSABLE),
    (401, "restricted_api_key", "", Fate.UNUSABLE),
    (403, "invalid_api_key", "", Fate.UNUSABLE),
    (403, "validation_error", "The example.org domain is not verified.", Fate.UNUSABLE),
    (404, "not_found", "", Fate.UNUSABLE),
    (405, "method_not_allowed", "", Fate.UNUSABLE),
    (422, "invalid_from_address", "", Fate.UNUSABLE),
    (422, "invalid_access", "", Fate.UNUSABLE),
    (451, "security_error", "", Fate.UNUSABLE),
    (429, "rate_limit_exceeded", "", Fate.NOT_NOW),
    (429, "daily_quota_exceeded", "", Fate.NOT_NOW),
    (429, "monthly_quota_exceeded", "", Fate.NOT_NOW),
    (409, "concurrent_idempotent_requests", "", Fate.UNKNOWN),
    (409, "invalid_idempotent_request", "", Fate.UNKNOWN),
    (409, "something_new", "", Fate.UNKNOWN),
    (500, "application_error", "", Fate.UNKNOWN),
    (500, "internal_server_error", "", Fate.UNKNOWN),
    (200, "", "", Fate.TAKEN),
]


@pytest.mark.parametrize(("status", "name", "message", "fate"), FATES)
def test_an_answer_is_judged_by_status_and_name(status: int, name: str, message: str, fate: Fate) -> None:
    assert dialect().fate(answer(status, name, message)) is fate


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"name": 5}', b"[" * 100_000])
def test_a_conflict_that_cannot_be_read_leaves_its_mails_uncertain(body: bytes) -> None:
    assert dialect().fate(Answer("", 409, {}, body)) is Fate.UNKNOWN


def test_a_rate_is_waited_for_as_it_says_and_a_quota_is_not() -> None:
    hint = {"retry_after": "1", "ratelimit_reset": "3"}
    assert dialect().wait(answer(429, "rate_limit_exceeded", **hint), NOW) == timedelta(seconds=3)
    assert dialect().wait(answer(429, "daily_quota_exceeded", **hint), NOW) == timedelta(minutes=10)


def test_ids_are_given_by_place() -> None:
    resend = dialect()
    items = [resend.item(mail(number)) for number in (1, 2)]
    found = resend.verdicts(Answer("", 200, {}, b'{"data": [{"id": "a"}, {"id": "b"}]}'), items)
    assert [(verdict.mark, verdict.provider_id) for verdict in found] == [
        (Mark.ACCEPTED, "a"),
        (Mark.ACCEPTED, "b"),
    ]


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"OK", b'{"data": [{"id": "a"}]}', b'{"data": [{"id": "a"}, {}]}', b'{"data": {"id": "a"}}'],
)
def test_an_id_too_few_and_nothing_was_said(body: bytes) -> None:
    resend = dialect()
    with pytest.raises(MalformedError):
        resend.verdicts(Answer("", 200, {}, body), [resend.item(mail(number)) for number in (1, 2)])


def test_no_key_is_shown() -> None:
    resend = dialect()
    assert KEY not in " ".join(map(repr, (resend, resend.call([resend.item(mail())]), resend.item(mail()))))
