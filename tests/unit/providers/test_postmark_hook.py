"""Postmark's webhooks: who may call, what its names mean, what stands for an event's id."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRefusedError
from publisher.providers.postmark_hook import EVENTS
from tests.fakes.hook_payloads import KINDS, NOW, POSTMARK_PASSWORD, POSTMARK_USER, RECIPIENT, event, signed

READER = KINDS["postmark"].reader()


def read(told: Any) -> Feedback:
    (feedback,) = READER.read(signed("postmark", told), NOW)
    return feedback


@pytest.mark.parametrize("name", [name for name, meaning in EVENTS.items() if meaning])
def test_each_name_of_the_table_is_read_as_it_says(name: str) -> None:
    record, *more = name.split("/")
    keys = ["Type"] if record == "Bounce" else ["SuppressionReason", "Origin"]
    none = {"Bounce": {"Type": None}, "SubscriptionChange": {"SuppressionReason": None, "Origin": None}}
    feedback = read(event("postmark", record, **{**none.get(record, {}), **dict(zip(keys, more, strict=False))}))
    meant = EVENTS[name]
    assert meant is not None
    assert (feedback.kind, feedback.bounce, feedback.type) == (meant.kind, meant.bounce, name)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"SuppressionReason": "ManualSuppression", "Origin": "Recipient"}, FeedbackKind.UNSUBSCRIBED),
        ({"SuppressionReason": "ManualSuppression", "Origin": "Customer"}, FeedbackKind.UNKNOWN),
        ({"SuppressionReason": "SpamComplaint", "Origin": "Recipient"}, FeedbackKind.COMPLAINED),
        ({"SuppressSending": False, "SuppressionReason": None, "Origin": "Recipient"}, FeedbackKind.UNKNOWN),
        ({"SuppressSending": False, "SuppressionReason": "SpamComplaint"}, FeedbackKind.UNKNOWN),
    ],
)
def test_only_a_reader_s_own_wish_is_a_farewell(more: dict[str, Any], kind: FeedbackKind) -> None:
    assert read(event("postmark", "SubscriptionChange", **more)).kind is kind


def test_a_suppression_without_a_mail_is_told_by_its_address() -> None:
    told = event("postmark", "SubscriptionChange", MessageID=None, Metadata={})
    feedback = read(told)
    assert (feedback.provider_id, feedback.reference, feedback.recipient) == ("", "", RECIPIENT)
    with pytest.raises(HookRefusedError):
        read({**told, "Recipient": None})


def test_a_bounce_is_taken_with_its_own_time_and_zone() -> None:
    feedback = read(event("postmark", "Bounce"))
    assert feedback.at == NOW.replace(second=9, microsecond=123456)


@pytest.mark.parametrize(
    "other",
    [
        {"ID": 7},
        {"MessageID": "another"},
        {"Email": "other@example.org"},
        {"BouncedAt": "2026-03-09T07:00:10Z"},
    ],
)
def test_events_that_differ_in_mail_person_or_time_have_other_keys(other: dict[str, Any]) -> None:
    assert read(event("postmark", "Bounce")).key != read(event("postmark", "Bounce", **other)).key


def test_a_key_holds_no_address_and_a_complaint_another_than_its_bounce() -> None:
    bounce, complaint = read(event("postmark", "Bounce")), read(event("postmark", "SpamComplaint"))
    assert bounce.key != complaint.key
    assert RECIPIENT not in bounce.key + complaint.key
    assert complaint.bounce is None


def _basic(login: str) -> str:
    return "Basic " + b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !",
        "Basic ü",
        _basic(""),
        _basic(POSTMARK_USER),
        _basic(f"{POSTMARK_USER}:"),
        _basic(f"{POSTMARK_USER}:{POSTMARK_PASSWORD} "),
        _basic(f"{POSTMARK_USER}x:{POSTMARK_PASSWORD}"),
        _basic(f"{POSTMARK_USER}:{POSTMARK_PASSWORD}").replace("Basic", "Bearer"),
    ],
)
def test_whoever_has_not_both_user_and_password_is_refused(authorization: str) -> None:
    request = signed("postmark", event("postmark", "Delivery"))
    with pytest.raises(HookRefusedError):
        READER.read(replace(request, headers={**request.headers, "authorization": authorization}), NOW)


def test_the_scheme_may_be_in_letters_of_any_case() -> None:
    request = signed("postmark", event("postmark", "Delivery"))
    login = request.headers["authorization"].replace("Basic", "basic ")
    assert READER.read(replace(request, headers={"authorization": login}), NOW)


def test_a_bounce_told_days_later_is_taken() -> None:
    request = signed("postmark", event("postmark", "Bounce"))
    (feedback,) = READER.read(request, NOW + timedelta(days=10))
    assert feedback.bounce is BounceClass.HARD
