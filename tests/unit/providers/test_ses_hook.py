"""Amazon SES's events through SNS: what is signed, what is fetched, what its names mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from publisher.errors import ProviderError
from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRefusedError, HookRequest
from publisher.providers.ses_hook import EVENTS, LONGEST
from tests.fakes.hook_payloads import (
    CERTIFICATE_AT,
    CONFIRM_AT,
    NOW,
    RECIPIENT,
    REF,
    SES,
    TOPIC,
    amazon,
    certificate,
    event,
    signed,
)


class Asked:
    """Amazon, and what it was asked for."""

    def __init__(self, answer: Callable[[str], bytes] = amazon) -> None:
        self.addresses: list[str] = []
        self.answer = answer

    def __call__(self, address: str) -> bytes:
        self.addresses.append(address)
        return self.answer(address)


READER = SES.reader()


def read(told: Any) -> Feedback:
    (feedback,) = READER.read(signed("ses", told), NOW)
    return feedback


def refusal(request: HookRequest, asked: Asked) -> HTTPStatus:
    with pytest.raises(HookRefusedError) as error:
        SES.reader(asked).read(request, NOW)
    return error.value.status


def changed(request: HookRequest, **fields: Any) -> HookRequest:
    """The message with other fields, as if they had been signed; None takes one away."""
    told = {**json.loads(request.body), **fields}
    return replace(
        request, body=json.dumps({name: told[name] for name in told if told[name] is not None}).encode()
    )


@pytest.mark.parametrize("name", [name for name, meaning in EVENTS.items() if meaning])
def test_each_name_of_the_table_is_read_as_it_says(name: str) -> None:
    first, *more = name.split("/")
    keys = {"Bounce": ["bounceType", "bounceSubType"], "Complaint": ["complaintSubType"]}.get(first, [])
    none: dict[str, Any] = {"bounceType": None, "bounceSubType": None} if first == "Bounce" else {}
    if first == "Complaint":
        none = {"complaintFeedbackType": None}
    if more == ["unsubscribeAll"]:
        none = {"newTopicPreferences": {"unsubscribeAll": True}}
    if first == "DeliveryDelay":
        none = {"delayType": None}
    feedback = read(event("ses", first, **{**none, **dict(zip(keys, more, strict=False))}))
    meant = EVENTS[name]
    assert meant is not None
    assert (feedback.kind, feedback.bounce, feedback.type) == (meant.kind, meant.bounce, name)


def test_a_delay_tells_its_code_and_kind() -> None:
    feedback = read(event("ses", "DeliveryDelay"))
    assert (feedback.kind, feedback.code, feedback.status) == (FeedbackKind.DEFERRED, 421, "4.4.1")
    assert feedback.type == "DeliveryDelay/TransientCommunicationFailure"


def test_a_report_that_it_is_no_spam_is_no_complaint() -> None:
    assert read(event("ses", "Complaint")).kind is FeedbackKind.COMPLAINED
    told = event("ses", "Complaint", complaintFeedbackType="not-spam")
    assert read(told).kind is FeedbackKind.UNKNOWN


@pytest.mark.parametrize(("diagnostic", "bounce"), [("", BounceClass.HARD), ("smtp; 550 5.7.1 no", None)])
def test_a_general_bounce_is_hard_only_where_the_server_s_words_are_missing(
    diagnostic: str, bounce: BounceClass | None
) -> None:
    to = [{"emailAddress": RECIPIENT, "diagnosticCode": diagnostic}]
    told = event("ses", "Bounce", bounceSubType="General", bouncedRecipients=to)
    assert read(told).bounce is bounce


def test_an_event_about_several_is_told_once_for_each_with_keys_of_their_own() -> None:
    to = [{"emailAddress": "one@example.org", "status": "5.1.1"}, {"emailAddress": "two@example.org"}]
    one, two = READER.read(signed("ses", event("ses", "Bounce", bouncedRecipients=to)), NOW)
    assert [one.recipient, two.recipient] == ["one@example.org", "two@example.org"]
    assert [one.status, two.status] == ["5.1.1", ""]
    assert one.key != two.key
    assert "@" not in one.key + two.key


def test_the_older_notifications_are_read_and_a_header_holds_our_reference() -> None:
    told = event("ses", "Bounce")
    told["notificationType"] = told.pop("eventType")
    del told["mail"]["tags"]
    assert read(told).reference == ""
    told["mail"]["headers"] = [{"name": "Subject", "value": "x"}, {"name": "X-Publisher-Ref", "value": REF}]
    feedback = read(told)
    assert (feedback.kind, feedback.reference) == (FeedbackKind.BOUNCED, REF)


@pytest.mark.parametrize(
    "text",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        '{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have subscribed"}',
    ],
)
def test_what_ses_sends_for_a_trial_gives_nothing(text: str) -> None:
    assert list(READER.read(SES.message("Notification", Message=text), NOW)) == []


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_both_versions_of_signatures_hold_with_and_without_a_subject(version: str, more: dict[str, Any]) -> None:
    text = json.dumps(event("ses", "Delivery"))
    assert READER.read(SES.message("Notification", version=version, Message=text, **more), NOW)


SIGNED = {"Message": "{}", "MessageId": "x", "Subject": "x", "Timestamp": "2026-03-09T07:00:11.000Z"}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(("field", "value"), SIGNED.items())
def test_each_signed_field_counts(version: str, field: str, value: str) -> None:
    request = SES.message("Notification", version=version, Message=json.dumps(event("ses", "Delivery")))
    assert refusal(changed(request, **{field: value}), Asked()) is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("field", ["Token", "SubscribeURL", "Message"])
def test_each_signed_field_of_a_confirmation_counts_and_nothing_is_confirmed(field: str) -> None:
    asked, request = Asked(), SES.message("SubscriptionConfirmation")
    other = {"Token": "other", "SubscribeURL": CONFIRM_AT + "&x=1", "Message": "other"}[field]
    assert refusal(changed(request, **{field: other}), asked) is HTTPStatus.FORBIDDEN
    assert asked.addresses == [CERTIFICATE_AT]


def test_a_notification_passed_off_as_a_confirmation_is_refused() -> None:
    asked = Asked()
    request = changed(signed("ses", event("ses", "Delivery")), Type="UnsubscribeConfirmation", Token="t")
    assert refusal(request, asked) is HTTPStatus.BAD_REQUEST
    request = changed(request, SubscribeURL=CONFIRM_AT)
    assert refusal(request, asked) is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("field", ["Message", "MessageId", "Timestamp", "TopicArn", "Type"])
@pytest.mark.parametrize("value", [None, 7])
def test_a_message_without_a_field_is_none(field: str, value: Any) -> None:
    request = changed(signed("ses", event("ses", "Delivery")), **{field: value})
    assert refusal(request, Asked()) is HTTPStatus.BAD_REQUEST


def test_a_subscription_is_confirmed_at_sns_and_gives_nothing() -> None:
    asked = Asked()
    assert list(SES.reader(asked).read(SES.message("SubscriptionConfirmation"), NOW)) == []
    assert asked.addresses == [CERTIFICATE_AT, CONFIRM_AT]


def test_the_end_of_a_subscription_gives_nothing_and_is_not_taken_back() -> None:
    asked = Asked()
    assert list(SES.reader(asked).read(SES.message("UnsubscribeConfirmation"), NOW)) == []
    assert asked.addresses == [CERTIFICATE_AT]


ELSEWHERE = [
    "https://example.org/",
    "http://sns.eu-west-1.amazonaws.com/",
    "https://sns.eu-west-1.amazonaws.com.example.org/",
    "https://sns.eu-west-1.amazonaws.com@example.org/",
    "https://sns.eu-west-1.amazonaws.com:8443/",
    "https://sns.example.org/sns.eu-west-1.amazonaws.com/",
    "https://SNS.eu-west-1.amazonaws.com/",
    "https://bucket.s3.amazonaws.com/",
    "https://sns.a.b.amazonaws.com/",
]


@pytest.mark.parametrize("start", ELSEWHERE)
def test_a_subscription_is_confirmed_nowhere_else(start: str) -> None:
    asked = Asked()
    request = SES.message("SubscriptionConfirmation", SubscribeURL=f"{start}?Action=ConfirmSubscription")
    assert refusal(request, asked) is HTTPStatus.FORBIDDEN
    assert asked.addresses == [CERTIFICATE_AT]


@pytest.mark.parametrize(
    "address",
    [
        *(f"{start}SimpleNotificationService-0123abcd.pem" for start in ELSEWHERE),
        "https://sns.eu-west-1.amazonaws.com/?SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com/../SimpleNotificationService-0123abcd.pem",
        CERTIFICATE_AT + "\n",
        "",
    ],
)
def test_a_certificate_is_taken_from_nowhere_else(address: str) -> None:
    asked = Asked()
    request = changed(signed("ses", event("ses", "Delivery")), SigningCertURL=address)
    assert refusal(request, asked) is HTTPStatus.FORBIDDEN
    assert asked.addresses == []


def test_china_has_hosts_of_its_own() -> None:
    address = CERTIFICATE_AT.replace("amazonaws.com", "amazonaws.com.cn")
    asked = Asked(lambda asked_for: certificate())
    request = changed(signed("ses", event("ses", "Delivery")), SigningCertURL=address)
    assert SES.reader(asked).read(request, NOW)
    assert asked.addresses == [address]


def test_a_certificate_is_fetched_once() -> None:
    asked = Asked()
    reader = SES.reader(asked)
    for _ in range(3):
        reader.read(signed("ses", event("ses", "Delivery")), NOW)
    assert asked.addresses == [CERTIFICATE_AT]


@pytest.mark.parametrize(
    "request_",
    [
        changed(signed("ses", event("ses", "Delivery")), TopicArn=TOPIC + "-other"),
        SES.message("SubscriptionConfirmation", TopicArn=TOPIC.replace("123456789012", "210987654321")),
        signed("ses", event("ses", "Delivery"), at=NOW - LONGEST - timedelta(seconds=1)),
    ],
    ids=["topic", "subscription", "old"],
)
def test_another_topic_or_time_makes_us_fetch_nothing(request_: HookRequest) -> None:
    asked = Asked()
    assert refusal(request_, asked) is HTTPStatus.FORBIDDEN
    assert asked.addresses == []


def test_while_amazon_does_not_answer_it_is_told_to_try_again() -> None:
    def silent(address: str) -> bytes:
        raise ProviderError("no answer")

    def half(address: str) -> bytes:
        return amazon(address) if address == CERTIFICATE_AT else silent(address)

    delivery = signed("ses", event("ses", "Delivery"))
    assert refusal(delivery, Asked(silent)) is HTTPStatus.SERVICE_UNAVAILABLE
    assert refusal(SES.message("SubscriptionConfirmation"), Asked(half)) is HTTPStatus.SERVICE_UNAVAILABLE


def test_a_certificate_that_could_not_be_had_is_asked_for_again() -> None:
    answers = iter([b"no certificate", certificate()])
    reader = SES.reader(lambda address: next(answers))
    request = signed("ses", event("ses", "Delivery"))
    with pytest.raises(HookRefusedError):
        reader.read(request, NOW)
    assert reader.read(request, NOW)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        certificate(NOW - timedelta(days=30), 20),
        certificate(NOW + timedelta(days=1)),
    ],
    ids=["nothing", "broken", "expired", "not yet"],
)
def test_a_certificate_that_does_not_hold_proves_nothing(pem: bytes) -> None:
    request = signed("ses", event("ses", "Delivery"))
    assert refusal(request, Asked(lambda address: pem)) is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("fields", [{"SignatureVersion": "3"}, {"SignatureVersion": None}, {"Signature": "ü"}])
def test_a_signature_of_another_form_is_refused(fields: dict[str, Any]) -> None:
    request = changed(signed("ses", event("ses", "Delivery")), **fields)
    assert refusal(request, Asked()) is HTTPStatus.FORBIDDEN


def test_raw_delivery_which_is_not_signed_is_refused() -> None:
    body = json.dumps(event("ses", "Bounce")).encode()
    request = HookRequest({"x-amz-sns-rawdelivery": "true"}, body)
    assert refusal(request, Asked()) is HTTPStatus.BAD_REQUEST
