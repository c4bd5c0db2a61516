"""Why what is left of a mailing does not leave now: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from publisher.ledger import DeliveryState, Mailing, MailingKind, MailingState
from publisher.publishing.mailroom import MailingFacts
from publisher.publishing.waiting import CANARY, DOMAINS, PACE, Wait, waits

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
HOUR = NOW + timedelta(hours=1)
MAILING = Mailing(7, 1, 1, MailingKind.SCHEDULED, MailingState.RUNNING, "schedule", "", NOW, NOW)
FACTS = MailingFacts(MAILING, cast(Any, None), {DeliveryState.PENDING: 3})
SEVEN = "it is not yet 07:00 where their readers live"


@pytest.mark.parametrize(
    ("mailing", "facts", "opens", "wait"),
    [
        ({}, {}, None, None),
        ({}, {}, HOUR, Wait(3, PACE, HOUR)),
        ({}, {}, NOW, None),
        ({}, {"next_due": HOUR}, None, Wait(3, DOMAINS, HOUR)),
        ({"local_time": "07:00"}, {"next_due": HOUR}, None, Wait(3, SEVEN, HOUR)),
        ({"local_time": "07:00"}, {"next_due": HOUR}, HOUR + timedelta(1), Wait(3, SEVEN, HOUR + timedelta(1))),
        ({"local_time": "07:00"}, {}, HOUR, Wait(3, PACE, HOUR)),
        ({"canary_id": 9}, {"next_due": HOUR}, HOUR, Wait(3, CANARY, None)),
        ({"state": MailingState.PAUSED}, {"next_due": HOUR}, HOUR, None),
        ({}, {"counts": {DeliveryState.ACCEPTED: 3}, "next_due": HOUR}, HOUR, None),
    ],
)
def test_what_is_told_is_what_holds_it(
    mailing: dict[str, Any], facts: dict[str, Any], opens: datetime | None, wait: Wait | None
) -> None:
    assert waits(replace(FACTS, mailing=replace(MAILING, **mailing), **facts), opens, NOW) == wait
