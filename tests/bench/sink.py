"""Postfix's own sink: a mail server that takes everything and forgets it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager


def find(tool: str) -> str | None:
    """Where a program of Debian's is (Postfix, nginx); None when its package is not installed."""
    return shutil.which(tool, path="/usr/sbin:/usr/bin")


@contextmanager
def sink(command: str) -> Iterator[int]:
    """smtp-sink on a free port. It binds with SO_REUSEPORT: a port that somebody has would seem free to it."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    user = ["-u", "nobody"] if os.getuid() == 0 else []  # it does not want to be root
    process = subprocess.Popen([command, *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
