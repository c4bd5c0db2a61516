"""What every answer has: safe headers, a limit on what is taken in, one line in the log without secrets."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 16 * 1024
"""Bytes; a one-click form has under 200."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' https: http: data:; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}

_SECRET = re.compile(r"((?:^|/|%2f)(?:u|s|c|m|hooks)(?:/|%2f)).+", re.IGNORECASE | re.DOTALL)
_LONGEST_LOGGED = 200
_log = logging.getLogger("publisher.web.access")


def redacted(path: str) -> str:
    """A decoded request path as the log may have it: no token, no hook's secret, nothing that breaks a line."""
    return quote(_SECRET.sub(r"\1-", path), safe="/:@+,;=~", errors="replace")[:_LONGEST_LOGGED]


class SafeHeaders:
    """Adds SAFE_HEADERS to every answer, those to errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SAFE_HEADERS)
            await send(message)

        await self.app(scope, receive, with_headers)


class BodyLimit:
    """Answers 413 instead of taking in more than LARGEST_BODY bytes, announced or not.

    Args:
        app: what is behind it.
        larger: bytes for paths that begin so, in place of it.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int] = MappingProxyType({})) -> None:
        self.app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        announced = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        most = self._most(scope.get("path", ""))
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most or (announced.isdecimal() and int(announced) > most):
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too large")
            return message

        await self.app(scope, counted, send)

    def _most(self, path: str) -> int:
        return next((size for start, size in self._larger.items() if path.startswith(start)), LARGEST_BODY)


class AccessLog:
    """One line a request: method, redacted path, status, bytes, milliseconds. No address of a person."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status, size = 500, 0

        async def watched(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            spent = (time.perf_counter() - started) * 1000
            _log.info("%s %s %d %d %.1fms", scope["method"], redacted(scope["path"]), status, size, spent)
