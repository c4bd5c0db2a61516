"""Running the application: uvicorn on a thread of its own, beside the scheduler."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

from publisher.errors import PublisherError, UsageError
from publisher.web.protocol import FrontProtocol
from publisher.web.serving import Front

GRACE_SECONDS = 5
"""How long requests that are under way may take when the server stops."""
_START_SECONDS = 30


class WebServer:
    """Serves an application between `start` and `stop`, or for the length of a `with` block.

    The socket is bound in `start`, by the caller's thread: a port that is taken is an error of the command and
    not a line in a log. Signals stay with the main thread.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._ready = threading.Event()
        self._server = _Server(self._ready, app)
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where it listens, once started; with port 0 the one that the system chose."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = self._socket.getsockname()[1] if self._socket else self._port
        return f"http://{host}:{port}/"

    def start(self) -> None:
        """Listen, and return when requests are answered.

        Raises:
            UsageError: the address cannot be listened at.
            PublisherError: the server did not come up.
        """
        self._socket = _bound(self._host, self._port)
        self._thread = threading.Thread(target=self._run, args=(self._socket,), name="web", daemon=True)
        self._thread.start()
        self._ready.wait(_START_SECONDS)
        if not self._server.started:
            self.stop()
            raise PublisherError("the web server did not come up", remedy="The log above says why")

    def end(self) -> None:
        """Take no more requests, and do not wait: `stop` does."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Take no more requests, let those under way end within GRACE_SECONDS, and return. May be called twice."""
        self.end()
        if self._thread:
            self._thread.join()
        if self._socket:
            self._socket.close()

    @property
    def running(self) -> bool:
        """Whether it still serves; false after a crash, too."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self, listening: socket.socket) -> None:
        try:
            self._server.run([listening])
        finally:
            self._ready.set()  # for one that ended before it began

    def __enter__(self) -> WebServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn that says when it listens. Its own access log would show tokens; ours is a middleware."""

    def __init__(self, ready: threading.Event, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=FrontProtocol if isinstance(app, Front) else "auto",
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        raise UsageError(
            f"cannot listen at {host}, port {port}: {reason}",
            remedy="Set host and port in [web] to a free address",
        ) from error
