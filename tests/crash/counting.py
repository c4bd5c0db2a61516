"""A mail server in a process of its own that nobody kills: it writes down what it takes before it says so.

    python -m tests.crash.counting BOOK SEED

It prints its port. Each line of its standard input has two numbers: the seconds that it takes over a message from
now on, on average, and the mails after which it takes WEARY times as long (0: never). So a mailing lasts for its
kills, however long the machine needs to begin the next processes. It ends with its standard input.

*Received* is strict here: a message counts from the moment its final dot was read, before any answer, and also
when nobody is there any more to hear one. That is when a real server has taken it over and may deliver it.

A line of the book: what happened, the recipient, and for what was taken the Message-ID and the header's recipient.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import sys
from collections.abc import Iterator
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import BinaryIO

from tests.fakes.listening import Listening

ODDS = 1 / 300
"""Of each of the server's own bad moments, for each message."""

WEARY = 20
LONGEST_PAUSE = 2.0

PLACES = ("mail", "data", "body", "book", "answer")
"""Where it takes its time over a message: before the answer to MAIL, before 354, before it reads the body, before
it writes it down, before 250. A process that is killed meanwhile leaves a message in each of these states."""


class Entry(StrEnum):
    """What stands in the book. The last three: bad moments."""

    TAKEN = "taken"
    SILENT = "silent"
    """Taken, and the connection closed or reset without an answer."""
    DROPPED = "dropped"
    """The connection closed before the body: not taken, and provably so."""
    REFUSED = "refused"
    """451 for a recipient, once."""


class _GoneError(Exception):
    pass


class CountingServer(Listening):
    """Takes mail, one recipient a message.

    Args:
        book: a file that is made.
        seed: of its bad moments.
    """

    def __init__(self, book: Path, seed: str) -> None:
        super().__init__()
        self._pace, self._begun, self._plenty = 0.0, 0, inf
        self.chance = random.Random(seed)
        self._book = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._refused: set[str] = set()

    def set_pace(self, seconds: float, mails: int) -> None:
        """Take so long over a message, and WEARY times as long after so many of them."""
        self._pace, self._plenty = seconds, self._begun + mails if mails else inf

    def pause(self) -> float:
        """How long the next message takes."""
        self._begun += 1
        pace = self._pace * (WEARY if self._begun > self._plenty else 1)
        return self.chance.expovariate(1 / pace) if pace else 0.0

    def write(self, *entries: tuple[str, ...]) -> None:
        """Write down, before anything else happens."""
        os.write(self._book, "".join("\t".join(entry) + "\n" for entry in entries).encode())

    def mood(self) -> bool:
        """Whether this is one of the bad moments."""
        return self.chance.random() < ODDS

    def refuses(self, recipient: str) -> bool:
        """Whether a recipient has to come again; nobody twice."""
        if recipient in self._refused or not self.mood():
            return False
        self._refused.add(recipient)
        return True

    def wait(self, seconds: float) -> None:
        """Let time pass, unless everything is over."""
        self._over.wait(min(seconds, LONGEST_PAUSE))

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _Dialogue(self, connection, lines).run()
        except (_GoneError, OSError):
            pass  # on purpose, or the client was killed
        finally:
            self._open.discard(connection)


class _Dialogue:
    def __init__(self, server: CountingServer, connection: socket.socket, lines: BinaryIO) -> None:
        self._server = server
        self._connection = connection
        self._lines = lines
        self._recipient = ""
        self._place, self._pause = "", 0.0

    def run(self) -> None:
        self._say("220 counting")
        answers = {b"MAIL": self._mail, b"RCPT": self._rcpt, b"DATA": self._data, b"QUIT": self._quit}
        while line := self._lines.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self._say("250-counting\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000000")
            elif verb in answers:
                answers[verb](line)
            else:
                self._say("250 2.0.0 fine")

    def _mail(self, _: bytes) -> None:
        self._recipient = ""
        self._place, self._pause = self._server.chance.choice(PLACES), self._server.pause()
        self._linger("mail")
        if self._server.mood():
            self._say("421 4.3.2 later, please")
            raise _GoneError
        self._say("250 2.1.0 fine")

    def _rcpt(self, line: bytes) -> None:
        recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        if self._server.refuses(recipient):
            self._server.write((Entry.REFUSED, recipient))
            self._say("451 4.7.1 come again")
            return
        self._recipient = recipient
        self._say("250 2.1.5 fine")

    def _data(self, _: bytes) -> None:
        if not self._recipient:
            self._say("554 5.5.1 no valid recipients")
            return
        self._linger("data")
        if self._server.mood():
            self._server.write((Entry.DROPPED, self._recipient))
            # One segment with the reply and the close. A body that came in between would make it a reset, and a
            # reset proves nothing: uncertain would be right.
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            self._say("354 go on")
            raise _GoneError
        self._say("354 go on")
        self._linger("body")
        head = dict(self._headers())
        while (line := self._lines.readline()) != b".\r\n":
            if not line:
                raise _GoneError
        self._linger("book")
        taken = (Entry.TAKEN, self._recipient, head.get("message-id", ""), head.get("to", ""))
        if self._server.mood():
            self._server.write(taken, (Entry.SILENT, self._recipient))
            if self._server.chance.random() < 0.5:
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _GoneError
        self._server.write(taken)
        self._linger("answer")
        self._say("250 2.0.0 taken")

    def _headers(self) -> Iterator[tuple[str, str]]:
        while (line := self._lines.readline()) != b"\r\n":
            if not line:
                raise _GoneError
            name, _, value = line.decode("latin-1").partition(":")
            yield name.lower(), value.strip()

    def _quit(self, _: bytes) -> None:
        self._say("221 2.0.0 bye")
        raise _GoneError

    def _linger(self, place: str) -> None:
        if place == self._place and self._pause:
            self._server.wait(self._pause)

    def _say(self, text: str) -> None:
        self._connection.sendall(text.encode() + b"\r\n")


def main() -> None:
    """Serve until standard input ends."""
    with CountingServer(Path(sys.argv[1]), sys.argv[2]) as server:
        print(server.port, flush=True)
        for line in sys.stdin:
            seconds, mails = line.split()
            server.set_pace(float(seconds), int(mails))


if __name__ == "__main__":
    main()
