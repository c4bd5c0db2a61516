"""The counting mail server, as who starts it sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.crash.verdict import Book


class MailServer:
    """The counting server's process.

    Args:
        book: the file that it writes.
        seed: of its bad moments.
    """

    def __init__(self, book: Path, seed: int) -> None:
        self._book = book
        command = [sys.executable, "-m", "tests.crash.counting", str(book), str(seed)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def pace(self, seconds: float, mails: int = 0) -> None:
        """Take so long over each message from now on, on average, and much longer after so many; 0: never."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds} {mails}\n")
        self._process.stdin.flush()

    @property
    def written(self) -> int:
        """The size of the book."""
        return self._book.stat().st_size

    @property
    def book(self) -> Book:
        """What stands in it."""
        return Book.read(self._book.read_text(encoding="utf-8"))
