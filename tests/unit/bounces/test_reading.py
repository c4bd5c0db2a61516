"""What mails that come back say: whose they are by their address alone, and nothing of what rubbish says."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.bounces import leaving, reading
from publisher.bounces.addressed import Ours, Place
from publisher.bounces.classify import classify
from publisher.bounces.mime import LARGEST
from publisher.bounces.reading import read
from publisher.config import Newsletter
from publisher.feedback import BounceClass, FeedbackKind
from publisher.messages import verp
from tests.unit.bounces.mails import ADA, BOUNCES, LINK, NAMES, NOW, OURS, SECRET, TOKEN, one, raw

K, C = FeedbackKind, BounceClass

SAID = {
    "postfix-unknown": (K.BOUNCED, C.HARD, "5.1.1", 550, ADA),
    "postfix-delayed": (K.DEFERRED, C.SOFT, "4.4.1", None, ADA),
    "postfix-delivered": (K.DELIVERED, C.UNKNOWN, "2.1.5", None, ADA),
    "exchange-unknown": (K.BOUNCED, C.HARD, "5.1.10", 550, ADA),
    "gmail-full": (K.BOUNCED, C.SOFT, "5.2.2", 552, ADA),
    "gmail-unauthenticated": (K.BOUNCED, C.BLOCK, "5.7.26", 550, ADA),
    "qmail": (K.BOUNCED, C.HARD, "5.1.1", None, ADA),
    "exim": (K.BOUNCED, C.HARD, "", 550, ADA),
    "exim-report": (K.BOUNCED, C.HARD, "5.2.1", 550, ADA),
    "opensmtpd": (K.BOUNCED, C.HARD, "5.0.0", 550, ADA),
    "beyond-ascii": (K.BOUNCED, C.HARD, "5.1.1", 550, "üser@example.net"),
    "encoded-report": (K.BOUNCED, C.HARD, "5.1.1", 550, ADA),
}


@pytest.mark.parametrize("name", SAID)
def test_a_report_says_what_became_of_the_mail_its_address_names(name: str) -> None:
    found = one(raw(name))
    assert (found.kind, classify(found), found.status, found.code, found.recipient) == SAID[name]
    assert found.reference == TOKEN
    assert verp.read(SECRET, found.reference, {7: ADA}.get) == 7


def test_every_mail_of_the_corpus_is_looked_at() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in NAMES if f'"{name}"' not in source] == []


def test_of_two_recipients_the_one_the_token_was_made_for_counts() -> None:
    found = one(raw("two-recipients"))
    assert (found.kind, classify(found), found.recipient) == (K.BOUNCED, C.SOFT, "Ada@example.net")
    bobs = verp.mint(SECRET, 8, "bob@example.net")
    found = one(raw("two-recipients"), f"bounces+{bobs}@news.example.org")
    assert (found.reference, classify(found), found.recipient) == (bobs, C.HARD, "bob@example.net")


def test_a_mail_that_was_forwarded_to_two_and_arrived_at_one_has_arrived() -> None:
    found = one(raw("forwarded-to-two"))
    assert (found.kind, found.recipient) == (K.DELIVERED, "home@example.com")


# --- whose it is -----------------------------------------------------------------------------------------------


def test_the_envelope_says_whose_it_is_before_any_header_does() -> None:
    other = verp.mint(SECRET, 9, "eve@example.net")
    assert one(raw("postfix-unknown"), f"Bounces+{other.upper()}@News.example.org").reference == other


def test_a_token_in_a_body_is_nobodys() -> None:
    """A bounce to the address without a token, which returns a mail with somebody's."""
    data = raw("qmail").partition(b"\r\n\r\n")
    head = data[0].replace(f"+{TOKEN}".encode(), b"")
    found = one(head + data[1] + data[2])
    assert (found.kind, found.reference) == (K.BOUNCED, "")


@pytest.mark.parametrize("header", ["X-Original-To", "Delivered-To", "Envelope-To", "To"])
def test_every_header_of_delivery_tells_whose_it_is(header: str) -> None:
    found = one(f"{header}: <{BOUNCES}>\r\nSubject: x\r\n\r\nx".encode())
    assert (found.kind, found.type, found.reference) == (K.UNKNOWN, reading.UNRECOGNISED, TOKEN)


def test_a_mail_for_somebody_else_is_nothing() -> None:
    assert read(raw("spam"), OURS, NOW) == ()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (BOUNCES, Place(TOKEN, False)),
        (f"<{BOUNCES.upper()}>", Place(TOKEN, False)),
        ("bounces@news.example.org", Place("", False)),
        ("bounces+short@news.example.org", Place("", False)),
        (f"bounces+{TOKEN[:-1]}*@news.example.org", Place("", False)),
        ("leave@news.example.org", Place("", True)),
        ("Leave+anything@news.example.org", Place("", True)),
        (f"bounces+{TOKEN}@evil.example.org", None),
        (f"other+{TOKEN}@news.example.org", None),
        ("", None),
        ("@", None),
        ("+@news.example.org", None),
    ],
)
def test_what_an_address_is_to_us(address: str, place: Place | None) -> None:
    assert OURS.place(address) == place


def test_our_addresses_are_those_of_the_newsletters() -> None:
    tables = [
        {"slug": "a", "title": "A", "from": "A <a@bücher.example>"},
        {
            "slug": "b",
            "title": "B",
            "from": "b@example.org",
            "envelope_from": "Bounces@example.org",
            "unsubscribe_mailto": "Leave@example.org",
        },
    ]
    letters = [Newsletter.model_validate(each) for each in tables]
    ours = Ours.of(letters, SECRET)
    assert ours.bounces == {"a@xn--bcher-kva.example", "bounces@example.org"}
    assert ours.leaving == {"leave@example.org"}
    assert "secret" not in repr(ours)


def test_a_server_that_takes_the_token_from_the_envelope_leaves_it_in_the_headers() -> None:
    assert one(raw("postfix-unknown"), "bounces@news.example.org").reference == TOKEN
    assert one(raw("leave-by-mail"), "bounces@news.example.org").kind is K.UNSUBSCRIBED


def test_what_a_report_says_is_storable_whatever_it_is() -> None:
    data = raw("postfix-unknown").replace(b"Action: failed", b"Action: fai\0led" + b"x" * 500)
    data = data.replace(b"rfc822;ada@", b"rfc822;a\0" + b"d" * 1000 + b"@")
    found = one(data)
    assert "\0" not in found.type + found.recipient
    assert len(found.type) <= 60
    assert len(found.recipient) <= 320


# --- complaints, absence, leaving ------------------------------------------------------------------------------


def test_a_complaint_is_about_the_envelope_of_the_mail_it_returns() -> None:
    found = one(raw("complaint"))
    assert (found.kind, found.type, found.reference) == (K.COMPLAINED, "abuse", TOKEN)
    assert found.text == "reported as abuse by IspFbl/1.0"
    found = one(raw("complaint-by-return-path"))
    assert (found.kind, found.type, found.reference) == (K.COMPLAINED, "fraud", TOKEN)


def test_a_complaint_that_names_nobody_in_its_envelope_is_about_nobody() -> None:
    found = one(raw("complaint-of-nobody"))
    assert (found.kind, found.reference) == (K.COMPLAINED, "")


def test_not_spam_is_no_complaint() -> None:
    found = one(raw("no-complaint"))
    assert (found.kind, found.type) == (K.UNKNOWN, "not-spam")


def test_an_absence_notice_is_no_bounce_whatever_it_says() -> None:
    assert one(raw("absence-exchange")).kind is K.ANSWERED
    assert one(raw("absence-by-precedence")).kind is K.ANSWERED


@pytest.mark.parametrize(
    "subject",
    [
        "Out of Office: The harbour",
        "Automatic reply: x",
        "Auto: Abwesenheitsnotiz",
        "Ich bin im Urlaub",
        "Réponse automatique : x",
        "Absence du bureau",
        "Respuesta automática: x",
        "Risposta automatica",
        "Resposta automática",
        "Automatisch antwoord: afwezig",
        "Automatiskt svar: x",
        "Автоответ: x",
        "Автоматична відповідь: x",
        "رد تلقائي: x",
        "自動返信: x",
        "自动回复：x",
    ],
)
def test_absence_is_understood_in_many_languages(subject: str) -> None:
    found = one(f"From: {ADA}\r\nTo: {BOUNCES}\r\nSubject: {subject}\r\n\r\nuser unknown".encode())
    assert (found.kind, found.reference) == (K.ANSWERED, TOKEN)


def test_a_persons_answer_is_kept_and_means_nothing() -> None:
    found = one(raw("a-persons-answer"))
    assert (found.kind, found.type) == (K.UNKNOWN, reading.UNRECOGNISED)


def test_a_servers_bounce_is_one_although_it_calls_itself_an_automatic_answer() -> None:
    assert b"Auto-Submitted" in raw("exim")
    assert one(raw("exim")).kind is K.BOUNCED


def test_who_holds_the_token_leaves_whatever_from_says() -> None:
    found = one(raw("leave-by-mail"))
    assert (found.kind, found.type, found.reference) == (K.UNSUBSCRIBED, leaving.TYPE, LINK)


def test_a_mail_to_unsubscribe_without_a_token_ends_nothing() -> None:
    found = one(raw("leave-without-token"))
    assert (found.kind, found.type, found.reference) == (K.UNKNOWN, leaving.WITHOUT_TOKEN, "")


@pytest.mark.parametrize("before", ["unsubscribe ", "Re: unsubscribe ", "AW: Re: ", "", "unsubscribe\r\n "])
def test_a_token_is_found_however_the_subject_was_changed(before: str) -> None:
    found = one(f"To: leave@news.example.org\r\nSubject: {before}{LINK}\r\n\r\n".encode())
    assert found.reference == LINK


def test_a_token_to_leave_with_does_nothing_at_the_address_for_bounces() -> None:
    found = one(f"To: {BOUNCES}\r\nSubject: unsubscribe {LINK}\r\n\r\n".encode())
    assert found.kind is K.UNKNOWN


# --- keys, moments, rubbish ------------------------------------------------------------------------------------


def test_a_replay_has_the_same_key_and_another_mail_or_reader_has_not() -> None:
    data = raw("postfix-unknown")
    key = one(data).key
    assert one(b"X-Trace: again\r\n" + data).key == key
    assert one(data.replace(b"<20261125060002.4Dd@", b"<another@")).key != key
    other = verp.mint(SECRET, 8, ADA)
    assert one(data, f"bounces+{other}@news.example.org").key != key
    bare = data.replace(b"Message-Id:", b"X-No-Id:")
    assert one(bare).key == one(bare).key != one(bare + b"\r\n").key


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Wed, 25 Nov 2026 07:00:02 +0100", datetime(2026, 11, 25, 6, 0, 2, tzinfo=UTC)),
        ("Wed, 25 Nov 2026 06:00:02 -0000", datetime(2026, 11, 25, 6, 0, 2, tzinfo=UTC)),
        ("Wed, 25 Nov 2026 08:00:00 +0000", NOW),  # is still to come
        ("Wed, 25 Nov 2025 06:00:00 +0000", NOW),
        ("Fri, 31 Dec 9999 23:59:59 -2300", NOW),
        ("yesterday", NOW),
        ("", NOW),
    ],
)
def test_a_mails_own_date_is_believed_within_reason(date: str, at: datetime) -> None:
    assert one(f"To: {BOUNCES}\r\nDate: {date}\r\n\r\nx".encode()).at == at


@settings(max_examples=150)
@given(st.binary(max_size=400), st.sampled_from(["", BOUNCES, "leave@news.example.org", "\0@\x80"]))
def test_arbitrary_bytes_raise_nothing(data: bytes, recipient: str) -> None:
    for found in read(data, OURS, NOW, recipient):
        assert found.kind in (K.UNKNOWN, K.ANSWERED)


@settings(max_examples=150)
@given(st.sampled_from(NAMES), st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_damaged_mail_raises_nothing(name: str, chance: random.Random, wounds: int) -> None:
    data = bytearray(raw(name))
    for _ in range(wounds):
        start = chance.randrange(len(data))
        data[start : start + chance.randrange(9)] = chance.randbytes(chance.randrange(9))
    for found in read(bytes(data), OURS, NOW):
        assert found.at.tzinfo is UTC
        assert "\0" not in found.text + found.raw + found.type + found.recipient
        found.raw.encode()
        classify(found)


NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (number, number) for number in range(5000)
)
MANY = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 5000
HEADERS = b"X: y\r\n" * 200_000
MESSAGES = b"Content-Type: message/rfc822\r\n\r\n" * 5000
REPORT = b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * 50_000


@pytest.mark.parametrize(
    "burden", [NESTED, MANY, HEADERS, MESSAGES, REPORT], ids=["nested", "many", "headers", "messages", "report"]
)
def test_a_mail_made_to_be_a_burden_is_one_line(burden: bytes) -> None:
    found = one(f"To: {BOUNCES}\r\n".encode() + burden, BOUNCES)
    assert found.reference == TOKEN
    assert len(found.raw) <= 20_000


@pytest.mark.parametrize(("burden", "why"), [(NESTED, "too many boundaries"), (MANY, "too many parts")])
def test_what_is_unreadable_is_kept_with_its_token(burden: bytes, why: str) -> None:
    found = one(burden, BOUNCES)
    assert (found.kind, found.type, found.reference) == (K.UNKNOWN, reading.UNREADABLE, TOKEN)
    assert found.text == why


def test_of_a_large_mail_the_beginning_is_read() -> None:
    data = raw("postfix-unknown")
    grown = data.replace(b"The harbour opens again\r\n", b"The harbour opens again\r\nX: " + b"x" * LARGEST)
    assert len(grown) > LARGEST
    assert one(grown).status == "5.1.1"


def test_records_do_not_show_addresses() -> None:
    found = one(raw("postfix-unknown"))
    assert ADA not in repr(found)
    assert NOW - found.at < timedelta(days=1)
