"""What an SMTP server says: replies of one or more lines (RFC 5321, 4.2). Reads no socket."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

from publisher.errors import one_line

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.S)
_LONGEST_LINE = 8192
_MOST_LINES = 128
_SHORT = 512
"""Octets of a line that is worth remembering (RFC 5321, 4.5.3.1.5 allows no more)."""


class Lost(Exception):  # noqa: N818 - it is what happened, and no error of the family: it never leaves the provider
    """The connection is of no more use. `closed`: the peer closed it in an orderly way. `code`: it said 421."""

    def __init__(self, text: str, *, closed: bool = False, code: int | None = None) -> None:
        super().__init__(text)
        self.text = one_line(text)
        self.closed = closed
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's whole reply, its lines joined by spaces."""

    code: int
    text: str
    lines: tuple[str, ...] = ()
    """As they came, for the extensions that EHLO lists."""

    @property
    def done(self) -> bool:
        """2xx."""
        return self.code // 100 == 2

    @property
    def refused_for_now(self) -> bool:
        """4xx."""
        return self.code // 100 == 4

    @property
    def refused(self) -> bool:
        """5xx."""
        return self.code // 100 == 5

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ReplyReader:
    """Bytes in, whole replies out. `replies` holds those that nobody has taken yet, oldest first."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self._rest = b""
        self._code = 0
        self._lines: list[str] = []

    @property
    def silent(self) -> bool:
        """Whether nothing is there, not even half a line."""
        return not (self.replies or self._rest or self._lines)

    def feed(self, data: bytes) -> None:
        """Take in what has arrived.

        Raises:
            Lost: this is no SMTP; replies that came before it stand.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.rstrip(b"\r"))
        if len(self._rest) > _LONGEST_LINE:
            raise Lost("the server's reply is no line")

    def _line(self, line: bytes) -> None:
        if not self._lines and len(line) <= _SHORT and (reply := _whole(line)):
            self.replies.append(reply)
            return
        match = _LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
        code = int(match[1]) if match else 0
        if match is None or (self._lines and code != self._code):
            raise Lost("the server does not speak SMTP")
        self._code = code
        self._lines.append((match[3] or b"").decode(errors="replace"))
        if match[2] != b"-":
            lines = tuple(self._lines)
            self._lines.clear()
            self.replies.append(Reply(code, one_line(" ".join(lines)), lines))
        elif len(self._lines) >= _MOST_LINES:
            raise Lost("the server's reply does not end")


@lru_cache(maxsize=256)
def _whole(line: bytes) -> Reply | None:
    """The reply that is this one line; None when more lines follow, or it is none. Servers repeat themselves."""
    match = _LINE.fullmatch(line)
    if match is None or match[2] == b"-":
        return None
    text = (match[3] or b"").decode(errors="replace")
    return Reply(int(match[1]), one_line(text), (text,))
