"""HTTP/1.1 as uvicorn speaks it, with a short way for what `Front` has in memory.

The general way makes a cycle, an event and a task for every request, and looks at each header of the answer:
several times the work of the answer itself. Here a request that needs nothing of that is answered where it was
read, by bytes made beforehand. Whatever is unusual about one sends it the general way. What the short way writes
is what the general one would have written, to the byte: tests/unit/web/test_protocol.py.

Of uvicorn's settings it knows those that `serve` uses: no root path, no limit of connections, no log of its own.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from publisher.web.prepared import Answer, lines_of
from publisher.web.proxies import FORWARDED, see_through
from publisher.web.serving import Front

_METHODS = {b"GET": "GET", b"HEAD": "HEAD"}
_UNUSUAL = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests that are more than a question: with a body, or about another protocol."""
_CONNECTION = b"connection"
_END, _END_OF_ALL = b"\r\n", b"connection: close\r\n\r\n"


class FrontProtocol(HttpToolsProtocol):
    """One connection of a server whose application is a `Front`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        if not isinstance(config.app, Front):
            raise TypeError("only a Front answers at once")
        self._front = config.app
        self._answered = False
        self._dated: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
        self._resting_since: float | None = None
        self._rest_timer: asyncio.TimerHandle | None = None

    # --- what the parser says ---------------------------------------------------------------------------------

    def on_headers_complete(self) -> None:
        """Answer at once, or go the general way."""
        if self.transport.is_closing():  # what was sent behind the last request is none
            self._answered = True
            return
        named = dict(self.headers)
        answer = self._at_once(named)
        self._answered = answer is not None
        if answer is None:
            super().on_headers_complete()
        else:
            # HTTP/1.0 goes on only where that is asked for; the general way does not listen to it.
            last = _CONNECTION in named and self.parser.get_http_version() == "1.0"
            self._send(answer, keep=self.parser.should_keep_alive() and not last)

    def on_body(self, body: bytes) -> None:
        """Of a request that goes the general way."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Of a request that goes the general way."""
        if not self._answered:
            super().on_message_complete()

    # --- the short way ----------------------------------------------------------------------------------------

    def _at_once(self, named: dict[bytes, bytes]) -> Answer | None:
        """The answer to a plain question with these headers, when nothing of this connection stands before it."""
        method = _METHODS.get(self.parser.get_method())
        if method is None or self._is_busy() or self.flow.write_paused or not _UNUSUAL.isdisjoint(named):
            return None
        path, client = _path(self.url), self.client
        scope: Scope = {"type": "http", "method": method, "path": path, "headers": self.headers, "client": client}
        try:
            if FORWARDED in named:
                see_through(self.config.forwarded_allow_ips, scope)
            return self._front.at_once(scope)
        except Exception:  # noqa: BLE001
            return None  # the general way meets the same fault, tells of it and answers 500; here it would be 400

    def _is_busy(self) -> bool:
        """Whether a request is on the general way."""
        return self.cycle is not None and not self.cycle.response_complete

    def _send(self, answer: Answer, *, keep: bool) -> None:
        defaults = self.server_state.default_headers
        if self._dated[0] is not defaults:
            self._dated = (defaults, lines_of(defaults))
        head = b"".join((answer.line, self._dated[1], answer.fields, _END if keep else _END_OF_ALL))
        if answer.body:
            self.transport.writelines((head, answer.body))
        else:
            self.transport.write(head)
        self.server_state.total_requests += 1
        if not keep:
            self.transport.close()
        elif not self.transport.is_closing():
            self._rest()

    # --- between requests -------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Wait for the next request, as long as uvicorn would: one timer a connection, not one an answer."""
        self._resting_since = self.loop.time()
        if self._rest_timer is None:
            self._rest_timer = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _look(self) -> None:
        """Close the connection when nothing has come for long enough; look again when that may be."""
        self._rest_timer = None
        if self._resting_since is None or self._is_busy():
            return
        left = self._resting_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest_timer = self.loop.call_later(left, self._look)
        else:
            self.timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        """(uvicorn's) Something came, or an answer of the general way went: its own timer counts."""
        self._resting_since = None
        super()._unset_keepalive_if_required()

    def on_response_complete(self) -> None:
        """(uvicorn's) Read no more while there are requests that wait: uvicorn would, after each of them."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """(asyncio's) Let go of everything."""
        super().connection_lost(exc)
        if self._rest_timer is not None:
            self._rest_timer.cancel()


def _path(url: bytes) -> str:
    """The decoded path of a request target; what uvicorn refuses is refused here in the same way."""
    path: str = httptools.parse_url(url).path.decode("ascii")
    return unquote(path) if "%" in path else path
