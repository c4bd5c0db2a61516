"""Resend's webhooks: what is signed, what its names mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from publisher.errors import ConfigError
from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRefusedError
from publisher.providers.resend_hook import EVENTS, LONGEST, ResendHook
from tests.fakes.hook_payloads import KINDS, NOW, RECIPIENT, REF, event, signed

READER = KINDS["resend"].reader()


def read(told: Any) -> Feedback:
    (feedback,) = READER.read(signed("resend", told), NOW)
    return feedback


@pytest.mark.parametrize("name", [name for name, meaning in EVENTS.items() if meaning])
def test_each_name_of_the_table_is_read_as_it_says(name: str) -> None:
    first, *more = name.split("/")
    bounce = {"diagnosticCode": ["smtp; 550 no"], **dict(zip(["type", "subType"], more, strict=False))}
    told = event("resend", first, **({"bounce": bounce} if first == "email.bounced" else {}))
    feedback, meant = read(told), EVENTS[name]
    assert meant is not None
    assert (feedback.kind, feedback.bounce, feedback.type) == (meant.kind, meant.bounce, name)


@pytest.mark.parametrize("name", ["email.received", "contact.updated", "domain.created"])
def test_what_is_about_no_mail_of_ours_is_nothing_to_us(name: str) -> None:
    assert list(READER.read(signed("resend", event("resend", name)), NOW)) == []


@pytest.mark.parametrize("diagnostic", [None, [], [""], [5], "no code"])
def test_a_permanent_bounce_without_a_server_s_code_is_hard(diagnostic: Any) -> None:
    bounce = {"type": "Permanent", "subType": "General", "diagnosticCode": diagnostic, "message": "hard bounce"}
    assert read(event("resend", "email.bounced", bounce=bounce)).bounce is BounceClass.HARD


def test_a_permanent_bounce_with_a_server_s_code_is_judged_by_it() -> None:
    bounce = {"type": "Permanent", "subType": "General", "diagnosticCode": ["smtp; 550 5.7.1 blocked"]}
    feedback = read(event("resend", "email.bounced", bounce=bounce))
    assert (feedback.bounce, feedback.code, feedback.status) == (None, 550, "5.7.1")


@pytest.mark.parametrize("tags", [{"ref": REF}, [{"name": "other", "value": "x"}, {"name": "ref", "value": REF}]])
def test_tags_may_be_an_object_or_a_list(tags: Any) -> None:
    assert read(event("resend", "email.delivered", tags=tags)).reference == REF


@pytest.mark.parametrize("tags", [None, {}, [], [None], {"ref": None}, "ref"])
def test_a_mail_without_our_tag_has_no_reference(tags: Any) -> None:
    assert read(event("resend", "email.delivered", tags=tags)).reference == ""


def test_a_mail_to_several_is_told_once_for_each_with_keys_of_their_own() -> None:
    to = [f"Reader <{RECIPIENT}>", "other@example.org", RECIPIENT]
    read_ = READER.read(signed("resend", event("resend", "email.delivered", to=to)), NOW)
    assert [each.recipient for each in read_] == [RECIPIENT, "other@example.org"]
    assert len({each.key for each in read_}) == 2
    assert not any("@" in each.key for each in read_)


def test_a_suppressed_mail_was_not_even_tried() -> None:
    feedback = read(event("resend", "email.suppressed", suppressed={"message": "on the list"}))
    assert (feedback.kind, feedback.text) == (FeedbackKind.DROPPED, "on the list")


def test_each_signed_part_counts() -> None:
    request = signed("resend", event("resend", "email.delivered"))
    headers = request.headers
    _, genuine = headers["svix-signature"].split()
    flipped = genuine[:3] + ("A" if genuine[3] != "A" else "B") + genuine[4:]
    for tampered in (
        replace(request, body=request.body.replace(b"delivered", b"complained")),
        replace(request, body=request.body + b"\n"),
        *(
            replace(request, headers={**headers, name: value})
            for name, value in [
                ("svix-id", "invented-2"),
                ("svix-id", ""),
                ("svix-timestamp", str(int(NOW.timestamp()) + 1)),
                ("svix-timestamp", "now"),
                ("svix-signature", flipped),
                ("svix-signature", genuine.replace("v1,", "v2,")),
                ("svix-signature", ""),
                ("svix-signature", "ü \ud800"),
            ]
        ),
    ):
        with pytest.raises(HookRefusedError):
            READER.read(tampered, NOW)


def test_five_minutes_are_the_limit() -> None:
    request = signed("resend", event("resend", "email.delivered"))
    assert READER.read(request, NOW + timedelta(minutes=4, seconds=59))
    with pytest.raises(HookRefusedError):
        READER.read(request, NOW + LONGEST + timedelta(seconds=1))


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_ü", "whsec_no base64"])
def test_what_is_no_secret_is_an_error_that_does_not_show_it(key: str) -> None:
    with pytest.raises(ConfigError) as error:
        ResendHook(SecretStr(key))
    assert "ü" not in str(error.value)
    assert "no base64" not in str(error.value)
