"""One SMTP connection: replies, extensions, TLS and login (RFC 5321, 3207, 4954). Knows nothing of deliveries."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from publisher.errors import ProviderError, one_line

POLL_SECONDS = 0.5
"""How often a wait asks whether to stop."""

GRACE_SECONDS = 8.0
"""How long an answer is still waited for after that."""

_REPLY = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.S)
_LONGEST_LINE = 8192
_MOST_LINES = 128


class Lost(Exception):  # noqa: N818 - it is what happened, and no error of the family: it never leaves the provider
    """The connection is of no more use. `closed`: the peer closed it in an orderly way. `code`: it said 421."""

    def __init__(self, text: str, *, closed: bool = False, code: int | None = None) -> None:
        super().__init__(text)
        self.text = one_line(text)
        self.closed = closed
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's whole reply."""

    code: int
    text: str

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


class Dialogue:
    """Commands and replies over one connection, in turns.

    Args:
        connection: connected; belongs to the dialogue now.
        timeout: seconds to wait for a reply, or for the peer to take what is sent.
        stop: whether to hurry; then replies are waited for GRACE_SECONDS at most.

    Every method raises Lost when the connection breaks, the peer talks nonsense, or says 421.
    """

    def __init__(self, connection: socket.socket, timeout: float, stop: Callable[[], bool]) -> None:
        self.socket = connection
        self.features: dict[str, str] = {}
        self._timeout = timeout
        self._stop = stop
        self._buffer = bytearray()

    def hear(self, timeout: float | None = None) -> Reply:
        """The next reply; `timeout` instead of the usual one."""
        code, lines = self._hear_lines(self._timeout if timeout is None else timeout)
        reply = Reply(code, one_line(" ".join(lines)))
        if code == 421:
            raise Lost(str(reply), code=code)
        return reply

    def say(self, data: bytes) -> None:
        """Send bytes as they are. Raises Lost only when they were not all given to the system."""
        try:
            self.socket.settimeout(self._timeout)
            self.socket.sendall(data)
        except OSError as error:
            raise Lost(f"sending broke off: {error.strerror or error}") from error

    def ask(self, command: str) -> Reply:
        """One command, one reply."""
        self.say(command.encode() + b"\r\n")
        return self.hear()

    def interrupted(self) -> bool:
        """Whether the server has spoken out of turn; raises Lost when it has closed. Never waits."""
        if self._buffer:
            return True
        try:
            self.socket.settimeout(0)
            data = self.socket.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError as error:
            raise _broken(error) from error
        if not data:
            raise Lost("the server closed the connection", closed=True)
        self._buffer += data
        return True

    def greet(self, name: str) -> None:
        """EHLO; for a server that does not know it, HELO. Learns the extensions."""
        self.features = {}
        self.say(f"EHLO {name}\r\n".encode())
        code, lines = self._hear_lines(self._timeout)
        if code // 100 != 2:
            lines = []
            reply = self.ask(f"HELO {name}")
            if not reply.done:
                raise Lost(f"the server refuses our greeting: {reply}", code=reply.code)
        for line in lines[1:]:
            keyword, _, value = line.strip().partition(" ")
            self.features[keyword.upper()] = value.strip()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Turn the connection into a verified TLS one; extensions have to be learnt again (RFC 3207, 4.2).

        Raises:
            ProviderError: the certificate does not hold.
        """
        if self._buffer:
            raise Lost("the server spoke before TLS began")  # injected by somebody in between, perhaps
        self.socket.settimeout(self._timeout)
        self.socket = secure(self.socket, context, host)

    def log_in(self, user: str, password: str) -> Reply:
        """AUTH PLAIN, or LOGIN where only that is offered.

        Raises:
            ProviderError: the server offers neither.
        """
        offered = self.features.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            return self.ask("AUTH PLAIN " + _base64(f"\0{user}\0{password}"))
        if "LOGIN" not in offered:
            raise ProviderError(
                f"the server offers no login that we know (AUTH: {' '.join(offered) or 'nothing'})",
                remedy="Leave user and password out of [provider], or use the port for submission, with TLS",
                permanent=True,
            )
        reply = self.ask("AUTH LOGIN")
        for answer in (user, password):
            if reply.code != 334:
                return reply
            reply = self.ask(_base64(answer))
        return reply

    def close(self) -> None:
        """Leave without a word."""
        self.socket.close()

    def _hear_lines(self, timeout: float) -> tuple[int, list[str]]:
        deadline = time.monotonic() + timeout
        codes: set[int] = set()
        lines: list[str] = []
        while len(lines) < _MOST_LINES:
            match = _REPLY.fullmatch(self._line(deadline))
            codes.add(int(match[1]) if match else 0)
            if match is None or len(codes) > 1:
                raise Lost("the server does not speak SMTP")
            lines.append((match[3] or b"").decode(errors="replace"))
            if match[2] != b"-":
                return codes.pop(), lines
        raise Lost("the server's reply does not end")

    def _line(self, deadline: float) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise Lost("the server's reply is no line")
            self._buffer += self._receive(deadline)
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _receive(self, deadline: float) -> bytes:
        hurried = False
        while (left := deadline - time.monotonic()) > 0:
            if not hurried and self._stop():
                hurried, deadline = True, min(deadline, time.monotonic() + GRACE_SECONDS)
            try:
                self.socket.settimeout(min(POLL_SECONDS, left))
                data = self.socket.recv(4096)
            except TimeoutError:
                continue
            except OSError as error:
                raise _broken(error) from error
            if data:
                return data
            raise Lost("the server closed the connection", closed=True)
        raise Lost("no answer in time")


def secure(connection: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """TLS on a connection, with the certificate verified for `host`.

    Raises:
        ProviderError: the certificate does not hold.
        Lost: the handshake broke off.
    """
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise ProviderError(
            f"the certificate of {host} cannot be trusted: {error.verify_message}",
            remedy="Write the name in its certificate as host, or its authority's file as ca_file",
            permanent=True,
        ) from error
    except OSError as error:
        raise Lost(f"TLS failed: {error.strerror or error}") from error


def _broken(error: OSError) -> Lost:
    # EPIPE: reset after the peer had closed. Any other reset, or a TLS alert, proves nothing about what it read.
    return Lost(f"the connection broke: {error.strerror or error}", closed=isinstance(error, BrokenPipeError))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
