"""Quoted-printable that can be joined (RFC 2045, 6.7)."""

from __future__ import annotations

import quopri
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.messages import quoted

texts = st.text(st.sampled_from("ab =.F\n\té漢🐟~<>"), max_size=200) | st.lists(
    st.sampled_from(["From me", ".", "..", " ", "word " * 20, "=3D", "\n", "x" * 75, "x" * 76, "é" * 30]),
    max_size=8,
).map("".join)


def assert_quoted_printable(encoded: bytes) -> None:
    """Every rule of RFC 2045 for the lines of a body, and ours."""
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", encoded)
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.endswith((b" ", b"\t"))
        assert not line.startswith((b".", b"From "))
        assert re.fullmatch(rb"(?:[\t -<>-~]|=[0-9A-F]{2})*=?", line), line


def decoded(encoded: bytes) -> str:
    return quopri.decodestring(encoded).decode().replace("\r\n", "\n")


@settings(deadline=None, derandomize=True)
@example("ends in space ")
@example("ends in tab\t")
@example("x" * 76)
@example("x" * 73 + "é")
@example("trailing \nspace\t\n")
@example(".\n.hidden\n..\n.")
@example("." * 400)
@example("." + "é" * 40)
@example("." + "x" * 72 + "é.")
@example("x" * 75 + ".")
@example("x" * 74 + " \nafter")
@example("x" * 75 + "\t\n.")
@example("From here\nFrom there")
@given(texts)
def test_literals_come_back_as_they_were(text: str) -> None:
    encoded = quoted.literal(text)
    assert_quoted_printable(encoded + quoted.join_after(encoded))
    assert_quoted_printable(encoded)
    assert decoded(encoded) == text


@settings(deadline=None, derandomize=True)
@given(st.lists(texts, max_size=5))
def test_pieces_can_be_joined(pieces: list[str]) -> None:
    body = b""
    for piece in pieces:
        encoded = quoted.literal(piece)
        body += encoded + quoted.join_after(encoded)
    assert_quoted_printable(body)
    assert decoded(body) == "".join(pieces)


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=120))
def test_values_come_back_in_one_line(value: str) -> None:
    text, html = quoted.text_value(value), quoted.html_value(value)
    one_line = " ".join(value.splitlines())
    assert decoded(text) == one_line
    assert_quoted_printable(b"x" + quoted.SOFT + text + quoted.SOFT + b"y")
    assert_quoted_printable(html + quoted.SOFT)
    assert not set(decoded(html)) & set("<>\"'")


def test_html_values_are_escaped_before_they_are_encoded() -> None:
    assert quoted.html_value('a&b"<c>') == b"a&amp;b&quot;&lt;c&gt;"
    assert quoted.html_value("https://example.org/?a=1&b=2") == b"https://example.org/?a=3D1&amp;b=3D2"


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_every_line_end_becomes_crlf(ending: str) -> None:
    assert quoted.literal(f"a{ending}b{ending}") == b"a\r\nb\r\n"
