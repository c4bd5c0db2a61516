"""One connection to a mail server: bytes out, with their place in the stream, and replies in.

TLS runs in memory here and not in the transport, so that the place of the final dot is known to the byte in the
stream that the kernel sees: `tcp` then tells what a lost connection proves.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Sequence
from math import inf
from socket import socket
from typing import Any, cast

from publisher.errors import ProviderError
from publisher.providers import tcp
from publisher.providers.smtp_replies import Lost, Reply, ReplyReader

_CHUNK = 65536


class Wire(asyncio.Protocol):
    """A connection. Whoever waits for a reply gets it, or Lost.

    `deadline` is the moment (of the loop's clock) when the present wait is over; `watch` keeps it.

    Args:
        loop: this process's.
        clean: takes our secrets out of the server's words, before anybody hears them: some repeat what they were
            told, and not only while we log in.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clean: Callable[[str], str] = str) -> None:
        self._clean = clean
        self.lost: Lost | None = None
        self.deadline = inf
        self.own_address = ""
        self.held = False
        """Whether some of what was said has not even been given to the system."""
        self._lost_while_held = False
        self._dot_is_last = True
        self._heard_at = loop.time()
        self._loop = loop
        self._reader = ReplyReader()
        self._waiter: asyncio.Future[None] | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._shaking = False
        self._written = 0
        self._acknowledged: int | None = None

    # --- what asyncio calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        self.own_address = str(transport.get_extra_info("sockname")[0])
        # A descriptor of our own: the transport closes its before it tells of a loss. asyncio has set TCP_NODELAY.
        self._socket = socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        self._base = tcp.acknowledged(self._socket)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        try:
            if self._tls is not None:
                self._incoming.write(data)
                if self._shaking:
                    return
                data = self._decrypted(self._tls)
            self._reader.feed(data)
        except Lost as lost:
            self.fail(lost)
        except ssl.SSLError as error:
            self.fail(Lost(f"TLS broke: {error.reason or error}"))
        finally:
            self._wake()

    def eof_received(self) -> None:
        """See `asyncio.Protocol`: the peer has closed, and the kernel knows up to where it had read."""
        self._acknowledged = tcp.acknowledged(self._socket)
        self._lose(Lost("the server closed the connection", closed=True))

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        # EPIPE: reset after the peer had closed. Any other reset proves nothing about what it had read.
        closed = isinstance(exc, BrokenPipeError)
        if closed and self.lost is None:
            self._acknowledged = tcp.acknowledged(self._socket)
        self._socket.close()
        self._lose(
            Lost(f"the connection broke: {getattr(exc, 'strerror', None) or exc or 'closed'}", closed=closed)
        )

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`: the system's buffer is full."""
        self.held = True

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`: the system has everything now."""
        self.held = False

    # --- what the conversation calls -------------------------------------------------------------------------

    @property
    def idle(self) -> float:
        """Seconds since the server last answered."""
        return self._loop.time() - self._heard_at

    @property
    def silent(self) -> bool:
        """Whether the server has said nothing that was not asked for, and is still there."""
        return self.lost is None and self._reader.silent

    def say(self, *pieces: bytes) -> None:
        """Send bytes, all in one write. Never waits; after a loss it does nothing, and the next `hear` tells."""
        if self.lost is not None:
            return
        if self._tls is not None:
            pieces = (self._encrypted(self._tls, b"".join(pieces)),)
        self._written += sum(map(len, pieces))
        self._transport.writelines(pieces)

    def say_body(self, body: Sequence[bytes], ahead: bytes = b"") -> int | None:
        """Send a message with its final dot, and what follows it.

        Returns:
            The place of the dot's end in the stream, for `proves_unread`; None when this system does not count.
        """
        if self._tls is not None or not ahead:
            self.say(*body)
            place = self._written
            if ahead:
                self.say(ahead)
        else:
            place = self._written + sum(map(len, body))
            self.say(*body, ahead)
        self._dot_is_last = not ahead
        return None if self._base is None else self._base + place

    async def hear(self, patience: float) -> Reply:
        """The next reply, waited for so many seconds.

        Raises:
            Lost: there is none, or it says that the server is leaving (421).
        """
        replies = self._reader.replies
        if not replies:
            await self._more(patience)
        if not replies:
            raise self.lost or Lost("the connection broke")
        reply = replies.popleft()
        self._heard_at = self._loop.time()
        if (cleaned := self._clean(reply.text)) != reply.text:
            reply = Reply(reply.code, cleaned, reply.lines)
        if reply.code == 421:
            raise Lost(str(reply), code=421)
        return reply

    async def start_tls(self, context: ssl.SSLContext, host: str, patience: float) -> None:
        """Turn the connection into a verified TLS one.

        Raises:
            ProviderError: the certificate does not hold.
            Lost: the handshake broke off, or somebody spoke before it (RFC 3207, 5).
        """
        if not self._reader.silent:
            raise Lost("the server spoke before TLS began")
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._shaking = True
        try:
            while not self._shaken(self._tls):
                await self._more(patience)
                if self.lost is not None:
                    raise self.lost
        except ssl.SSLCertVerificationError as error:
            raise ProviderError(
                f"the certificate of {host} cannot be trusted: {error.verify_message}",
                remedy="Write the name in its certificate as host, or its authority's file as ca_file",
                permanent=True,
            ) from error
        except ssl.SSLError as error:
            raise Lost(f"TLS failed: {error.reason or error}") from error
        self._shaking = False
        self.data_received(b"")  # what came in the last packet of the handshake

    def proves_unread(self, place: int | None) -> bool:
        """Whether the peer provably never had the byte before `place`, the final dot.

        Either it never left this process, or the peer has closed in an orderly way before it came: see `tcp`.
        """
        if self._lost_while_held and self._dot_is_last:
            return True
        return place is not None and self._acknowledged is not None and self._acknowledged < place

    def fail(self, lost: Lost) -> None:
        """Give the connection up, and tell whoever waits."""
        self._lose(lost)
        self._transport.abort()

    def close(self) -> None:
        """Leave; what was said before still goes out."""
        self._lose(Lost("the connection was closed"))
        self._transport.close()

    # --- inside ----------------------------------------------------------------------------------------------

    async def _more(self, patience: float) -> None:
        """Wait until something has happened."""
        if self.lost is not None:
            return
        self._waiter = self._loop.create_future()
        self.deadline = self._loop.time() + patience
        try:
            await self._waiter
        finally:
            self._waiter, self.deadline = None, inf

    def _lose(self, lost: Lost) -> None:
        if self.lost is None:
            self.lost, self._lost_while_held = lost, self.held
        self._wake(now=True)

    def _wake(self, *, now: bool = False) -> None:
        if self._waiter is not None and not self._waiter.done() and (now or self._shaking or self._reader.replies):
            self._waiter.set_result(None)

    def _shaken(self, tls: ssl.SSLObject) -> bool:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._flush()
        return True

    def _decrypted(self, tls: ssl.SSLObject) -> bytes:
        plain = b""
        try:
            while data := tls.read(_CHUNK):
                plain += data
        except ssl.SSLWantReadError:
            pass  # the rest of a record is on its way
        except ssl.SSLZeroReturnError:
            pass  # the end of TLS; the end of the connection follows
        self._flush()
        return plain

    def _encrypted(self, tls: ssl.SSLObject, data: bytes) -> bytes:
        left: Any = memoryview(data)
        while left:
            left = left[tls.write(left) :]
        return self._outgoing.read()

    def _flush(self) -> None:
        """What TLS itself has to say: handshakes, new keys."""
        if data := self._outgoing.read():
            self._written += len(data)
            self._transport.write(data)
