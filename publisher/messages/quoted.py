"""Quoted-printable (RFC 2045, 6.7) in pieces that can be joined.

Every piece begins at the beginning of a line. Where two pieces meet inside a line of text stands a soft line
break, so that neither has to know the other. Lines have at most 76 columns, none ends in white space, and none
begins with a dot or with `From `: SMTP has nothing to double, and no mailbox anything to change.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from html import escape

SOFT = b"=\r\n"
"""A line break that is none."""

_LINE = 76
_SAFE = re.compile(r"[!-<>-~](?:[ -<>-~]{0,70}[!-<>-~])?")
"""A value that is its own encoding and fits into a line, with room for the soft break."""
_BEGINNINGS = (b".", b"From ")
_TROUBLE = re.compile(rb"^(?:(?:\.|From )[^\r\n]*|[^\r\n]{77,})", re.MULTILINE)
"""Lines that begin wrongly, and lines over 76 columns: b2a_qp makes them of a white space at a line's end."""


def literal(text: str) -> bytes:
    """Text with `\\n` line ends, encoded; a line that the text leaves open stays open."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    encoded = b2a_qp(lines.encode(), istext=True)
    if "\n" not in lines:  # then b2a_qp has nothing to learn the line ends from, and makes soft breaks with LF
        encoded = encoded.replace(b"\n", b"\r\n")
    return _room_for_break(_TROUBLE.sub(_mended, encoded))


def text_value(value: str) -> bytes:
    """A subscriber's value in a plain-text part."""
    if _SAFE.fullmatch(value) and not value.startswith((".", "From ")):
        return value.encode()
    return literal(" ".join(value.splitlines()))


def html_value(value: str) -> bytes:
    """A subscriber's value in an HTML part, as text or between the quotes of an attribute."""
    return text_value(escape(value))


def join_after(piece: bytes) -> bytes:
    """What stands between a piece and the next one: nothing at a line's end, else a soft break."""
    return b"" if not piece or piece.endswith(b"\r\n") else SOFT


def _mended(found: re.Match[bytes]) -> bytes:
    """An encoded line with its first character encoded too where it means trouble, broken where it is too long."""
    line = found[0]
    if line.startswith(_BEGINNINGS):
        line = b"=%02X%b" % (line[0], line[1:])
    if len(line) <= _LINE:
        return line
    cut = _LINE - 1
    if b"=" in line[cut - 2 : cut]:  # not inside of =XX
        cut = line.rindex(b"=", cut - 2, cut)
    return line[:cut] + SOFT + _TROUBLE.sub(_mended, line[cut:])


def _room_for_break(encoded: bytes) -> bytes:
    """`encoded` with a last line that leaves a column for a soft break."""
    last = encoded.rpartition(b"\n")[2]
    if len(last) < _LINE:
        return encoded
    cut = 3 if last[-3:-2] == b"=" else 1
    return encoded[:-cut] + SOFT + encoded[-cut:].replace(b".", b"=2E")
