"""A station between a mail server and our listener: it hands on what comes by LMTP, and keeps a copy."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from types import TracebackType
from typing import Any, Self

from aiosmtpd.lmtp import LMTP


class Station:
    """The station; a context manager. What the listener answers is what the mail server is told.

    Args:
        port: the listener's; 0: there is none yet, and what comes is answered so that it comes again.
    """

    def __init__(self, port: int = 0) -> None:
        self.onward = port
        self.passed: list[tuple[str, bytes]] = []
        """Recipient and mail, of what the listener took."""
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: LMTP(self, enable_SMTPUTF8=True, loop=self._loop), "127.0.0.1", 0)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Handed on at once."""
        (recipient,), raw = envelope.rcpt_tos, bytes(envelope.content)
        try:
            await asyncio.to_thread(hand_over, self.onward, recipient, raw)
        except (OSError, smtplib.SMTPException):
            return "451 4.3.0 later"
        self.passed.append((recipient, raw))
        return "250 2.0.0 handed on"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        dialogues = asyncio.all_tasks() - {asyncio.current_task()}
        for each in dialogues:
            each.cancel()
        await asyncio.gather(*dialogues, return_exceptions=True)


def hand_over(port: int, recipient: str, raw: bytes) -> None:
    """One mail, from nobody as bounces are.

    Raises:
        smtplib.SMTPException: it is not taken.
    """
    with smtplib.LMTP("127.0.0.1", port, timeout=30) as connection:
        connection.sendmail("", [recipient], raw)
