"""SendGrid's webhooks: what is signed, what its names mean."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from publisher.errors import ConfigError
from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRefusedError
from publisher.providers.sendgrid_hook import EVENTS, LONGEST, SIGNATURE, TIMESTAMP, SendgridHook
from tests.fakes.hook_payloads import KINDS, NOW, RECIPIENT, event, signed

READER = KINDS["sendgrid"].reader()


def read(told: Any) -> Feedback:
    (feedback,) = READER.read(signed("sendgrid", told), NOW)
    return feedback


@pytest.mark.parametrize("name", [name for name, meaning in EVENTS.items() if meaning])
def test_each_name_of_the_table_is_read_as_it_says(name: str) -> None:
    first, *more = name.split("/")
    keys = ["reason"] if first == "dropped" else ["type", "bounce_classification"]
    told = event(
        "sendgrid", first, **({"type": None} if name == "bounce" else {}), **dict(zip(keys, more, strict=False))
    )
    feedback, meant = read(told), EVENTS[name]
    assert meant is not None
    assert (feedback.kind, feedback.bounce, feedback.type) == (meant.kind, meant.bounce, name)


def test_what_is_blocked_for_now_says_nothing_hard_about_a_mailbox() -> None:
    told = event("sendgrid", "bounce", type="blocked", bounce_classification="Invalid Address")
    assert read(told).bounce is BounceClass.BLOCK


def test_a_bounce_that_nobody_has_classified_is_left_to_its_words() -> None:
    feedback = read(event("sendgrid", "bounce", bounce_classification="Unclassified"))
    assert (feedback.bounce, feedback.code, feedback.status) == (None, 550, "5.1.1")


def test_many_events_of_one_request_are_read_in_their_order_and_each_is_kept_alone() -> None:
    told = [
        event("sendgrid", "delivered", sg_event_id="one"),
        event("sendgrid", "open", sg_event_id="two"),
        event("sendgrid", "bounce", sg_event_id="three", email="other@example.org"),
    ]
    first, second = READER.read(signed("sendgrid", told), NOW)
    assert [first.key, second.key] == ["one", "three"]
    assert RECIPIENT in first.raw
    assert RECIPIENT not in second.raw


def test_a_group_that_is_joined_again_is_kept_and_does_nothing() -> None:
    assert read(event("sendgrid", "group_resubscribe")).kind is FeedbackKind.UNKNOWN


def test_each_signed_part_counts() -> None:
    request = signed("sendgrid", event("sendgrid", "delivered"))
    later = str(int(NOW.timestamp()) + 1)
    for tampered in (
        replace(request, body=request.body.replace(b"delivered", b"dropped")),
        replace(request, body=request.body + b" "),
        replace(request, headers={**request.headers, TIMESTAMP: later}),
        replace(request, headers={**request.headers, SIGNATURE: request.headers[SIGNATURE][:-8] + "AAAAAAA="}),
        replace(request, headers={**request.headers, SIGNATURE: "no base64 ü"}),
        replace(request, headers={TIMESTAMP: request.headers[TIMESTAMP]}),
        replace(request, headers={SIGNATURE: request.headers[SIGNATURE]}),
    ):
        with pytest.raises(HookRefusedError):
            READER.read(tampered, NOW)


def test_a_last_try_after_a_day_is_still_taken() -> None:
    request = signed("sendgrid", event("sendgrid", "delivered"))
    assert READER.read(request, NOW + timedelta(hours=24))
    with pytest.raises(HookRefusedError):
        READER.read(request, NOW + LONGEST + timedelta(seconds=1))


OTHER = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "key",
    ["", "no base64", b64encode(b"no key").decode(), b64encode(OTHER).decode()],
    ids=["empty", "no base64", "no key", "of another kind"],
)
def test_what_is_no_key_of_this_kind_is_an_error_that_does_not_show_it(key: str) -> None:
    with pytest.raises(ConfigError) as error:
        SendgridHook(SecretStr(key))
    assert not key or key not in str(error.value)
