"""Postmark's own description agrees with what we send and ask. It is old: it lacks streams and metadata."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.config import PostmarkProvider
from publisher.http import Client
from publisher.mailings.sending import utc_now
from publisher.providers.calls import Call
from publisher.providers.lookup import Waiting
from publisher.providers.postmark import Postmark
from publisher.providers.postmark_search import PostmarkSearch
from tests.contract.described import Described, described
from tests.contract.letters import hostile_mails, notice

SETTINGS = PostmarkProvider.model_validate({"kind": "postmark", "key": "key"})


@pytest.fixture(scope="module")
def description() -> Described:
    return described("postmark-server.json", beyond="MessageStream|Metadata|messagestream|metadata_ref")


def batch() -> Call:
    dialect = Postmark(SETTINGS)
    return dialect.call([dialect.item(mail) for mail in (*hostile_mails(dialect), notice())])


def test_a_batch_is_what_the_description_says(description: Described) -> None:
    assert description.faults(batch()) == []


def test_the_question_for_a_message_is_what_the_description_says(description: Described) -> None:
    call = PostmarkSearch(SETTINGS, Client(), Waiting(utc_now)).question("ref")
    assert description.faults(call) == []
    missing, unknown = description.faults(replace(call, address=call.address.replace("offset", "skip")))
    assert "offset is missing" in missing
    assert "skip" in unknown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"TextBody"', b'"Textbody"', "Textbody"),
        (b'"TrackLinks": "None"', b'"TrackLinks": "Never"', "Never"),
        (b'"TrackOpens": false', b'"TrackOpens": "false"', "is not of type 'boolean'"),
        (b'"Name": "List-Id"', b'"Key": "List-Id"', "Key"),
    ],
)
def test_a_wrong_field_would_be_found(description: Described, old: bytes, new: bytes, said: str) -> None:
    call = batch()
    assert old in call.data
    faults = description.faults(replace(call, data=call.data.replace(old, new)))
    assert faults
    assert all(said in fault for fault in faults)


def test_a_missing_key_would_be_found(description: Described) -> None:
    call = batch()
    headers = {name: value for name, value in call.headers.items() if "Token" not in name}
    (fault,) = description.faults(replace(call, headers=headers))
    assert "X-Postmark-Server-Token" in fault
