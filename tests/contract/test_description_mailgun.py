"""Mailgun's own description agrees with what we send and ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.config import MailgunProvider
from publisher.http import Client
from publisher.mailings.sending import utc_now
from publisher.providers.lookup import Waiting
from publisher.providers.mailgun import MailgunBatch, MailgunMime
from publisher.providers.mailgun_events import MailgunEvents
from tests.contract.described import Described, described
from tests.contract.letters import hostile_mails, notice

SETTINGS = MailgunProvider.model_validate({"kind": "mailgun", "domain": "mg.example.org", "key": "key"})
NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def description() -> Described:
    return described("mailgun.yaml", beyond="(h|v):[A-Za-z-]+")


@pytest.mark.parametrize("region", ["us", "eu"])
def test_a_batch_is_what_the_description_says(description: Described, region: str) -> None:
    dialect = MailgunBatch(SETTINGS.model_copy(update={"region": region}))
    assert description.faults(dialect.call([dialect.item(mail) for mail in hostile_mails(dialect)])) == []
    assert description.faults(dialect.call([dialect.item(notice())])) == []


def test_a_finished_message_is_what_the_description_says(description: Described) -> None:
    dialect = MailgunMime(SETTINGS)
    for mail in hostile_mails(dialect):
        assert description.faults(dialect.call([dialect.item(mail)])) == []


def test_the_question_for_events_is_what_the_description_says(description: Described) -> None:
    call = MailgunEvents(SETTINGS, Client(), Waiting(utc_now)).question(NOW, NOW + timedelta(hours=1))
    assert description.faults(call) == []
    (fault,) = description.faults(replace(call, address=call.address.replace("ascending", "rising")))
    assert "rising" in fault


def test_a_field_that_mailgun_does_not_know_would_be_found(description: Described) -> None:
    dialect = MailgunBatch(SETTINGS)
    call = dialect.call([dialect.item(mail) for mail in hostile_mails(dialect)])
    assert b'name="o:tracking-opens"' in call.data
    wrong = replace(call, data=call.data.replace(b'name="o:tracking-opens"', b'name="o:tracking-open"'))
    (fault,) = description.faults(wrong)
    assert "o:tracking-open" in fault
    wrong = replace(call, data=call.data.replace(b'name="subject"', b'name="h:Subject"'))
    (fault,) = description.faults(wrong)
    assert "'subject' is a required property" in fault
