"""A feed from memory against nginx, which is asked the same by the same wrk in the same run."""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

from tests.bench.letters import edition
from tests.bench.measuring import ROUNDS, Row
from tests.bench.processes import children, cpu
from tests.bench.sink import find

FEED = "daily/rss.xml"
SECONDS = 3
CONNECTIONS = 32
SIZE = 100_000

_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  types {{ application/rss+xml xml; }}
  sendfile on; tcp_nopush on; keepalive_requests 100000000;
  access_log {folder}/access.log combined buffer=64k;
  open_file_cache max=100;
  {temporary}
  server {{
    listen 127.0.0.1:{port}; root {folder}/site;
    add_header Cache-Control "public, max-age=900";
  }}
}}
"""
_CONFIG = """
[site]
title = "The Example Gazette"
url = "https://news.example.org/"
[web]
port = {port}
[[newsletter]]
slug = "weekly"
title = "The Example Weekly"
from = "weekly@news.example.org"
postal_address = "1 Quay Street, Exampleton"
[[endpoint]]
kind = "directory"
path = "site"
"""
"""The newsletter is another one: nobody replaces the feed that is asked for."""

_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Served:
    """What one round of one server gave: answers a second, and processor microseconds an answer."""

    rate: float
    cpu: float


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the process whose processor time counts."""

    port: int
    pid: int

    def tag(self) -> str:
        """What it calls the feed."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", f"/{FEED}")
        answer = connection.getresponse()
        size = len(answer.read())
        connection.close()
        if answer.status != 200 or abs(size - SIZE) > SIZE / 10:
            raise RuntimeError(f"port {self.port} answers {answer.status} with {size} bytes")
        return str(answer.headers["ETag"])

    def asked(self, wrk: str, *headers: str) -> Served:
        """Answers to wrk for some seconds."""
        words = [word for header in headers for word in ("-H", header)]
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", *words, f"http://127.0.0.1:{self.port}/{FEED}"]
        before = cpu(self.pid)
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        said = re.search(r"(\d+) requests in ([\d.]+)s", out)
        if said is None or "Socket errors" in out:
            raise RuntimeError(f"not every answer was as it should be: {out}")
        number, seconds = said.groups()
        return Served(int(number) / float(seconds), (cpu(self.pid) - before) / int(number) * 1e6)


def rows() -> Iterator[Row]:
    """Whole answers, then 304s, each against nginx in the same rounds."""
    nginx, wrk = find("nginx"), find("wrk")
    if nginx is None or wrk is None:
        missing = "Debian's nginx and wrk are not both installed: apt-get install nginx-light wrk"
        yield Row("feeds from memory against nginx", f"skipped: {missing}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx reads as another user
        (folder / "site/daily").mkdir(parents=True)
        (folder / "site" / FEED).write_bytes(_feed())
        with _nginx(nginx, folder) as theirs, _ours(folder) as ours:
            for what, must, conditional in ((200, 0.5, False), (304, 0.15, True)):
                yield from _compared(wrk, ours, theirs, what, must, conditional=conditional)


def _compared(
    wrk: str, ours: Server, theirs: Server, status: int, must: float, *, conditional: bool
) -> Iterator[Row]:
    rounds = [
        [
            server.asked(wrk, *([f"If-None-Match: {server.tag()}"] if conditional else []))
            for server in (theirs, ours)
        ]
        for _ in range(ROUNDS)
    ]
    ratio = statistics.median(mine.rate / other.rate for other, mine in rounds)
    size = f" of {SIZE // 1000} kB" if status == 200 else ""
    yield Row(f"nginx, 1 worker: {status}{size}", _told([other for other, _ in rounds]))
    yield Row(
        f"`publisher serve`: {status}{size}",
        f"{_told([mine for _, mine in rounds])}, {ratio:.2f} ×",
        f"≥ {must} ×",
    )


def _told(rounds: Sequence[Served]) -> str:
    rate, spent = (statistics.median(getattr(each, name) for each in rounds) for name in ("rate", "cpu"))
    return f"{rate:.0f}/s, {spent:.0f} µs CPU an answer"


def _feed() -> bytes:
    """A feed of about the size, with the words of a real entry."""
    entry = edition().rendered.entry.encode("ascii", "xmlcharrefreplace").decode()
    escaped = entry.replace("&", "&amp;").replace("<", "&lt;")
    escaped = (escaped * (SIZE // len(escaped) + 1))[:SIZE]
    return f'<?xml version="1.0"?><rss version="2.0"><channel><item>{escaped}</item></channel></rss>'.encode()


@contextmanager
def _nginx(command: str, folder: Path) -> Iterator[Server]:
    port = _free_port()
    temporary = " ".join(f"{each}_temp_path {folder}/{each};" for each in _TEMPORARY)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port, temporary=temporary))
    with _running([command, "-p", str(folder), "-c", str(folder / "nginx.conf")]) as process:
        _until_open(port)
        (worker,) = children(process.pid)
        yield Server(port, worker)


@contextmanager
def _ours(folder: Path) -> Iterator[Server]:
    """`publisher serve` itself, with its scheduler, log and counters, for the same folder."""
    port = _free_port()
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(port=port), encoding="utf-8")
    command = [sys.executable, "-m", "publisher", "--config", str(config), "serve"]
    with (folder / "serve.log").open("wb") as log, _running(command, stderr=log) as process:
        _until_open(port)
        yield Server(port, process.pid)


@contextmanager
def _running(command: Sequence[str], stderr: IO[bytes] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stderr=stderr)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _until_open(port: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens at port {port}")
