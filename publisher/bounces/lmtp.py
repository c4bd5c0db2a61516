"""A listener for mail that comes back, by LMTP (RFC 2033): the mail server hands it over as it arrives.

It answers 250 when what a mail says is stored, and 451 when it cannot be: then the mail server keeps it and tries
again. There is no login: it listens on this machine, and takes mail for our addresses alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any

from aiosmtpd.lmtp import LMTP

from publisher.bounces.addressed import Ours
from publisher.bounces.reading import Take, read
from publisher.errors import PublisherError, UsageError

LARGEST_TAKEN = 5_000_000
"""Octets. More than is read: a mail that is refused here is lost."""

_LONGEST_LINE = 64 * 1024
_START_SECONDS = 10
_IDLE_SECONDS = 300
_log = logging.getLogger("publisher.bounces")


def _now() -> datetime:
    return datetime.now(UTC)


class LmtpListener:
    """Takes mail between `start` and `stop`, or for the length of a `with` block, on a thread of its own.

    Args:
        ours: the addresses that it takes mail for.
        take: stores what a mail says; called from one thread, one mail at a time.
        host: where it listens.
        port: 0: any free one.
        now: the clock.
    """

    def __init__(
        self, ours: Ours, take: Take, host: str, port: int, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._host = host
        self._port = port
        self._storing = ThreadPoolExecutor(1, "bounces")
        self._handler = _Handler(ours, take, now, self._storing)
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """Where it listens, once started; with port 0 the one that the system chose."""
        return self._port

    def start(self) -> None:
        """Listen. The socket is bound here: a port that is taken is an error of the command.

        Raises:
            UsageError: the address cannot be listened at.
        """
        self._socket = _bound(self._host, self._port)
        self._port = self._socket.getsockname()[1]
        # What the library notes of each dialogue holds people's addresses.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, self._socket), name="lmtp", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take no more, and return when what is being stored is. May be called twice."""
        if self._loop and self._thread:
            with suppress(RuntimeError):  # its loop has ended
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._storing.shutdown()
        if self._socket:
            self._socket.close()

    @property
    def running(self) -> bool:
        """Whether it still listens; false after a crash, too."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self, loop: asyncio.AbstractEventLoop, listening: socket.socket) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve(loop, listening))
        finally:
            loop.close()

    async def _serve(self, loop: asyncio.AbstractEventLoop, listening: socket.socket) -> None:
        server = await loop.create_server(self._dialogue, sock=listening)
        await self._stopping.wait()
        server.close()
        dialogues = asyncio.all_tasks() - {asyncio.current_task()}
        for each in dialogues:
            each.cancel()
        await asyncio.gather(*dialogues, return_exceptions=True)

    def _dialogue(self) -> LMTP:
        return _Lmtp(
            self._handler,
            data_size_limit=LARGEST_TAKEN,
            enable_SMTPUTF8=True,
            hostname="publisher",
            ident="LMTP",
            timeout=_IDLE_SECONDS,
            loop=self._loop,
        )

    def __enter__(self) -> LmtpListener:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Lmtp(LMTP):
    """Servers that return a mail do not always keep to the longest line of RFC 5321."""

    line_length_limit = _LONGEST_LINE


class _Handler:
    """What is answered; the names are the library's."""

    def __init__(self, ours: Ours, take: Take, now: Callable[[], datetime], storing: ThreadPoolExecutor) -> None:
        self._ours = ours
        self._take = take
        self._now = now
        self._storing = storing

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """One of ours, and one at a time: each recipient has an answer of its own in LMTP (RFC 2033, 4.2)."""
        if self._ours.place(address) is None:
            return "550 5.1.1 no mailbox here by that name"
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Stored, and then only 250."""
        work = partial(self._store, bytes(envelope.content), str(envelope.rcpt_tos[0]))
        return await asyncio.get_running_loop().run_in_executor(self._storing, work)

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is no reason to lose the mail."""
        return _again(error)

    def _store(self, raw: bytes, recipient: str) -> str:
        try:
            self._take(read(raw, self._ours, self._now(), recipient))
        except Exception as error:  # noqa: BLE001 - whatever it is: the mail server keeps the mail, and it is said
            return _again(error)
        return "250 2.0.0 taken"


def _again(error: Exception) -> str:
    """Its class alone is noted, or our own words: others' may hold an address."""
    words = str(error) if isinstance(error, PublisherError) else type(error).__name__
    _log.error("a mail that came back could not be stored, and will come again: %s", words)
    return "451 4.3.0 not stored, try again"


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        raise UsageError(
            f"cannot listen at {host}, port {port}: {reason}",
            remedy="Set lmtp_host and lmtp_port in [bounces] to a free address",
        ) from error
