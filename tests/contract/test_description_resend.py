"""Resend's own description knows every call that we make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from publisher.ledger import Message
from publisher.providers.calls import Call
from publisher.providers.resend import ADDRESS
from tests.contract.described import Described, described
from tests.contract.test_api_providers import HOSTILE, messages
from tests.fakes.apis.scenes import SCENES, Scene


@pytest.fixture(scope="module")
def description() -> Described:
    return described("resend.yaml")


@pytest.fixture
def scene() -> Iterator[Scene]:
    with SCENES["resend"]() as found:
        yield found


def call(scene: Scene, mails: list[Message]) -> Call:
    """The call, as it would be made to the real server."""
    dialect = scene.provider.dialect
    made = dialect.call([dialect.item(mail) for mail in mails])
    return replace(made, address=made.address.replace(scene.server.url(), ADDRESS))


def test_a_batch_of_a_digest_is_described(scene: Scene, description: Described) -> None:
    assert description.faults(call(scene, messages(scene, 100, HOSTILE))) == []


def test_a_confirmation_is_described(scene: Scene, description: Described) -> None:
    data = b"From: news@example.org\r\nTo: reader1@example.org\r\nSubject: Welcome\r\n\r\nWas it you?\r\n"
    notice = Message(1, "news@example.org", "reader1@example.org", "<1@example.org>", data)
    assert description.faults(call(scene, [notice])) == []


@pytest.mark.parametrize("wrong", [{"reply-to": ["a"]}, {"to": 5}, {"tags": [{"key": "ref"}]}])
def test_what_it_does_not_describe_is_found(
    scene: Scene, description: Described, wrong: dict[str, object]
) -> None:
    made = call(scene, messages(scene, 1))
    (mail,) = json.loads(made.data)
    assert description.faults(replace(made, data=json.dumps([{**mail, **wrong}]).encode()))
