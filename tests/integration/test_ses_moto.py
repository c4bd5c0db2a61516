"""Amazon SES as others understand it: moto takes our calls, and botocore's own model of SendEmail checks them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from moto.core.request import Request
from moto.ses.models import SESBackend, ses_backends
from moto.sesv2.responses import SESV2Response

from publisher.ledger import Message
from tests.contract.test_api_providers import messages, send, states
from tests.fakes.apis.base import FakeApi
from tests.fakes.apis.scenes import KEY, Scene, scene
from tests.fakes.apis.ses import ACCESS_KEY, PLACE, REGION
from tests.fakes.web import Asked

ACCOUNT = "123456789012"
CALL = {
    "FromEmailAddress": "news@example.org",
    "Destination": {"ToAddresses": ["reader1@example.org"]},
    "Content": {"Raw": {"Data": "RnJvbTogYQ=="}},
    "EmailTags": [{"Name": "ref", "Value": "abc"}],
    "ConfigurationSetName": "news",
}


class MotoSes(FakeApi):
    """Moto's SES before our client. What it took is in its own backend."""

    def __init__(self) -> None:
        super().__init__(PLACE)
        self._one_at_a_time = Lock()  # its router parses code, which Python 3.11 does badly in threads (gh-106905)

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`. The address is what the real one would be: moto knows the region by it."""
        url = f"https://email.{REGION}.amazonaws.com{asked.path}"
        headers = {**asked.headers, "host": f"email.{REGION}.amazonaws.com"}
        request = Request.from_primitives(asked.method, url, headers, asked.body)
        with self._one_at_a_time:
            status, _, body = SESV2Response.dispatch(request, url, request.headers)
        return f"{status} Said", body.encode() if isinstance(body, str) else body


@pytest.fixture
def backend() -> Iterator[SESBackend]:
    found = ses_backends[ACCOUNT][REGION]
    found.reset()
    found.verify_domain("example.org")
    yield found
    found.reset()


@contextmanager
def moto() -> Iterator[Scene]:
    said = {
        "kind": "ses",
        "region": REGION,
        "access_key": ACCESS_KEY,
        "secret_key": KEY,
        "configuration_set": "news",
    }
    with scene(MotoSes, said)() as found:
        yield found


def faults(request: Mapping[str, Any]) -> str:
    """What botocore's model of SendEmail says against a request; nothing when it agrees. Blobs are in base64."""
    model = ServiceModel(Loader().load_service_model("sesv2", "service-2"))
    shape = model.operation_model("SendEmail").input_shape
    unknown = [f"unknown: {path}" for path in _unknown(request, shape, "")]
    return "\n".join([ParamValidator().validate(request, shape).generate_report(), *unknown]).strip()


def _unknown(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Fields that the model does not have; botocore's own check lets some of them pass."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, each in value.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from _unknown(each, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for each in value:
            yield from _unknown(each, shape.member, f"{path}[]")


def with_reference(mail: Message) -> str:
    return f"X-Publisher-Ref: {mail.reference}\r\n{mail.data.decode('ascii')}"


def test_each_mail_arrives_whole_at_its_own_recipient(backend: SESBackend) -> None:
    with moto() as found:
        mails = messages(found, 5, "Grüße, 東京.\n")
        report = send(found, mails)
    assert states(report, 5) == "aaaaa"
    arrived = {each.destinations[0]: each for each in backend.sent_messages}
    assert sorted(arrived) == [mail.recipient for mail in mails]
    for mail in mails:
        assert arrived[mail.recipient].raw_data == with_reference(mail)
        assert arrived[mail.recipient].source == mail.envelope_from
    assert {each.id for each in backend.sent_messages} == {
        verdict for verdict in report.provider_ids.values() if verdict
    }


def test_every_request_is_one_that_botocore_knows(backend: SESBackend) -> None:
    with moto() as found:
        send(found, messages(found, 3))
        requests = [json.loads(asked.body) for asked in found.server.asked]
    assert len(requests) == 3
    assert [faults(request) for request in requests] == ["", "", ""]
    assert {request["ConfigurationSetName"] for request in requests} == {"news"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"Content": {}, "Destination": {"ToAddresses": "reader1@example.org"}}, "ToAddresses"),
        ({"Content": {"Raw": {}}}, 'Missing required parameter in Content.Raw: "Data"'),
        ({"EmailTags": [{"Name": "ref"}]}, "Value"),
        ({"FromEmailAdress": "news@example.org"}, "unknown: .FromEmailAdress"),
        ({"Content": {"Raw": {"Data": "eA==", "Kind": "x"}}}, "Kind"),
    ],
)
def test_the_check_finds_what_is_wrong(wrong: dict[str, Any], said: str) -> None:
    assert faults(CALL) == ""
    assert said in faults({**CALL, **wrong})


def test_a_sender_that_is_not_verified_sends_nothing(backend: SESBackend) -> None:
    backend.reset()
    with moto() as found:
        report = send(found, messages(found, 1))
    assert report.last(1)[:3] == ("f", 1, 400)
    assert backend.sent_messages == []
