"""Header fields that parse back to what went in, in lines that servers take."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.messages import HeaderError, envelope_address, message_id, needs_smtputf8
from publisher.messages.headers import ascii_url, mailbox, split_address, unstructured, web_link

letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
phrases = st.text(letters, max_size=90) | st.text(st.sampled_from('ab "\\<>(),;@.é漢=?_'), max_size=90)


def field(raw: bytes) -> str:
    """The field's value as Python's own parser reads it."""
    message = message_from_bytes(raw + b"\r\n", policy=policy.default)
    assert not message.defects
    (value,) = message.values()
    return str(value)


def assert_folded(raw: bytes) -> None:
    """One field, whole lines, none over 78 columns and none over 76 that has an encoded word."""
    assert raw.endswith(b"\r\n")
    lines = raw[:-2].decode().split("\r\n")
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])
    for line in lines:
        assert "\r" not in line
        assert "\n" not in line
        assert len(line) <= (76 if "=?utf-8?" in line else 78)


@settings(deadline=None, derandomize=True)
@example("The harbour opens again – and stays open, whatever the council says about it today")
@example("plain words " * 20)
@example("x" * 200)
@example("=?utf-8?q?not_ours?=")
@example("two  spaces")
@example("a" * 60 + "  " + "b" * 60)
@given(phrases)
def test_subjects_come_back(text: str) -> None:
    raw = unstructured("Subject", text)
    assert_folded(raw)
    assert field(raw) == text.strip()


@settings(deadline=None, derandomize=True)
@example('Zoë "Zo" Müller, Dr.')
@example("Reader, A.")
@example("x" * 100)
@example("name " * 20)
@example("=?utf-8?b?eA==?=")
@example("trailing backslash\\")
@given(phrases)
def test_names_come_back_beside_their_address(name: str) -> None:
    raw = mailbox("To", name, "reader@example.org")
    assert_folded(raw)
    # The older parser: the newer one shows the space between two encoded words, against RFC 2047, 6.2.
    shown, address = parseaddr(message_from_bytes(raw + b"\r\n", policy=policy.compat32)["To"])
    assert address == "reader@example.org"
    assert spaces(str(make_header(decode_header(shown)))) == spaces(name)
    (parsed,) = message_from_bytes(raw + b"\r\n", policy=policy.default)["To"].addresses
    assert parsed.addr_spec == "reader@example.org"


def spaces(text: str) -> str:
    """Runs of white space in a name are one space to a parser."""
    return " ".join(text.split())


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\0b", "\n", "half \ud800"])
@pytest.mark.parametrize(
    "make",
    [
        lambda evil: unstructured("Subject", evil),
        lambda evil: mailbox("To", evil, "reader@example.org"),
        lambda evil: mailbox("To", "", f"{evil}@example.org"),
        lambda evil: mailbox("To", "", f"reader@example.org{evil}"),
        lambda evil: split_address(f"Name <a@example.org>{evil}"),
        lambda evil: web_link(f"https://example.org/{evil}"),
        envelope_address,
    ],
)
def test_no_value_begins_another_line(make: Callable[[str], object], evil: str) -> None:
    with pytest.raises(HeaderError):
        make(evil)


@pytest.mark.parametrize(
    ("email", "written"),
    [
        ("reader@example.org", "reader@example.org"),
        ("a.b+c@mail.example.org", "a.b+c@mail.example.org"),
        ("reader@bücher.example", "reader@xn--bcher-kva.example"),
        ("reader@straße.example", "reader@xn--strae-oqa.example"),
        ("zoë@example.org", "zoë@example.org"),
        ('"a b"@example.org', '"a b"@example.org'),
        ("reader@[192.0.2.1]", "reader@[192.0.2.1]"),
        ("reader@localhost", "reader@localhost"),
    ],
)
def test_domains_are_written_in_a_labels(email: str, written: str) -> None:
    assert envelope_address(email) == written


@pytest.mark.parametrize(
    "email",
    ["", "reader", "@example.org", "reader@", "a b@example.org", "a@b@c d", "<a>@example.org", "a..b@example.org",
     "reader@exa mple.org", "reader@-.example", "a" * 400 + "@example.org", "zo ë@example.org",
     "a\u2028b@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(HeaderError):
        envelope_address(email)


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert needs_smtputf8("zoë@example.org")
    assert not needs_smtputf8("zoe@bücher.example")


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("daily@example.org", ("", "daily@example.org")),
        ("<daily@example.org>", ("", "daily@example.org")),
        ("The Daily <daily@example.org>", ("The Daily", "daily@example.org")),
        ('"Daily, The" <daily@example.org>', ("Daily, The", "daily@example.org")),
        ('"a \\"b\\" c" <daily@example.org>', ('a "b" c', "daily@example.org")),
    ],
)
def test_addresses_of_the_configuration_are_read(value: str, parts: tuple[str, str]) -> None:
    assert split_address(value) == parts


def test_a_long_address_goes_to_a_line_of_its_own() -> None:
    address = "a" * 64 + "@" + "b" * 60 + ".example.org"
    assert mailbox("To", "Ada Example", address) == f"To: Ada Example\r\n <{address}>\r\n".encode()


SECRET = b"s" * 32


def test_a_message_id_is_the_same_every_time_and_another_for_everything_else() -> None:
    first = message_id(1, 2, SECRET, "news.example.org")
    assert first == message_id(1, 2, SECRET, "news.example.org")
    assert re.fullmatch(r"<[0-9a-f]{40}@news\.example\.org>", first)
    others = {
        message_id(1, 3, SECRET, "news.example.org"),
        message_id(2, 2, SECRET, "news.example.org"),
        message_id(12, 2, SECRET, "news.example.org"),
        message_id(1, 22, SECRET, "news.example.org"),
        message_id(1, 2, b"t" * 32, "news.example.org"),
        message_id(1, 2, SECRET, "news.example.org", again="7"),
    }
    assert len(others | {first}) == 7
    assert message_id(1, 2, SECRET, "bücher.example").endswith("@xn--bcher-kva.example>")
    with pytest.raises(HeaderError):
        message_id(1, 2, b"", "example.org")


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://news.example.org/u/", "https://news.example.org/u/"),
        ("https://bücher.example/u/", "https://xn--bcher-kva.example/u/"),
        ("http://Bücher.example:8080/ü/%C3%A4/~a", "http://xn--bcher-kva.example:8080/%C3%BC/%C3%A4/~a"),
        ("https://news.example.org/новини/", "https://news.example.org/%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B8/"),
    ],
)
def test_an_address_of_the_web_is_written_in_ascii(url: str, written: str) -> None:
    assert ascii_url(url) == written
    assert web_link(ascii_url(url)) == f"<{written}>"


@pytest.mark.parametrize("url", ["https://bü cher.example/", "https://ü..example/", "https://b\rü.example/"])
def test_a_host_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(HeaderError):
        ascii_url(url)
