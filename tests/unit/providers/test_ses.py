"""Amazon SES: how a call is signed, what it carries, and what its answers mean."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter

from publisher.config import Provider
from publisher.http import Answer
from publisher.ledger import Mark, Message
from publisher.providers.calls import Call, Fate, MalformedError
from publisher.providers.ses import Ses
from tests.fakes.apis.ses import ACCESS_KEY, signature_fits
from tests.fakes.web import Asked
from tests.unit.rendering.samples import assert_golden

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
SECRET = "secret-of-nobody/0123456789+abcdefghijklm"
DATA = b"From: news@example.org\r\nTo: reader@example.net\r\nSubject: News\r\n\r\nGood morning.\r\n"
MAIL = Message(7, "bounces@example.org", "reader@example.net", "<7@example.org>", DATA, reference="aaaaaaaab4")


def dialect(now: datetime = NOW, **settings: Any) -> Ses:
    said = {"kind": "ses", "region": "eu-west-1", "access_key": ACCESS_KEY, "secret_key": SECRET, **settings}
    return Ses(TypeAdapter[Any](Provider).validate_python(said), lambda: now)


def call(ses: Ses, mail: Message = MAIL) -> Call:
    return ses.call([ses.item(mail)])


def answer(status: int, kind: str = "", message: str = "", *, in_header: bool = False) -> Answer:
    body = {"message": message} | ({} if in_header or not kind else {"__type": kind})
    return Answer("", status, {"x-amzn-errortype": kind} if in_header else {}, json.dumps(body).encode())


def asked(made: Call, **changes: Any) -> Asked:
    """The call as it arrives."""
    headers = {name.lower(): value for name, value in made.headers.items()}
    headers |= {"host": "email.eu-west-1.amazonaws.com"} | changes.get("headers", {})
    return Asked("POST", changes.get("path", "/v2/email/outbound-emails"), headers, changes.get("body", made.data))


def test_golden_call() -> None:
    """Whatever changes in the request or its signature shows here."""
    made = call(dialect(configuration_set="news", session_token="a-session"))
    lines = [f"{made.method} {made.address}", *(f"{name}: {value}" for name, value in made.headers.items())]
    assert_golden("providers/ses.http", "\n".join([*lines, "", made.data.decode(), ""]).encode())


def test_the_message_is_ours_byte_for_byte_behind_its_reference() -> None:
    request = json.loads(call(dialect()).data)
    assert b64decode(request["Content"]["Raw"]["Data"]) == b"X-Publisher-Ref: aaaaaaaab4\r\n" + DATA
    assert request["EmailTags"] == [{"Name": "ref", "Value": "aaaaaaaab4"}]
    assert request["Destination"] == {"ToAddresses": ["reader@example.net"]}
    assert "ConfigurationSetName" not in request


def test_signatures_of_ours_do_not_go_along() -> None:
    """SES changes fields that they cover; a digest has none, a confirmation may."""
    signed = b"DKIM-Signature: v=1;\r\n a=rsa-sha256\r\ndkim-signature: v=1;\r\n\tb=x\r\n" + DATA
    request = json.loads(call(dialect(), replace(MAIL, data=signed, reference="")).data)
    assert b64decode(request["Content"]["Raw"]["Data"]) == DATA


def test_a_mail_without_a_reference_has_no_tag_and_nothing_in_front() -> None:
    notice = Message(1, "news@example.org", "reader@example.net", "<1@example.org>", DATA)
    request = json.loads(call(dialect(), notice).data)
    assert b64decode(request["Content"]["Raw"]["Data"]) == DATA
    assert "EmailTags" not in request


def test_an_item_is_never_smaller_than_its_call() -> None:
    for size in (0, 1, 2, 3, 100_000):
        mail = Message(7, "bounces@example.org", "reader@example.net", "", DATA + b"x" * size, reference="a" * 24)
        ses = dialect(configuration_set="n" * 64)
        item = ses.item(mail)
        assert len(ses.call([item]).data) <= item.octets


def test_the_signature_fits_by_an_arithmetic_of_its_own() -> None:
    assert signature_fits(asked(call(dialect())), SECRET)
    assert signature_fits(asked(call(dialect(session_token="a-session"))), SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b"{}"},
        {"path": "/v2/email/identities"},
        {"headers": {"host": "email.us-east-1.amazonaws.com"}},
        {"headers": {"x-amz-date": "20241121T073001Z"}},
        {"headers": {"content-type": "text/plain"}},
        {"headers": {"authorization": "AWS4-HMAC-SHA256 Credential=x"}},
    ],
)
def test_a_signature_fits_nothing_else(changes: dict[str, Any]) -> None:
    assert not signature_fits(asked(call(dialect()), **changes), SECRET)


def test_a_session_token_is_signed_too() -> None:
    made = call(dialect(session_token="a-session"))
    assert made.headers["X-Amz-Security-Token"] == "a-session"
    assert not signature_fits(asked(made, headers={"x-amz-security-token": "another"}), SECRET)


def test_the_signature_has_the_clocks_time_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert call(dialect(there)).headers == call(dialect()).headers
    assert call(dialect()).headers["X-Amz-Date"] == "20241121T073000Z"
    later = call(dialect(NOW + timedelta(seconds=1)))
    assert later.headers["Authorization"] != call(dialect()).headers["Authorization"]


FATES = [
    (400, "BadRequestException", "Illegal address", Fate.REFUSED),
    (400, "MessageRejected", "Header value is too long", Fate.REFUSED),
    (413, "", "", Fate.REFUSED),
    (429, "TooManyRequestsException", "Maximum sending rate exceeded.", Fate.NOT_NOW),
    (400, "ThrottlingException", "Rate exceeded", Fate.NOT_NOW),
    (400, "LimitExceededException", "Daily message quota exceeded.", Fate.NOT_NOW),
    (503, "ServiceUnavailable", "", Fate.NOT_NOW),
    (400, "MessageRejected", "Email address is not verified. The following ... failed", Fate.UNUSABLE),
    (400, "MessageRejected", "Sending suspended for this account.", Fate.UNUSABLE),
    (400, "BadRequestException", "Configuration set <news> does not exist", Fate.UNUSABLE),
    (400, "AccountSuspendedException", "", Fate.UNUSABLE),
    (400, "SendingPausedException", "", Fate.UNUSABLE),
    (400, "MailFromDomainNotVerifiedException", "", Fate.UNUSABLE),
    (404, "NotFoundException", "", Fate.UNUSABLE),
    (403, "InvalidSignatureException", "", Fate.UNUSABLE),
    (403, "UnrecognizedClientException", "", Fate.UNUSABLE),
    (403, "AccessDeniedException", "", Fate.UNUSABLE),
    (400, "ExpiredTokenException", "", Fate.UNUSABLE),
    (400, "SomethingNewException", "", Fate.UNUSABLE),
    (400, "", "", Fate.UNUSABLE),
    (500, "InternalServiceErrorException", "", Fate.UNKNOWN),
    (200, "", "", Fate.TAKEN),
]


@pytest.mark.parametrize("in_header", [True, False])
@pytest.mark.parametrize(("status", "kind", "message", "fate"), FATES)
def test_an_answer_is_judged_by_the_type_of_its_error(
    status: int, kind: str, message: str, fate: Fate, in_header: bool
) -> None:
    written = kind and (f"{kind}:http://internal.example.com/coral/" if in_header else f"com.example.ses#{kind}")
    assert dialect().fate(answer(status, written, message, in_header=in_header)) is fate


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{", b'{"__type": 5}', b"[" * 100_000, b'{"a":' * 100_000]
)
def test_an_answer_that_is_no_answer_of_theirs_fails_nobody(body: bytes) -> None:
    said = Answer("", 400, {}, body)
    assert dialect().fate(said) is Fate.UNUSABLE
    assert dialect().words(said).startswith("400")


def test_the_days_quota_is_not_waited_for_and_a_rate_is_waited_for_as_usual() -> None:
    for kind, message in (
        ("LimitExceededException", ""),
        ("ThrottlingException", "Daily message quota exceeded."),
    ):
        assert dialect().wait(answer(400, kind, message), NOW) == timedelta(minutes=10)
    assert dialect().wait(answer(429, "TooManyRequestsException", "Maximum sending rate exceeded."), NOW) is None


def test_words_name_the_error_and_nobody() -> None:
    said = answer(400, "MessageRejected", "Email address is not verified: Reader@Example.net, news@example.org")
    assert dialect().words(said) == ("400: Email address is not verified: <address>, <address> (MessageRejected)")


def test_an_id_is_what_was_accepted() -> None:
    ses = dialect()
    (verdict,) = ses.verdicts(Answer("", 200, {}, b'{"MessageId": "0102-1"}'), [ses.item(MAIL)])
    assert (verdict.mark, verdict.code, verdict.provider_id) == (Mark.ACCEPTED, 200, "0102-1")


@pytest.mark.parametrize("body", [b"{}", b'{"MessageId": ""}', b'{"MessageId": 5}', b"[]", b"OK"])
def test_without_an_id_nothing_was_said(body: bytes) -> None:
    ses = dialect()
    with pytest.raises(MalformedError):
        ses.verdicts(Answer("", 200, {}, body), [ses.item(MAIL)])


def test_neither_the_environment_nor_a_file_of_aws_has_a_say(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = call(dialect())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.setenv(name, "of-somebody-else")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example.org/")
    assert call(dialect()) == usual


def test_no_secret_is_shown() -> None:
    ses = dialect(session_token="a-session-token")
    shown = " ".join(map(repr, (ses, vars(ses), call(ses), ses.item(MAIL))))
    for secret in (SECRET, "a-session-token", "Good morning"):
        assert secret not in shown


_OPENED = """
import sys
from pydantic import TypeAdapter
from publisher.config import Provider
from publisher.providers import registry
said = {"kind": "ses", "region": "eu-west-1", "access_key": "a", "secret_key": "b"}
registry.capabilities_of(TypeAdapter(Provider).validate_python(said))
print(*sorted(sys.modules))
"""


def test_the_library_of_signatures_is_loaded_with_the_first_call() -> None:
    done = subprocess.run([sys.executable, "-c", _OPENED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "publisher.providers.ses" in loaded
    assert "botocore" not in loaded
