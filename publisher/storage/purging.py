"""What is left of deleted rows in the files of a SQLite database, and getting rid of it.

`secure_delete` overwrites what is deleted, and TRUNCATE empties the write-ahead log, which holds the pages as they
were. A page that was split long ago may keep a copy of a row in its unused part: then only VACUUM is left, which
writes the whole file anew. On PostgreSQL all of this is the server's (docs/subscribers.md).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import func, or_, select, text

from publisher.errors import StorageError
from publisher.storage.database import BUSY_SECONDS, Database, explained
from subscribers.tables import subscribers, suppressions

_RETRY_SECONDS = 0.05

_SEARCH = """
import json, os, re, sys
asked = json.load(sys.stdin)
needles, besides = ([bytes.fromhex(each) for each in asked[name]] for name in ("needles", "besides"))
others, wanted = (b"|".join(map(re.escape, sorted(each, key=len, reverse=True))) for each in (besides, needles))
pattern = re.compile(b"(%s)|%s" % (others or b"(?!)", wanted), re.I)
longest = max(map(len, needles + besides))
for path in map(os.fsencode, asked["files"]):
    try:
        with open(path, "rb") as file:
            before = b""
            while block := file.read(1 << 20):
                buffer = before + block
                if any(m[1] is None and m.end() > len(before) for m in pattern.finditer(buffer)):
                    sys.stdout.buffer.write(path + b"\\0")
                    break
                before = buffer[-longest:]
    except FileNotFoundError:
        pass
"""
"""Prints the names of files. What ends in `before` was judged in the round before, when all of it was seen."""


def files_of(database: Database) -> list[Path]:
    """The files that hold the rows of a SQLite database; none for PostgreSQL."""
    name = database.engine.url.database
    return [Path(f"{name}{ending}") for ending in ("", "-wal")] if database.is_sqlite and name else []


def empty_log(database: Database) -> None:
    """Bring everything in the write-ahead log into the file, and empty it.

    Raises:
        StorageError: others read or write for so long that it cannot be done now.
    """
    if not database.is_sqlite:
        return
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        with explained(), database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            busy, _, _ = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        if not busy:
            return
        if time.monotonic() > give_up:
            raise StorageError(
                "the database's log cannot be emptied: somebody reads all the time",
                remedy="Run it again when less is going on",
                permanent=False,
            )
        time.sleep(_RETRY_SECONDS)


def rewrite(database: Database) -> None:
    """Write a SQLite database anew without what it no longer holds; nobody else writes meanwhile."""
    with explained(), database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None  # noqa: S101 - for the type alone
        raw.execute("PRAGMA query_only=OFF")
        raw.execute("VACUUM")
    empty_log(database)


def longer(database: Database, needles: Sequence[bytes]) -> list[bytes]:
    """Addresses of other people that have one of these addresses inside: of `joanna@` when it is `anna@`."""
    forms = [needle.decode("utf-8", "surrogatepass") for needle in needles]
    found: set[str] = set()
    with database.read() as connection:
        for column in (subscribers.c.email, subscribers.c.email_key, suppressions.c.email_key):
            inside = or_(*(func.lower(column).contains(form, autoescape=True) for form in forms))
            found.update(connection.scalars(select(column).where(inside)))
    return [address.encode() for address in sorted(found) if address.lower() not in forms]


def holding(files: Iterable[Path], needles: Sequence[bytes], besides: Sequence[bytes] = ()) -> list[Path]:
    """Those of these files in whose bytes one of the needles is; the case of ASCII letters does not matter.

    They are read in a process of its own: closing a database's file in this one would drop SQLite's locks on it
    (https://www.sqlite.org/howtocorrupt.html, 2.2). What is looked for goes there by a pipe, not for `ps` to show.

    Args:
        files: those that are gone meanwhile hold nothing.
        needles: what to look for.
        besides: longer words that have a needle inside and are somebody else's.

    Raises:
        StorageError: one cannot be read.
    """
    asked = {
        "needles": [needle.hex() for needle in needles],
        "besides": [word.hex() for word in besides],
        "files": [str(path) for path in files],
    }
    if not asked["files"] or not needles:
        return []
    command = [sys.executable, "-S", "-c", _SEARCH]
    found = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, check=False)  # noqa: S603
    if found.returncode:
        said = found.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise StorageError(f"a file of the instance cannot be read: {' '.join(said)}", permanent=False)
    return [Path(os.fsdecode(name)) for name in found.stdout.split(b"\0") if name]
