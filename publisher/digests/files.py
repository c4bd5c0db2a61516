"""Opening what others have laid into a folder: ordinary files only, and never more of them than was asked for."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class NotAFileError(OSError):
    """A folder, pipe or device lies there instead of a file."""


def read_regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of an ordinary file. A symbolic link is not followed.

    Raises:
        NotAFileError: it is no ordinary file.
        OSError: it cannot be read.
    """
    # O_NONBLOCK: opening a pipe that nobody writes into would wait for ever
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise NotAFileError(0, "it is no ordinary file")
        chunks: list[bytes] = []
        while limit > 0 and (chunk := os.read(handle, min(limit, 1 << 20))):
            chunks.append(chunk)
            limit -= len(chunk)
        return b"".join(chunks)
    finally:
        os.close(handle)
