"""Instance-wide locks by name, held by a process and freed by the operating system when it dies.

With SQLite the instance is one machine: a lock is an flock(2) on a file in `locks` beside the database. With
PostgreSQL it may be several: a lock is a session advisory lock on a connection of its own, which the server frees
when the connection ends. (A pooler that hands out connections per transaction breaks that; connect without one.)
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from publisher.errors import StorageError
from publisher.storage.database import Database, explained

POLL_SECONDS = 0.05
"""How often a waiting caller looks again: neither kind of lock has a time-out of its own that suits both."""


@contextmanager
def exclusive(database: Database, name: str, *, root: Path, wait: float = 0) -> Iterator[bool]:
    """Hold the lock of that name for the block; gives False, and holds nothing, when somebody else has it.

    Args:
        database: the instance's database; locks of different instances never meet.
        name: lower-case letters, digits and hyphens.
        root: the instance's folder, where a relative path of the database starts.
        wait: seconds to wait for it to become free; 0 = look once.

    Raises:
        StorageError: the lock cannot be looked at (the file cannot be made, the server does not answer).
        ValueError: `name` is no lock's name.
    """
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name):
        raise ValueError(f"no name of a lock: {name!r}")
    give_up = time.monotonic() + wait
    holding = (
        _file_lock(_folder(database, root) / name, give_up)
        if database.is_sqlite
        else _server_lock(database, name, give_up)
    )
    with holding as held:
        yield held


def _folder(database: Database, root: Path) -> Path:
    return (root / (database.engine.url.database or "")).parent / "locks"


@contextmanager
def _file_lock(path: Path, give_up: float) -> Iterator[bool]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never removed: whoever removes a lock's file lets two processes lock two files of that name.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError(
            f"cannot make the lock {path.name}: {error.strerror}",
            remedy=f"Make {path.parent} writable",
            file=str(path),
        ) from error
    try:
        while not (held := _try_flock(descriptor)) and time.monotonic() < give_up:
            time.sleep(POLL_SECONDS)
        yield held
    finally:
        os.close(descriptor)


def _try_flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _server_lock(database: Database, name: str, give_up: float) -> Iterator[bool]:
    with explained(), database.engine.connect() as connection:
        connection = connection.execution_options(
            isolation_level="AUTOCOMMIT"
        )  # no transaction left open meanwhile
        key = _advisory_key(name)
        while not (held := _try_advisory(connection, key)) and time.monotonic() < give_up:
            time.sleep(POLL_SECONDS)
        try:
            yield held
        finally:
            # Not pg_advisory_unlock and back to the pool: ending the session frees it in every case.
            connection.invalidate()


def in_turn(connection: Connection, name: str) -> None:
    """Wait until no other transaction has this name; it is ours until the end of the present one.

    On SQLite the writing transaction itself does that.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _advisory_key(name)})


def _try_advisory(connection: Connection, key: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))


def _advisory_key(name: str) -> int:
    """PostgreSQL knows advisory locks by a signed 64-bit number, per database."""
    return int.from_bytes(hashlib.sha256(f"publisher lock {name}".encode()).digest()[:8], signed=True)
