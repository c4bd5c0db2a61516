"""A proxy that stands between feed readers and a web server, and remembers what was asked and answered."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

_OURS = frozenset({"host", "connection"})
_HOPS = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


@dataclass
class Recorder:
    """What went through: (path, status), in the order in which it was answered. `url` is where readers ask."""

    url: str = ""
    answered: list[tuple[str, int]] = field(default_factory=list)

    def statuses(self) -> list[int]:
        """The statuses since the last time that this was asked."""
        found = [status for _, status in self.answered]
        self.answered.clear()
        return found


@contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """A recorder before the server at `upstream`."""
    host = urlsplit(upstream).netloc
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = http.client.HTTPConnection(host, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OURS}
            connection.request("GET", self.path, headers=headers)
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            recorder.answered.append((self.path, answer.status))
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOPS:
                    self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: tests read `answered`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    recorder.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
