"""What every reader of webhooks guarantees, whatever its provider. A new one joins with a `Kind` in
`tests.fakes.hook_payloads`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from operator import setitem
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookReader, HookRefusedError, HookRequest
from publisher.providers.hook_reading import LONGEST_TEXT, LONGEST_WORD, MOST_OCTETS
from publisher.providers.hooks import READERS
from tests.fakes.hook_payloads import KINDS, NOW, RECIPIENT, REF, Kind, signed

SIGNERS = [kind for kind in KINDS.values() if kind.signs_time]
every = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
every_signer = pytest.mark.parametrize("kind", SIGNERS, ids=[kind.kind for kind in SIGNERS])


def status_of(reader: HookReader, request: HookRequest, now: Any = NOW) -> HTTPStatus:
    """What the refusal of a request is answered with."""
    with pytest.raises(HookRefusedError) as refusal:
        reader.read(request, now)
    assert RECIPIENT not in repr(refusal.value) + str(refusal.value)
    return refusal.value.status


def test_every_kind_of_reader_is_here() -> None:
    assert set(READERS) == set(KINDS)


@every
def test_a_delivered_mail_is_told_with_our_reference(kind: Kind) -> None:
    (feedback,) = kind.reader().read(signed(kind.kind, kind.event(kind.delivered)), NOW)
    assert feedback.kind is FeedbackKind.DELIVERED
    assert (feedback.reference, feedback.recipient) == (REF, RECIPIENT)
    assert feedback.key
    assert feedback.provider_id
    assert NOW - timedelta(seconds=4) <= feedback.at <= NOW
    assert feedback.at.utcoffset() == timedelta()
    assert feedback.type == kind.delivered


@every
def test_a_bounce_is_told_with_its_class_code_and_words(kind: Kind) -> None:
    (feedback,) = kind.reader().read(signed(kind.kind, kind.event(kind.bounced)), NOW)
    assert feedback.kind is FeedbackKind.BOUNCED
    assert feedback.bounce in (BounceClass.HARD, None)
    assert (feedback.code, feedback.status) == (550, "5.1.1")
    assert "no such user" in feedback.text


@every
def test_the_event_is_kept_as_it_came(kind: Kind) -> None:
    event = kind.event(kind.bounced)
    (feedback,) = kind.reader().read(signed(kind.kind, event, id_="invented-1"), NOW)
    kept = json.loads(feedback.raw)
    own = event if kind.kind != "sendgrid" else {**event, "sg_event_id": "invented-1"}
    assert kept == (own if kind.kind != "postmark" else {**event, "MessageID": "invented-1"})
    assert RECIPIENT not in repr(feedback)


@every
def test_an_event_that_is_told_twice_has_one_key(kind: Kind) -> None:
    event, reader = kind.event(kind.bounced), kind.reader()
    again = NOW + timedelta(minutes=4) if kind.signs_time else NOW + timedelta(days=3)
    first = reader.read(signed(kind.kind, event), NOW)
    second = reader.read(signed(kind.kind, event), again)
    other = reader.read(signed(kind.kind, event, id_="invented-0000000000002"), NOW)
    assert [each.key for each in first] == [each.key for each in second]
    assert {each.key for each in first}.isdisjoint(each.key for each in other)


@every
def test_opens_and_clicks_are_nothing_to_us(kind: Kind) -> None:
    assert list(kind.reader().read(signed(kind.kind, kind.event(kind.opened)), NOW)) == []


@every
def test_a_type_that_nobody_knows_is_kept(kind: Kind) -> None:
    (feedback,) = kind.reader().read(signed(kind.kind, kind.event("novelty")), NOW)
    assert feedback.kind is FeedbackKind.UNKNOWN
    assert feedback.type == "novelty"
    assert json.loads(feedback.raw)


@every
def test_a_recipient_may_have_letters_of_any_alphabet(kind: Kind) -> None:
    recipient = "łukasz.ünal@пример.example"
    event = json.loads(json.dumps(kind.event(kind.bounced)).replace(RECIPIENT, recipient))
    (feedback,) = kind.reader().read(signed(kind.kind, event), NOW)
    assert feedback.recipient == recipient
    assert recipient in feedback.raw


@every_signer
@pytest.mark.parametrize("aside", [-timedelta(days=2), timedelta(minutes=6)], ids=["old", "future"])
def test_what_was_signed_long_ago_or_is_yet_to_be_signed_is_refused(kind: Kind, aside: timedelta) -> None:
    request = signed(kind.kind, kind.event(kind.bounced), at=NOW + aside)
    assert status_of(kind.reader(), request) is HTTPStatus.FORBIDDEN


@every
def test_what_is_signed_with_another_key_is_refused(kind: Kind) -> None:
    request = signed(kind.kind, kind.event(kind.bounced))
    assert status_of(kind.stranger(), request) is HTTPStatus.FORBIDDEN


@every
def test_a_request_without_any_proof_is_refused(kind: Kind) -> None:
    bare = json.dumps(kind.event(kind.bounced)).encode()
    for body in (bare, b"[" + bare + b"]", b""):
        refused = (HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST)
        assert status_of(kind.reader(), HookRequest({}, body)) in refused


@every
def test_too_much_is_refused_before_it_is_read(kind: Kind) -> None:
    request = signed(kind.kind, kind.event(kind.bounced))
    long = replace(request, body=request.body + b" " * MOST_OCTETS)
    assert status_of(kind.reader(), long) is HTTPStatus.REQUEST_ENTITY_TOO_LARGE


DEEP = b'{"a":' * 100_000
MEGABYTE = b"x" * (MOST_OCTETS - 2000)


@every
@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"no JSON",
        b"{",
        b"[NaN]",
        b"1" * 9999,
        b"1e999",
        DEEP,
        b"[" * 60 + b"]" * 60,
        MEGABYTE,
    ],
    ids=["bytes", "words", "half", "nan", "digits", "infinite", "deep", "nested", "megabyte"],
)
def test_what_is_no_json_is_refused_even_when_it_is_proven(kind: Kind, body: bytes) -> None:
    assert status_of(kind.reader(), kind.proven(body)) is HTTPStatus.BAD_REQUEST


@every
@pytest.mark.parametrize("value", [None, 1, "text", [], {}, [1], [[]], {"novel": 1}, [{}], [None]])
def test_json_of_another_form_is_refused_or_gives_nothing(kind: Kind, value: Any) -> None:
    request = kind.proven(json.dumps(value).encode())
    if kind.kind == "sendgrid" and value == []:
        assert list(kind.reader().read(request, NOW)) == []
    else:
        assert status_of(kind.reader(), request) is HTTPStatus.BAD_REQUEST


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@every
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_value_anywhere_in_an_event_does_more_than_be_refused(kind: Kind, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([kind.delivered, kind.bounced, "novelty"]))
    event = kind.event(name)
    places = _places(event)
    places[data.draw(st.integers(0, len(places) - 1))](data.draw(json_values))
    for each in _read_or_unreadable(kind.reader(), signed(kind.kind, event)):
        assert json.loads(each.raw.encode())
        assert max(map(len, (each.reference, each.recipient, each.provider_id, each.status))) <= LONGEST_WORD
        assert len(each.text) <= LONGEST_TEXT
        assert each.at.utcoffset() == timedelta()
        for word in (each.key, each.reference, each.recipient, each.text, each.type):
            assert "\0" not in word
            assert word.encode().decode() == word


@every
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=200), headers=st.data())
def test_no_bytes_and_no_headers_do_more_than_be_refused(kind: Kind, body: bytes, headers: st.DataObject) -> None:
    request = signed(kind.kind, kind.event(kind.bounced))
    odd = {name: headers.draw(st.text(max_size=40)) for name in request.headers}
    for each in (HookRequest(odd, request.body), HookRequest(request.headers, body), HookRequest(odd, body)):
        if each.headers == request.headers and kind.kind == "postmark":
            continue  # proven: what follows is told above
        if each.body == request.body and kind.kind in ("mailgun", "ses"):
            continue  # their proof is in the body
        with pytest.raises(HookRefusedError):
            kind.reader().read(each, NOW)


@every
def test_half_a_character_is_kept_in_a_form_that_databases_take(kind: Kind) -> None:
    event = kind.event(kind.bounced, novelty="\0 \ud800")
    (feedback,) = kind.reader().read(signed(kind.kind, event), NOW)
    assert "\\u0000" in feedback.raw
    assert "\\ud800" in feedback.raw
    assert feedback.raw.encode()


def _read_or_unreadable(reader: HookReader, request: HookRequest) -> Sequence[Feedback]:
    try:
        return reader.read(request, NOW)
    except HookRefusedError as refusal:
        if refusal.status is not HTTPStatus.BAD_REQUEST:
            raise
        return []


def _places(value: Any) -> list[Callable[[Any], None]]:
    """A setter for each value in an event, however deep."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    found: list[Callable[[Any], None]] = []
    for key in keys:
        found += [partial(setitem, value, key), *_places(value[key])]
    return found
