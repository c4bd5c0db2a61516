"""Signatures: another implementation verifies them, and nothing that is signed can be changed or added."""

from __future__ import annotations

import stat
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import dkim as verifier
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import ConfigError, UsageError
from publisher.mailings.key_making import make_key_file
from publisher.messages.dkim import SIGNED, PrivateKey, Signer, canonical_body, canonical_field, sign
from publisher.messages.dkim_keys import KeyKind, make_key, public_record, read_key, zone_line

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
MESSAGE = (
    b"From: The Harbour Daily <daily@news.example.org>\r\n"
    b"To: =?utf-8?b?SsO8cmdlbg==?= <reader@example.com>\r\n"
    b"Subject: What the divers saw\r\n under the quay\r\n"
    b"Date: Sun, 22 Nov 2026 07:30:00 +0000\r\n"
    b"Message-ID: <b73b5cda@news.example.org>\r\n"
    b"List-Id: The Harbour Daily <daily.news.example.org>\r\n"
    b"List-Unsubscribe: <https://news.example.org/u/token>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Precedence: bulk\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"The wall  stands. \r\n"
)
KINDS = list(KeyKind)


@lru_cache
def key(kind: KeyKind) -> PrivateKey:
    return read_key(make_key(kind), "a test")


def signer(kind: KeyKind) -> Signer:
    return Signer("news.example.org", f"p{kind}", key(kind))


def verdicts(message: bytes) -> list[bool]:
    """What another implementation says of each signature."""
    records = {f"p{kind}._domainkey.news.example.org.": public_record(key(kind)).encode() for kind in KINDS}

    def answer(name: bytes | str, timeout: float = 5) -> bytes:
        return records.get(name.decode() if isinstance(name, bytes) else name, b"")

    found = verifier.DKIM(message)
    count = message.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:")
    try:
        return [found.verify(idx=number, dnsfunc=answer) for number in range(count)]
    except verifier.DKIMException:  # a field that is there twice, for one
        return [False] * count


def signed(message: bytes = MESSAGE) -> bytes:
    return sign(message, [signer(kind) for kind in KINDS], NOW)


def test_another_implementation_verifies_each_signature() -> None:
    assert verdicts(signed()) == [True, True]


@pytest.mark.parametrize("ending", [b"", b"\r\n", b"\r\n\r\n\r\n", b"x", b"x\r\n\r\n"])
def test_a_body_is_verified_however_it_ends(ending: bytes) -> None:
    head = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert verdicts(signed(head + ending)) == [True, True]


_VALUES = st.text(st.sampled_from("ab Z\t.,;:=éあ-"), max_size=40)


@given(
    subject=_VALUES,
    body=st.binary(max_size=200).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b"\r\n")),
)
def test_any_header_and_body_is_verified(subject: str, body: bytes) -> None:
    message = b"From: a@news.example.org\r\nSubject: " + subject.encode() + b"\r\n\r\n" + body
    assert verdicts(sign(message, [signer(KeyKind.ED25519)], NOW)) == [True]


@pytest.mark.parametrize("place", range(0, len(MESSAGE), 7))
def test_one_changed_byte_of_what_is_signed_is_noticed(place: int) -> None:
    whole = signed()
    start = len(whole) - len(MESSAGE)
    line = MESSAGE[: place + 1].rpartition(b"\r\n")[2] + MESSAGE[place + 1 :].partition(b"\r\n")[0]
    is_body = place >= MESSAGE.index(b"\r\n\r\n") + 4
    if MESSAGE[place : place + 1] in b"\r\n \t" or (not is_body and line.startswith(b"Precedence")):
        return  # the relaxed form does not see blanks; Precedence is not signed
    changed = bytes([whole[start + place] ^ 0x01])
    assert verdicts(whole[: start + place] + changed + whole[start + place + 1 :]) != [True, True]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_field_cannot_be_added_a_second_time(name: str) -> None:
    added = f"{name}: <forged@example.net>\r\n".encode()
    top = signed()
    assert verdicts(added + top) == [False, False]
    assert verdicts(top.replace(b"Precedence:", added + b"Precedence:")) == [False, False]


def test_a_header_folded_anew_on_the_way_still_verifies() -> None:
    assert verdicts(signed().replace(b"Subject: What the divers", b"SUBJECT:  What\r\n\tthe divers")) == [
        True,
        True,
    ]


def test_a_signature_keeps_within_its_lines_and_begins_none_with_a_dot() -> None:
    for line in signed().partition(b"From:")[0].split(b"\r\n"):
        assert len(line) <= 78
        assert not line.startswith(b".")


def test_forms_are_those_of_the_rfc() -> None:
    """The example of RFC 6376, 3.4.5."""
    assert canonical_field(b"A: X") == b"a:X\r\n"
    assert canonical_field(b"B : Y\t\r\n\tZ  ") == b"b:Y Z\r\n"
    assert canonical_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C \r\nD \t E\r\n"
    assert canonical_body(b"") == b"\r\n"


def test_a_record_is_cut_into_strings_that_the_dns_takes() -> None:
    record = public_record(key(KeyKind.RSA))
    strings = zone_line("s._domainkey.example.org", record).split('"')[1::2]
    assert "".join(strings) == record
    assert max(map(len, strings)) <= 255


def _pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"hush, this is no key",
        make_key(KeyKind.ED25519)[:60],
        _pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "no PEM", "cut off", "elliptic curve"],
)
def test_what_is_no_key_for_mail_is_refused_and_not_repeated(pem: bytes) -> None:
    with pytest.raises(ConfigError, match="dkim new") as caught:
        read_key(pem, "dkim[1].key")
    assert "hush" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_shows_nothing_of_itself() -> None:
    assert "PrivateKey" not in repr(signer(KeyKind.RSA))


def test_a_new_key_is_for_this_user_alone_and_never_replaces_another(tmp_path: Path) -> None:
    made = make_key_file(tmp_path, "News.Example.Org", "", KeyKind.RSA, date(2026, 11, 22))
    assert made.name == "p202611._domainkey.news.example.org"
    assert stat.S_IMODE((tmp_path / made.place).stat().st_mode) == 0o600
    assert public_record(read_key((tmp_path / made.place).read_bytes(), "x")) == made.record
    with pytest.raises(UsageError, match="is there already"):
        make_key_file(tmp_path, "news.example.org", "", KeyKind.RSA, date(2026, 11, 22))
    beside = make_key_file(tmp_path, "news.example.org", "", KeyKind.ED25519, date(2026, 11, 22))
    assert beside.selector == "p202611e"


@pytest.mark.parametrize(
    ("domain", "selector"),
    [
        ("a b", ""),
        ("localhost", ""),
        ("../x.org", ""),
        ("", ""),
        ("[1.2.3.4]", ""),
        ("example.org", "../x"),
        ("example.org", "A B"),
    ],
)
def test_what_is_no_domain_or_selector_makes_no_file(tmp_path: Path, domain: str, selector: str) -> None:
    with pytest.raises(UsageError):
        make_key_file(tmp_path, domain, selector, KeyKind.ED25519, date(2026, 11, 22))
    assert list(tmp_path.iterdir()) == []
