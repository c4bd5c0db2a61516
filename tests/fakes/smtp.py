"""A mail server on 127.0.0.1 that misbehaves by script, and counts what it has taken.

A message counts as received when its final dot was read, before any reply: that is when a server may deliver it.
What it then refuses in plain words it does not deliver.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from tests.fakes.listening import Listening


class Step(StrEnum):
    """Where in the dialogue a rule applies. BODY: before the final dot; DOT: after it."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"  # in place of the handshake
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"
    NOOP = "noop"
    QUIT = "quit"


CLOSE, RESET, HANG, STALL = "close", "reset", "hang", "stall"
"""STALL, for a body: read its first bytes only, then reset."""

DRIP, HALF, TRICKLE, ENDLESS = "drip", "half", "trickle", "endless"
"""The usual reply byte by byte; half of it, and then nothing; a line that goes on byte by byte and never ends; a
reply of more and more lines."""

WAIT = "wait"
"""The usual reply, once the server's `released` is set."""

TWICE, SWALLOW = "twice", "swallow"
"""Too many replies and too few: the usual one two times, or not at all, and on with the next command."""

FEATURES = ["SIZE 1000000", "8BITMIME", "PIPELINING"]
"""What a server offers unless it is told otherwise."""

_PACE_SECONDS = 0.002
"""Between two bytes of what never ends."""


@dataclass
class Rule:
    """At `step`, for a recipient that contains `recipient`, do `act` instead: a reply, or one of the acts above.

    It lets `after` chances go by, and then applies `times` times; None is always.
    """

    step: Step
    act: str
    recipient: str = ""
    times: int | None = None
    after: int = 0

    def take(self, step: Step, recipient: str) -> bool:
        if step is not self.step or self.recipient not in recipient or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class _GoneError(Exception):
    pass


class FakeSmtp(Listening):
    """The server; a context manager. `received` is (recipient, message as it was before dot-stuffing)."""

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        features: Sequence[str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        self.rules = list(rules)
        self.features = list(FEATURES if features is None else features)
        self.lenient = False
        """Whether it answers 354 to DATA though it has refused the recipient (RFC 2920, 3.1)."""
        self.most_connections = 0
        """At a time; one more is turned away with 421. 0: any number."""
        self.fault = ""
        """How it misunderstands PIPELINING: "deaf" loses what came with a command, "doubled" answers it twice,
        "crossed" answers the last first."""
        self.released = threading.Event()
        self.received: list[tuple[str, bytes]] = []
        self.commands: list[str] = []
        self._tls = tls
        self._silences = 0
        self.fallen_silent = 0
        """How often it has begun to owe a reply."""
        self._counting = threading.Lock()

    @property
    def recipients(self) -> list[str]:
        """Who has been mailed, in order, once for each message."""
        return [recipient for recipient, _ in list(self.received)]

    @property
    def silences(self) -> int:
        """How many of its connections wait for a reply that will not come."""
        return self._silences

    @property
    def silent(self) -> bool:
        """Whether it owes somebody a reply that will not come: time may pass quickly for whoever waits."""
        return self._silences > 0

    def hang_up(self) -> None:
        """Close every connection in an orderly way, whatever is going on."""
        for connection in list(self._open):
            connection.shutdown(socket.SHUT_RDWR)

    def speak_up(self, text: bytes) -> None:
        """Say something on every connection that nobody has asked for."""
        for connection in list(self._open):
            connection.sendall(text)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """For its block a reply is owed."""
        with self._counting:
            self._silences += 1
            self.fallen_silent += 1
        try:
            yield
        finally:
            with self._counting:
                self._silences -= 1

    def _serve(self, connection: socket.socket) -> None:
        session = _Session(self, connection)
        try:
            session.run()
        except (_GoneError, OSError):
            pass  # as scripted, or the client went
        finally:
            session.close()


class _Session:
    def __init__(self, server: FakeSmtp, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server = server
        self._connection = connection
        self._lines: BinaryIO = connection.makefile("rb")
        self._recipient = ""
        self._welcome = False
        self._secure = False
        self._owes = False
        """Whether a reply was left out: from then on the client may wait for one whenever we wait for it."""

    def close(self) -> None:
        """Whatever happened."""
        self._server._open.discard(self._connection)
        self._lines.close()
        self._connection.close()

    def run(self) -> None:
        if 0 < self._server.most_connections < len(self._server._open):
            self._say("421 4.7.0 too many connections")
            return
        self._answer(Step.CONNECT, "220 fake ready")
        while line := self._line():
            command = line.decode(errors="replace").strip()
            self._server.commands.append(command)
            if self._misunderstands(command):
                continue
            verb = command.split(" ")[0].split(":")[0].upper()
            if verb in _PLAIN:
                step, reply = _PLAIN[verb]
                self._answer(step, reply)
            elif verb == "EHLO":
                features = ["250-fake", *(f"250-{feature}" for feature in self._features()), "250 HELP"]
                self._answer(Step.EHLO, "\r\n".join(features))
            elif verb == "STARTTLS":
                if self._answer(Step.STARTTLS, "220 2.0.0 go ahead"):
                    self._start_tls()
            elif verb == "MAIL":
                self._recipient, self._welcome = "", False
                self._answer(Step.MAIL, "250 2.1.0 sender ok")
            elif verb == "RCPT":
                self._recipient = command.partition("<")[2].partition(">")[0]
                self._welcome = self._answer(Step.RCPT, "250 2.1.5 recipient ok")
            elif verb == "DATA":
                self._data()
            elif verb == "QUIT":
                self._answer(Step.QUIT, "221 2.0.0 bye")
                return
            else:
                self._say(_OTHER.get(verb, "502 5.5.1 not known"))

    def _features(self) -> Sequence[str]:
        offered = self._server._tls is not None and not self._secure
        return [*self._server.features, *(["STARTTLS"] if offered else [])]

    def _start_tls(self) -> None:
        assert self._server._tls is not None
        act = self._rule(Step.TLS)
        if act is not None:
            self._act(act, "")  # what is not over now has spoken in clear, and the handshake fails
        self._lines.close()
        plain = self._connection
        with self._server.silence() if self._owes else nullcontext():
            self._connection = self._server._tls.wrap_socket(plain, server_side=True)
        self._server._open.remove(plain)  # which is an empty shell now
        self._server._open.add(self._connection)
        self._lines = self._connection.makefile("rb")
        self._secure = True

    def _misunderstands(self, command: str) -> bool:
        """What came in the same segment as a command of the envelope is lost, or answered wrongly."""
        if not (self._server.fault and command.startswith("MAIL")):
            return False
        self._connection.settimeout(0)
        peeked = b""
        with suppress(BlockingIOError):
            peeked = self._lines.peek(1)  # type: ignore[attr-defined]
        self._connection.settimeout(None)
        if peeked and self._server.fault == "deaf":
            self._lines.read(len(peeked))
            self._owes = True
        elif peeked and self._server.fault == "doubled":
            self._say("250 2.0.0 once more")
        elif peeked and self._server.fault == "crossed":
            self._lines.read(len(peeked))
            self._say("354 go on\r\n250 2.1.5 recipient ok\r\n250 2.1.0 sender ok")
            return True
        return False

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
        if early is not None:
            # One segment with the reply and what follows: the client cannot outrun it.
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            self._say("354 go on")
            self._act(early, "250 2.0.0 taken before it came")
            self._uncork()
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
        act = self._rule(Step.DOT)
        if act is None or act[:1] not in ("4", "5"):
            self._server.received.append((self._recipient, b"".join(lines)))
        self._carry_out(act, "250 2.0.0 taken as 4711")

    def _answer(self, step: Step, reply: str) -> bool:
        """Say what the script says at this step; whether the usual was said, in whatever way."""
        return self._carry_out(self._rule(step), reply)

    def _carry_out(self, act: str | None, reply: str) -> bool:
        if act is None:
            self._say(reply)
        else:
            self._act(act, reply)
        return act in (None, WAIT, DRIP, TWICE, SWALLOW)

    def _rule(self, step: Step) -> str | None:
        return next((rule.act for rule in self._server.rules if rule.take(step, self._recipient)), None)

    def _act(self, act: str, reply: str) -> None:
        """One of the acts, in place of a reply; any other text is said as it is."""
        if act in _ACTS:
            _ACTS[act](self, reply)
        else:
            self._say(act)

    def _do(self, act: str) -> None:
        if act == RESET:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _GoneError

    def _hang(self) -> None:
        """Say nothing more, and read nothing, until the client has left."""
        self._uncork()
        with self._server.silence():
            self._left(None)
        raise _GoneError

    def _uncork(self) -> None:
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    def _wait(self, reply: str) -> None:
        with self._server.silence():
            self._server.released.wait(60)
        self._say(reply)

    def _half(self, reply: str) -> None:
        self._send(reply.encode()[: len(reply) // 2])
        self._hang()

    def _drip(self, reply: str) -> None:
        for byte in reply.encode() + b"\r\n":
            self._send(bytes([byte]))

    def _trickle(self, reply: str) -> None:
        self._send(f"{reply[:3]} ".encode())
        self._uncork()
        with self._server.silence():
            while not self._left(_PACE_SECONDS):
                self._send(b"x")
        raise _GoneError

    def _endless(self, reply: str) -> None:
        while not self._left(0):
            self._say(f"{reply[:3]}-and more")
        raise _GoneError

    def _left(self, seconds: float | None) -> bool:
        """Whether the client has closed, within so many seconds."""
        poll = select.poll()
        poll.register(self._connection, select.POLLRDHUP)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def _line(self) -> bytes:
        if not self._owes:
            return self._lines.readline()
        with self._server.silence():
            return self._lines.readline()

    def _swallow(self, _reply: str) -> None:
        self._owes = True

    def _say(self, text: str) -> None:
        self._send(text.encode() + b"\r\n")

    def _send(self, data: bytes) -> None:
        self._connection.sendall(data)


_PLAIN = {
    "AUTH": (Step.AUTH, "235 2.7.0 welcome"),
    "RSET": (Step.RSET, "250 2.0.0 forgotten"),
    "NOOP": (Step.NOOP, "250 2.0.0 here"),
}
_OTHER = {"HELO": "250 fake", "": "535 5.7.8 not welcome"}

_ACTS: Mapping[str, Callable[[_Session, str], None]] = {
    CLOSE: lambda session, _: session._do(CLOSE),
    RESET: lambda session, _: session._do(RESET),
    HANG: lambda session, _: session._hang(),
    WAIT: _Session._wait,
    DRIP: _Session._drip,
    HALF: _Session._half,
    TRICKLE: _Session._trickle,
    ENDLESS: _Session._endless,
    TWICE: lambda session, reply: session._say(f"{reply}\r\n{reply}"),
    SWALLOW: _Session._swallow,
}
