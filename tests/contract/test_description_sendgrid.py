"""SendGrid's own description agrees with what we send. What is asked of the activity feed is in another one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from publisher.config import SendgridProvider
from publisher.providers.calls import Call
from publisher.providers.sendgrid import RESERVED, Sendgrid
from tests.contract.described import Described, described
from tests.contract.letters import hostile_mails, notice

SETTINGS = SendgridProvider.model_validate({"kind": "sendgrid", "key": "key"})


@pytest.fixture(scope="module")
def description() -> Described:
    return described("sendgrid-v3.json")


def batch(region: str = "global") -> Call:
    dialect = Sendgrid(SETTINGS.model_copy(update={"region": region}))
    return dialect.call([dialect.item(mail) for mail in hostile_mails(dialect)])


@pytest.mark.parametrize("region", ["global", "eu"])
def test_a_call_is_what_the_description_says(description: Described, region: str) -> None:
    dialect = Sendgrid(SETTINGS)
    assert description.faults(batch(region)) == []
    assert description.faults(dialect.call([dialect.item(notice())])) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"personalizations"', b'"personalisations"', "personalisations"),
        (b'"substitutions"', b'"substitution"', "'substitution' does not match"),
        (b'"ganalytics": {"enable": false}', b'"ganalytics": {"enable": "no"}', "'no' is not of type 'boolean'"),
        (b'"subject": "Thursday\'s news"', b'"subject": ""', "should be non-empty"),
    ],
)
def test_a_wrong_field_would_be_found(description: Described, old: bytes, new: bytes, said: str) -> None:
    call = batch()
    assert old in call.data
    faults = description.faults(replace(call, data=call.data.replace(old, new)))
    assert any(said in fault for fault in faults)


def test_the_reserved_fields_are_those_that_the_description_names(description: Described) -> None:
    schema = description.document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]
    told = schema["schema"]["properties"]["headers"]["description"]
    assert {part.lower() for part in told.split("`")[1::2]} == RESERVED
    sent = json.loads(batch().data)["personalizations"]
    assert not {name.lower() for mail in sent for name in mail["headers"]} & RESERVED
