"""A mail server on 127.0.0.1 that misbehaves by script, and counts what it has taken.

A message counts as received when its final dot was read, before any reply: that is when a server may deliver it.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tests.fakes.listening import Listening


class Step(StrEnum):
    """Where in the dialogue a rule applies. BODY: before the final dot; DOT: after it."""

    CONNECT = "connect"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"
    NOOP = "noop"


CLOSE, RESET, HANG, STALL = "close", "reset", "hang", "stall"
"""STALL, for a body: read its first bytes only, then reset."""

FEATURES = ["SIZE 1000000", "8BITMIME", "PIPELINING"]
"""What a server offers unless it is told otherwise."""


@dataclass
class Rule:
    """At `step`, for a recipient that contains `recipient`, do `act` instead: a reply, or CLOSE, RESET, HANG.

    It applies `times` times; None is always.
    """

    step: Step
    act: str
    recipient: str = ""
    times: int | None = None

    def take(self, step: Step, recipient: str) -> bool:
        if step is not self.step or self.recipient not in recipient or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class _GoneError(Exception):
    pass


class FakeSmtp(Listening):
    """The server; a context manager. `received` is (recipient, message as it was before dot-stuffing)."""

    def __init__(self, rules: Sequence[Rule] = (), features: Sequence[str] | None = None) -> None:
        super().__init__()
        self.rules = list(rules)
        self.features = list(FEATURES if features is None else features)
        self.lenient = False
        """Whether it answers 354 to DATA though it has refused the recipient (RFC 2920, 3.1)."""
        self.most_connections = 0
        """At a time; one more is turned away with 421. 0: any number."""
        self.fault = ""
        """How it misunderstands PIPELINING: "deaf" loses what came with a command, "doubled" answers it twice."""
        self.received: list[tuple[str, bytes]] = []
        self.commands: list[str] = []

    @property
    def recipients(self) -> list[str]:
        """Who has been mailed, in order, once for each message."""
        return [recipient for recipient, _ in list(self.received)]

    def hang_up(self) -> None:
        """Close every connection in an orderly way, whatever is going on."""
        for connection in list(self._open):
            connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                _Session(self, connection, lines).run()
        except (_GoneError, OSError):
            pass  # as scripted, or the client went
        finally:
            self._open.discard(connection)


class _Session:
    def __init__(self, server: FakeSmtp, connection: socket.socket, lines: object) -> None:
        self._server = server
        self._connection = connection
        self._lines = lines
        self._recipient = ""
        self._welcome = False

    def run(self) -> None:
        if 0 < self._server.most_connections < len(self._server._open):
            self._say("421 4.7.0 too many connections")
            return
        self._answer(Step.CONNECT, "220 fake ready")
        while line := self._line():
            command = line.decode(errors="replace").strip()
            if self._server.fault:
                self._misunderstand(command)
            self._server.commands.append(command)
            verb = command.split(" ")[0].split(":")[0].upper()
            if verb == "EHLO":
                features = ["250-fake", *(f"250-{feature}" for feature in self._server.features), "250 HELP"]
                self._answer(Step.EHLO, "\r\n".join(features))
            elif verb == "HELO":
                self._say("250 fake")
            elif verb == "AUTH":
                self._answer(Step.AUTH, "235 2.7.0 welcome")
            elif verb == "":
                self._say("535 5.7.8 not welcome")
            elif verb == "MAIL":
                self._recipient, self._welcome = "", False
                self._answer(Step.MAIL, "250 2.1.0 sender ok")
            elif verb == "RCPT":
                self._recipient = command.partition("<")[2].partition(">")[0]
                self._welcome = self._answer(Step.RCPT, "250 2.1.5 recipient ok")
            elif verb == "DATA":
                self._data()
            elif verb == "RSET":
                self._answer(Step.RSET, "250 2.0.0 forgotten")
            elif verb == "NOOP":
                self._answer(Step.NOOP, "250 2.0.0 here")
            elif verb == "QUIT":
                self._say("221 2.0.0 bye")
                return
            else:
                self._say("502 5.5.1 not known")

    def _misunderstand(self, command: str) -> None:
        """What came in the same segment as a command of the envelope is lost, or answered twice."""
        if not command.startswith("MAIL"):
            return
        self._connection.settimeout(0)
        with suppress(BlockingIOError):
            peeked = self._lines.peek(1)  # type: ignore[attr-defined]
            if peeked and self._server.fault == "deaf":
                self._lines.read(len(peeked))  # type: ignore[attr-defined]
            elif peeked:
                self._connection.settimeout(None)
                self._say("250 2.0.0 once more")
        self._connection.settimeout(None)

    def _data(self) -> None:
        if not self._welcome and not self._server.lenient:
            self._say("554 5.5.1 no valid recipients")
            return
        early = self._rule(Step.BODY)
        if early == STALL:
            self._say("354 go on")
            self._line()
            time.sleep(0.2)  # until its buffers are full, and ours
            self._do(RESET)
        if early in (CLOSE, RESET):
            # One segment with the reply and the close: the client cannot outrun it.
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            self._say("354 go on")
            self._do(early)
        if early is not None:
            self._say(f"354 go on\r\n{early}")
            return
        if not self._answer(Step.DATA, "354 go on"):
            return
        lines = []
        while (line := self._line()) != b".\r\n":
            if not line:
                raise _GoneError
            lines.append(line[1:] if line.startswith(b".") else line)
        if not self._welcome:
            self._say("554 5.5.1 no valid recipients")
            return
        self._server.received.append((self._recipient, b"".join(lines)))
        self._answer(Step.DOT, "250 2.0.0 taken as 4711")

    def _answer(self, step: Step, reply: str) -> bool:
        """Say what the script says at this step; whether that is the usual."""
        act = self._rule(step)
        if act in (CLOSE, RESET, HANG):
            self._do(act)
        self._say(reply if act is None else act)
        return act is None

    def _rule(self, step: Step) -> str | None:
        return next((rule.act for rule in self._server.rules if rule.take(step, self._recipient)), None)

    def _do(self, act: str) -> None:
        if act == HANG:
            self._server._over.wait()
        if act == RESET:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _GoneError

    def _line(self) -> bytes:
        line: bytes = self._lines.readline()  # type: ignore[attr-defined]
        return line

    def _say(self, text: str) -> None:
        self._connection.sendall(text.encode() + b"\r\n")
