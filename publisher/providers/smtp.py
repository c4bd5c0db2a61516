"""The `smtp` provider: any mail server, several connections at once, one recipient a message (RFC 5321).

Each delivery ends in the server's own words. Lost before the final dot was read, as far as that can be proven (see
`tcp`), a message is tried again; lost after it and before the reply, it is uncertain.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf

import uvloop

from publisher.capabilities import Capabilities
from publisher.config import SmtpProvider
from publisher.errors import ProviderError, PublisherError
from publisher.ledger import Messages, Report
from publisher.providers.one_way import OneWay
from publisher.providers.smtp_channel import Channel
from publisher.providers.smtp_connect import Connection, Connector, tls_context
from publisher.providers.smtp_queue import Queue
from publisher.providers.smtp_replies import Lost
from publisher.providers.smtp_wire import Wire

FINAL_REPLY_SECONDS = 600.0
"""The reply to the final dot may take long (RFC 5321, 4.5.3.2.6), and giving up makes it uncertain."""

QUIT_SECONDS = 1.0
"""How long goodbyes may take."""

POLL_SECONDS = 0.25
"""How often a wait asks whether to stop, or whether it has been too long."""

CONNECT_TRIES = 3
"""How often a connection is tried, when there is no other, before the server is given up for this run."""

GRACE_SECONDS = 6.0
"""How long an answer is still waited for when the sender has to stop. The engine gives it nine in all."""

IDLE_SECONDS = 30.0
"""A connection that was idle for longer is asked whether it is still there."""

TRIPS = 2
"""Connections in a row that broke in a group of commands, after which PIPELINING is believed no longer."""

SHY_SECONDS = 60.0
"""How long a server that refused one more connection is not asked for more than it has."""


class Smtp(OneWay):
    """Hands messages to a mail server.

    Args:
        settings: `[provider]`, with `ca_file` made absolute.
        pause: waits so many seconds between two attempts to connect.
        patience: seconds to wait for the reply to a complete message.
    """

    idempotent = False
    capabilities = Capabilities()

    def __init__(
        self,
        settings: SmtpProvider,
        *,
        pause: Callable[[float], None] = time.sleep,
        patience: float = FINAL_REPLY_SECONDS,
    ) -> None:
        self.name = f"smtp:{settings.host}:{settings.port}"
        self._settings = settings
        self._pause = pause
        self._patience = patience
        self._connector = Connector(settings, tls_context(settings))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: list[Channel] = []
        self._busy = 0
        self._wires: set[Wire] = set()
        self._connecting: set[asyncio.Future[Connection]] = set()
        self._trips = 0
        self._shy_until = -inf

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        """See `mailings.ports.Provider`.

        Raises:
            ProviderError: no connection, no login, a certificate that does not hold, a server that refuses our
                sender, or closes again and again.
        """
        queue = Queue(messages, report, stop, self.name)
        if not len(messages) or queue.over():
            return
        if self._loop is None:
            self._loop = uvloop.new_event_loop()
        self._loop.run_until_complete(self._send(queue, len(messages)))
        if queue.error is not None:
            raise queue.error

    def close(self) -> None:
        """Say goodbye, when there are connections."""
        if self._loop is None:
            return
        self._loop.run_until_complete(self._quit())
        self._loop.close()
        self._loop = None

    # --- all connections -------------------------------------------------------------------------------------

    async def _send(self, queue: Queue, expected: int) -> None:
        watching = asyncio.ensure_future(self._watch(queue))
        try:
            first = await self._channel(queue)
            if first is not None:
                others = min(self._limit(), expected) - 1
                workers = [self._work(queue, first), *(self._work(queue) for _ in range(others))]
                await asyncio.gather(*workers, return_exceptions=True)
        except PublisherError as error:
            queue.fail(error)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    def _limit(self) -> int:
        """How many connections there may be just now."""
        shy = time.monotonic() < self._shy_until
        return max(1, self._busy + len(self._idle)) if shy else self._settings.connections

    async def _work(self, queue: Queue, channel: Channel | None = None) -> None:
        """Carry messages over one connection after the other, until there are none."""
        try:
            while (channel := channel or await self._channel(queue)) is not None:
                try:
                    await channel.carry(queue)
                finally:
                    self._done(channel)
                channel = None
                if not queue or queue.over():
                    return
        except BaseException as error:
            queue.fail(error)  # the other connections bring to an end what they have begun
            raise

    async def _channel(self, queue: Queue) -> Channel | None:
        """A connection to work with; None when there is no other, or it is time to stop.

        Raises:
            ProviderError: there is none at all.
        """
        channel = await self._waiting()
        if channel is None:
            connection = await self._connected(queue)
            if connection is None:
                return None
            channel = Channel(
                connection,
                self.name,
                timeout=self._settings.timeout.total_seconds(),
                patience=self._patience,
                pipelining=self._trips < TRIPS,
                most=self._settings.messages_per_connection,
            )
        self._busy += 1
        return channel

    async def _waiting(self) -> Channel | None:
        """A connection that is open already."""
        while self._idle:
            channel = self._idle.pop()
            fresh = channel.wire.idle < IDLE_SECONDS
            if channel.usable and (fresh or await channel.alive()):
                return channel
            self._drop(channel)
        return None

    async def _connected(self, queue: Queue) -> Connection | None:
        for attempt in range(1 if self._busy else CONNECT_TRIES):
            if (attempt and not self._wait(2.0**attempt, queue)) or queue.over():
                return None
            connecting = asyncio.ensure_future(self._connector.connect(self._wires))
            self._connecting.add(connecting)
            try:
                return await connecting
            except (Lost, OSError) as error:
                last = error
            except asyncio.CancelledError:
                return None  # by `_watch`: it is time to stop
            finally:
                self._connecting.discard(connecting)
        if self._busy or self._idle:  # another one may have done all the work meanwhile
            self._shy_until = time.monotonic() + SHY_SECONDS
            return None
        raise ProviderError(
            f"{self.name} cannot be reached: {last}",
            remedy="Look at host, port and security in [provider], and whether the server is up",
            provider=self.name,
        ) from last

    def _wait(self, seconds: float, queue: Queue) -> bool:
        """Let time pass while nothing else is going on; False when it is time to stop."""
        while seconds > 0 and not queue.over():
            self._pause(min(POLL_SECONDS, seconds))
            seconds -= POLL_SECONDS
        return not queue.halted

    def _done(self, channel: Channel) -> None:
        """A connection has come to a pause: kept when the next message may go that way."""
        self._busy -= 1
        if channel.broke_in_group:
            self._trips += 1
        elif channel.carried:
            self._trips = 0 if self._trips < TRIPS else self._trips
        if channel.usable:
            self._idle.append(channel)
        else:
            self._drop(channel)

    def _drop(self, channel: Channel) -> None:
        self._wires.discard(channel.wire)
        channel.leave()

    async def _watch(self, queue: Queue) -> None:
        """Nobody waits for ever: deadlines are kept, and brought forward when the sender has to stop."""
        loop = asyncio.get_running_loop()
        hurry = inf
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if hurry == inf and queue.over():
                hurry = loop.time() + GRACE_SECONDS
                for connecting in self._connecting:
                    connecting.cancel()
            for wire in list(self._wires):
                if loop.time() >= min(wire.deadline, hurry) and wire.deadline < inf:
                    wire.fail(Lost("no answer in time"))

    async def _quit(self) -> None:
        watching = asyncio.gather(*(channel.quit() for channel in self._idle))
        await asyncio.wait([watching], timeout=QUIT_SECONDS)
        for channel in self._idle:
            self._drop(channel)
        self._idle.clear()
        await asyncio.sleep(0)  # lets the transports close
