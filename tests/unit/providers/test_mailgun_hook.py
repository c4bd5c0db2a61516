"""Mailgun's webhooks: what is signed, what its names mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRefusedError, HookRequest
from publisher.providers.mailgun_hook import EVENTS, LONGEST
from tests.fakes.hook_payloads import KINDS, NOW, event, signed

READER = KINDS["mailgun"].reader()


def read(told: Any) -> Feedback:
    (feedback,) = READER.read(signed("mailgun", told), NOW)
    return feedback


@pytest.mark.parametrize("name", [name for name, meaning in EVENTS.items() if meaning])
def test_each_name_of_the_table_is_read_as_it_says(name: str) -> None:
    first, *more = name.split("/")
    told = event("mailgun", first, **dict(zip(["severity", "reason"], more, strict=False)))
    if len(more) < 2:
        told["reason"] = "generic"
    feedback, meant = read(told), EVENTS[name]
    assert meant is not None
    assert (feedback.kind, feedback.bounce) == (meant.kind, meant.bounce)


@pytest.mark.parametrize(
    ("reason", "kind", "bounce"),
    [
        ("bounce", FeedbackKind.BOUNCED, None),
        ("old", FeedbackKind.BOUNCED, BounceClass.SOFT),
        ("espblock", FeedbackKind.BOUNCED, BounceClass.BLOCK),
        ("suppress-bounce", FeedbackKind.DROPPED, BounceClass.HARD),
        ("a-novel-reason", FeedbackKind.BOUNCED, None),
    ],
)
def test_a_permanent_failure_means_what_its_reason_says(
    reason: str, kind: FeedbackKind, bounce: BounceClass | None
) -> None:
    feedback = read(event("mailgun", "failed", reason=reason))
    assert (feedback.kind, feedback.bounce, feedback.type) == (kind, bounce, f"failed/permanent/{reason}")


def test_mailgun_s_own_codes_are_no_codes_of_smtp() -> None:
    status = {"code": 605, "message": "", "description": "Not delivering to previously bounced address"}
    feedback = read(event("mailgun", "failed", reason="suppress-bounce", **{"delivery-status": status}))
    assert (feedback.code, feedback.status) == (None, "")
    assert feedback.text == "Not delivering to previously bounced address"


def test_the_event_has_its_own_time_else_that_of_its_signature() -> None:
    assert read(event("mailgun", "delivered")).at == NOW - timedelta(seconds=3)
    assert read(event("mailgun", "delivered", timestamp=None)).at == NOW
    assert read(event("mailgun", "delivered", timestamp="soon")).at == NOW


@pytest.mark.parametrize("part", ["timestamp", "token", "signature"])
def test_each_part_of_the_signature_counts(part: str) -> None:
    request = signed("mailgun", event("mailgun", "delivered"))
    told = json.loads(request.body)
    value = told["signature"][part]
    told["signature"][part] = value[:-1] + ("1" if value[-1] != "1" else "2")
    with pytest.raises(HookRefusedError):
        READER.read(_with(request, told), NOW)


def test_an_event_of_a_subaccount_may_be_signed_by_the_main_account() -> None:
    request = signed("mailgun", event("mailgun", "delivered"))
    told = json.loads(request.body)
    told["signature"]["parent-signature"] = told["signature"]["signature"]
    told["signature"]["signature"] = "of the subaccount's own key"
    assert READER.read(_with(request, told), NOW)


def test_whoever_changes_the_event_under_a_used_token_says_nothing_new() -> None:
    """The signature does not cover the event; the key, which is told once, is the token that it covers."""
    request = signed("mailgun", event("mailgun", "delivered"))
    told = json.loads(request.body)
    told["event-data"] = event("mailgun", "complained")
    (genuine,), (forged,) = READER.read(request, NOW), READER.read(_with(request, told), NOW)
    assert forged.key == genuine.key


def test_a_last_try_after_eight_hours_is_still_taken() -> None:
    request = signed("mailgun", event("mailgun", "delivered"))
    assert READER.read(request, NOW + timedelta(hours=8))
    with pytest.raises(HookRefusedError):
        READER.read(request, NOW + LONGEST + timedelta(seconds=1))


def _with(request: HookRequest, told: Any) -> HookRequest:
    return replace(request, body=json.dumps(told).encode())
