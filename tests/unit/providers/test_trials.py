"""What an API's answers to harmless questions say: each kind's, judged as data, on answers of our own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from publisher.config import ApiProvider, Provider, parse
from publisher.errors import ProviderError
from publisher.http import Answer
from publisher.providers.api_trying import TRIALS, judged, try_api
from publisher.providers.registry import DIALECTS
from publisher.providers.trials import Grade
from publisher.providers.trying import try_provider
from tests.fakes.apis.ses import ACCESS_KEY, signature_fits
from tests.fakes.web import FakeWeb, hang, reply

KEY = "key-of-nobody-0123456789"
SENDERS = frozenset({"news.example.org"})
TABLES: dict[str, dict[str, Any]] = {
    "mailgun": {"domain": "mg.example.org", "key": KEY},
    "postmark": {"key": KEY, "stream": "news"},
    "resend": {"key": KEY},
    "sendgrid": {"key": KEY},
    "ses": {"region": "eu-west-1", "access_key": ACCESS_KEY, "secret_key": KEY},
}
FINE, WARNING, BROKEN, UNKNOWN = Grade.FINE, Grade.WARNING, Grade.BROKEN, Grade.UNKNOWN


def provider(kind: str, **more: Any) -> ApiProvider:
    found: ApiProvider = TypeAdapter[Any](Provider).validate_python({"kind": kind, **TABLES[kind], **more})
    return found


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("", status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def account(**changes: Any) -> Answer:
    quota = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 120.0}
    usual = {"SendingEnabled": True, "ProductionAccessEnabled": True, "EnforcementStatus": "HEALTHY"}
    return answer({**usual, "SendQuota": quota, **changes})


def stream(kind: str, handling: str = "None", **more: Any) -> Answer:
    return answer(
        {"MessageStreamType": kind, "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": handling}}
        | more
    )


SERVER = answer({"ID": 1, "Name": "news", "DeliveryType": "Live"})
DIGESTS, NOTICES = stream("Broadcasts", "Custom"), stream("Transactional")
NONE = answer({"ErrorCode": 1226, "Message": "no such stream"}, 404)


def domain(state: str, kind: str = "custom") -> Answer:
    return answer({"domain": {"name": "mg.example.org", "state": state, "type": kind}})


def domains(**states: str) -> Answer:
    return answer({"data": [{"name": f"{name}.example.org", "status": state} for name, state in states.items()]})


Expected = Sequence[tuple[Grade, str]]
JUDGED: dict[str, tuple[str, list[Answer], Expected]] = {
    "mailgun, active": ("mailgun", [domain("active")], [(FINE, "active")]),
    "mailgun, unverified": ("mailgun", [domain("unverified")], [(BROKEN, "not verified")]),
    "mailgun, disabled": ("mailgun", [domain("disabled")], [(BROKEN, "disabled")]),
    "mailgun, another state": ("mailgun", [domain("resting")], [(UNKNOWN, "not known here")]),
    "mailgun, sandbox": ("mailgun", [domain("active", "sandbox")], [(FINE, "active"), (WARNING, "authorized")]),
    "mailgun, no such domain": ("mailgun", [answer({"message": "not found"}, 404)], [(BROKEN, "no such domain")]),
    "mailgun, a key that may ask nothing": ("mailgun", [answer(b"Forbidden", 401)], [(UNKNOWN, "may only send")]),
    "mailgun, no API": ("mailgun", [answer(b"Mailgun Magnificent API")], [(BROKEN, "not answer as its API")]),
    "postmark, fine": ("postmark", [SERVER, DIGESTS, NOTICES], [(FINE, "key is taken")]),
    "postmark, sandbox": (
        "postmark",
        [answer({"Name": "news", "DeliveryType": "Sandbox"}), DIGESTS, NOTICES],
        [(FINE, "key"), (WARNING, "nothing reaches anybody")],
    ),
    "postmark, its own unsubscribing": (
        "postmark",
        [SERVER, stream("Broadcasts", "Postmark"), NOTICES],
        [(FINE, "key"), (WARNING, "unsubscribe of its own")],
    ),
    "postmark, digests in a stream for notices": (
        "postmark",
        [SERVER, stream("Transactional", "Custom"), NOTICES],
        [(FINE, "key"), (WARNING, '"news" is of type Transactional, not Broadcasts')],
    ),
    "postmark, no stream": ("postmark", [SERVER, NONE, NOTICES], [(FINE, "key"), (BROKEN, 'no stream "news"')]),
    "postmark, no stream of notices": (
        "postmark",
        [SERVER, DIGESTS, NONE],
        [(FINE, "key"), (BROKEN, 'no stream "outbound"')],
    ),
    "postmark, an archived stream": (
        "postmark",
        [SERVER, stream("Broadcasts", "Custom", ArchivedAt="2026-01-01T00:00:00Z"), NOTICES],
        [(FINE, "key"), (BROKEN, "archived")],
    ),
    "postmark, another address": ("postmark", [NONE, NONE, NONE], [(BROKEN, "not answer as its API")]),
    "sendgrid, fine": ("sendgrid", [answer({"scopes": ["mail.send"]})], [(FINE, "may send")]),
    "sendgrid, a key that may not": ("sendgrid", [answer({"scopes": ["stats.read"]})], [(BROKEN, "may not send")]),
    "sendgrid, no scopes": ("sendgrid", [answer({})], [(BROKEN, "no scopes")]),
    "resend, fine": ("resend", [domains(news="verified", other="failed")], [(FINE, "news.example.org")]),
    "resend, pending": ("resend", [domains(news="pending")], [(BROKEN, "not verified (pending)")]),
    "resend, another domain": ("resend", [domains(other="verified")], [(BROKEN, "no domain of this account")]),
    "resend, a key that only sends": (
        "resend",
        [answer({"statusCode": 401, "name": "restricted_api_key", "message": "only sends"}, 401)],
        [(UNKNOWN, "may only send")],
    ),
    "ses, fine": ("ses", [account()], [(FINE, "50000 mails in 24 hours (120 sent), 14 a second")]),
    "ses, sandbox": (
        "ses",
        [account(ProductionAccessEnabled=False)],
        [(WARNING, "sandbox"), (FINE, "key is taken")],
    ),
    "ses, switched off": ("ses", [account(SendingEnabled=False)], [(BROKEN, "switched off"), (FINE, "key")]),
    "ses, under review": (
        "ses",
        [account(EnforcementStatus="PROBATION")],
        [(WARNING, "under review"), (FINE, "key")],
    ),
    "ses, without a quota": ("ses", [account(SendQuota=None)], [(FINE, "the key is taken")]),
    "ses, a key that may not ask": (
        "ses",
        [answer({"Message": "not authorized"}, 403, x_amzn_errortype="AccessDeniedException:http://x/")],
        [(UNKNOWN, "may not ask")],
    ),
    "ses, a wrong key": (
        "ses",
        [answer({"message": "The token is invalid"}, 403, x_amzn_errortype="UnrecognizedClientException")],
        [(BROKEN, "refuses the key: 403: The token is invalid")],
    ),
}


@pytest.mark.parametrize("case", JUDGED)
def test_an_answer_says_what_is_so_and_what_to_do(case: str) -> None:
    kind, answers, expected = JUDGED[case]
    seen = judged(provider(kind), answers, SENDERS)
    assert [each.grade for each in seen] == [grade for grade, _ in expected]
    for each, (_, words) in zip(seen, expected, strict=True):
        assert words in each.message
        assert each.message.startswith(kind)
        assert bool(each.remedy) == (each.grade is not FINE)


def test_every_kind_with_an_api_is_tried_and_has_cases() -> None:
    assert set(TRIALS) == set(DIALECTS) == {kind for kind, _, _ in JUDGED.values()}


@pytest.mark.parametrize("kind", ["postmark", "sendgrid", "ses", "resend"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_said_in_the_providers_words(kind: str, status: int) -> None:
    refused = answer({"message": "no", "Message": "no", "errors": [{"message": "no"}]}, status)
    (seen,) = judged(provider(kind), [refused] * len(TRIALS[kind].questions(provider(kind))), SENDERS)
    assert (seen.grade, f"refuses the key: {status}: no" in seen.message) == (BROKEN, True)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", 200), (b"<html>", 503), (b"[]", 200), (b"null", 200), (b"\xff", 200), (b"", 404)],
)
def test_what_is_no_answer_is_never_taken_for_a_good_one(kind: str, body: bytes, status: int) -> None:
    asked = len(TRIALS[kind].questions(provider(kind)))
    seen = judged(provider(kind), [answer(body, status)] * asked, SENDERS)
    assert any(each.grade in (BROKEN, UNKNOWN) for each in seen)


def test_a_provider_that_is_asked_too_often_is_not_called_broken() -> None:
    (seen,) = judged(provider("sendgrid"), [answer({"errors": [{"message": "slow down"}]}, 429)], SENDERS)
    assert seen.grade is UNKNOWN


PATHS = {
    "mailgun": ["GET /v4/domains/mg.example.org"],
    "postmark": ["GET /server", "GET /message-streams/news", "GET /message-streams/outbound"],
    "resend": ["GET /domains"],
    "sendgrid": ["GET /v3/scopes"],
    "ses": ["GET /v2/email/account"],
}
KEYS = {
    "mailgun": "authorization",
    "postmark": "x-postmark-server-token",
    "resend": "authorization",
    "sendgrid": "authorization",
    "ses": "authorization",
}


@pytest.mark.parametrize("kind", TABLES)
def test_questions_are_asked_with_the_key_and_change_nothing(kind: str) -> None:
    _, answers, _ = next(case for name, case in JUDGED.items() if name.startswith(kind))
    paths = [path.removeprefix("GET ") for path in PATHS[kind]]
    acts = {path: reply(body=each.body) for path, each in zip(paths, answers, strict=True)}
    with FakeWeb(acts) as web:
        seen = try_api(provider(kind, url=web.url()), SENDERS, 20)
        assert web.paths == PATHS[kind]
        assert all(asked.headers[KEYS[kind]] and not asked.body for asked in web.asked)
    assert seen[0].grade is FINE


def test_a_question_to_ses_is_signed_as_what_it_is() -> None:
    """Another method has another signature (AWS Signature Version 4): SES would refuse it."""
    with FakeWeb({"/v2/email/account": reply(body=account().body)}) as web:
        try_api(provider("ses", url=web.url()), SENDERS, 20)
        (asked,) = web.asked
    assert signature_fits(asked, KEY)
    assert not signature_fits(asked, f"{KEY}x")


@pytest.mark.parametrize("kind", TABLES)
def test_a_key_is_never_told(kind: str) -> None:
    assert KEY not in f"{TRIALS[kind].questions(provider(kind))!r}"


def test_a_provider_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    raw = {
        "site": {"title": "News", "url": "https://news.example.org/"},
        "newsletter": [{"slug": "daily", "title": "The daily", "from": "news@news.example.org"}],
        "provider": {"kind": "resend", "key": KEY, "url": "http://127.0.0.1:9/"},
    }
    settings = parse(raw, root=tmp_path)
    with pytest.raises(ProviderError, match="resend cannot be reached") as caught:
        try_provider(settings.provider[0], settings)
    assert not caught.value.permanent


def test_nobody_waits_longer_than_said_for_an_answer() -> None:
    with FakeWeb({"/v3/scopes": hang}) as web, pytest.raises(ProviderError, match="no answer in time"):
        try_api(provider("sendgrid", url=web.url()), SENDERS, timedelta(seconds=0.2).total_seconds())


def test_domains_are_compared_as_the_dns_has_them(tmp_path: Path) -> None:
    found = answer({"data": [{"name": "xn--bcher-kva.example", "status": "verified"}]})
    raw = {
        "site": {"title": "News", "url": "https://news.example.org/"},
        "newsletter": [{"slug": "daily", "title": "The daily", "from": "Daily <a@BÜCHER.example>"}],
    }
    with FakeWeb({"/domains": reply(body=found.body)}) as web:
        settings = parse(raw | {"provider": {"kind": "resend", "key": KEY, "url": web.url()}}, root=tmp_path)
        (seen,) = try_provider(settings.provider[0], settings)
    assert (seen.grade, "xn--bcher-kva.example" in seen.message) == (FINE, True)
