"""Real trouble with disk and database at one exact place: before the n-th call of a function of this process.

PUBLISHER_TROUBLE is `module:qualified.name:n:kind`. What a kind does lasts until the process ends; the next one
has it again, as long as the environment names it. PUBLISHER_TROUBLE_VAR is the instance's folder of that name.
"""

from __future__ import annotations

import importlib
import os
import resource
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any


def arm() -> None:
    """Patch the function that the environment names, if it names one."""
    place = os.environ.get("PUBLISHER_TROUBLE")
    if not place:
        return
    module, name, number, kind = place.split(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, last)
    calls = iter(range(1, 1_000_000))

    @wraps(original)
    def troubled(*arguments: Any, **named: Any) -> Any:
        if next(calls) == int(number):
            KINDS[kind](arguments[0] if arguments else None)
        return original(*arguments, **named)

    setattr(owner, last, troubled)


def _full(_self: Any) -> None:
    """No file grows beyond the size of the database's log: neither it nor, soon, anything else can be written."""
    size = (_var() / "publisher.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))


def _journal_full(journal: Any) -> None:
    """The journal's next line does not fit whole; the database, which is larger, cannot be written at all."""
    size = journal.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2, resource.RLIM_INFINITY))


def _journal_alone_full(journal: Any) -> None:
    """The same, but that the database has a disk of its own."""
    write = os.write

    def short(descriptor: int, data: Any) -> int:
        if descriptor != journal._descriptor:
            return write(descriptor, data)
        _journal_full(journal)
        try:
            return write(descriptor, data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    vars(os)["write"] = short


def _pages(ledger: Any) -> None:
    """The database may not become larger, and has no room inside: its own word for a full disk."""
    ledger._connection.exec_driver_sql("PRAGMA max_page_count = 1")
    ledger._connection.exec_driver_sql("INSERT INTO facts (name, value) VALUES ('filler', zeroblob(4000000))")


def _read_only(ledger: Any) -> None:
    ledger._connection.exec_driver_sql("PRAGMA query_only = ON")


def _gone(_self: Any) -> None:
    """The whole folder, say a disk that was unmounted."""
    with suppress(OSError):  # a sender before this one was here first
        _var().rename(_var().with_name("var.elsewhere"))


def _cut(ledger: Any) -> None:
    """PostgreSQL ends this very connection."""
    connection = ledger._connection
    pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with connection.engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")


def _var() -> Path:
    return Path(os.environ["PUBLISHER_TROUBLE_VAR"])


KINDS: dict[str, Callable[[Any], None]] = {
    "full": _full,
    "journal full": _journal_full,
    "journal alone full": _journal_alone_full,
    "pages": _pages,
    "read-only": _read_only,
    "gone": _gone,
    "cut": _cut,
}
