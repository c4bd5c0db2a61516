"""The `maildir` provider: mail becomes files, one a message, in a Maildir that any mail reader opens.

A file's name comes from the delivery and its Message-ID, so that handing over again makes no second file: this
provider is idempotent and never uncertain. A message is accepted when file and folder have reached the disk.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from publisher.capabilities import Capabilities
from publisher.errors import ProviderError
from publisher.ledger import Message, Messages, Report
from publisher.providers.one_way import OneWay

STALE_SECONDS = 36 * 3600
"""Age at which a file in tmp/ is nobody's any more (the Maildir rule)."""


class Maildir(OneWay):
    """Hands messages over as files in `new/` (https://cr.yp.to/proto/maildir.html).

    Args:
        path: the Maildir; made when it is not there.
    """

    idempotent = True
    capabilities = Capabilities(repeats_for=timedelta.max)

    def __init__(self, path: Path) -> None:
        self.name = f"maildir:{path.absolute()}"
        self._path = path
        self._new = path / "new"
        self._tmp = path / "tmp"
        self._ready = False

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        """See `mailings.ports.Provider`. The files of one call reach the disk together, then all are accepted.

        Raises:
            ProviderError: the folder cannot be written.
        """
        try:
            self._prepare()
            letters = list(messages)  # once: iterating composes them
            there = self._there(message for message in letters if message.attempt > 1)
            placed = []
            for message in letters:
                if stop():
                    break
                report.begun(message.delivery_id)
                placed.append((message, self._tmp / f"{file_name(message)}.{os.getpid()}"))
                if file_name(message) not in there:
                    _write(placed[-1][1], message.data)
            for message, temporary in placed:
                if file_name(message) not in there:
                    _sync(temporary)
                    temporary.rename(self._new / file_name(message))
            _sync(self._new)
        except OSError as error:
            raise ProviderError(
                f"the outbox cannot be written: {error.strerror}",
                remedy="Make room, or let us write there; the next run goes on where this one stopped",
                file=str(self._path),
            ) from error
        for message, _ in placed:
            report.accepted(message.delivery_id, provider_id=file_name(message))

    def close(self) -> None:
        """Nothing to let go of."""

    def _prepare(self) -> None:
        if self._ready:
            return
        for folder in (self._tmp, self._new, self._path / "cur"):
            folder.mkdir(parents=True, exist_ok=True)
        _sync(self._path)
        _sync(self._path.parent)
        oldest = time.time() - STALE_SECONDS
        for left in self._tmp.iterdir():
            with suppress(FileNotFoundError):  # another sender's, renamed into new/ since the folder was listed
                if left.stat().st_mtime < oldest:
                    left.unlink()
        self._ready = True

    def _there(self, messages: Iterable[Message]) -> frozenset[str]:
        """The names of those that an earlier attempt has put here, be they read and moved to cur/ since."""
        wanted = {file_name(message) for message in messages}
        there = {name for name in wanted if (self._new / name).exists()}
        if wanted - there:  # after new/: a reader moves from there to cur/, never back
            there |= wanted & {entry.name.partition(":")[0] for entry in os.scandir(self._path / "cur")}
        return frozenset(there)


def file_name(message: Message) -> str:
    """The file of a message, before flags: the same for each attempt at the same delivery."""
    digest = hashlib.sha256(f"{message.delivery_id} {message.message_id}".encode()).hexdigest()
    return f"{message.delivery_id}.{digest[:24]}.publisher"


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
