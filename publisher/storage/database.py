"""Opening the database, and its transactions, alike on SQLite and PostgreSQL.

On SQLite every writing transaction is BEGIN IMMEDIATE: a transaction that starts by reading and then writes
would otherwise fail at once when another one wrote in between, whatever the busy time-out
(https://www.sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

from publisher.errors import ConfigError, StorageError

BUSY_SECONDS = 15


class Database:
    """An open database: short transactions for reading and for writing.

    `read()` gives one snapshot that must not write; `write()` commits at the end, or rolls back on an error.
    No transaction may last longer than half a second, but the plan of a mailing.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        """Whether one file holds everything."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one snapshot and cannot write."""
        with explained(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes."""
        with explained(), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def connect(url: str, root: Path) -> Database:
    """Open the database at `url`; a relative SQLite path is relative to `root`. Looks at no table.

    Raises:
        ConfigError: `url` is no address of a database this product runs on.
    """
    parsed = _located(url, root)
    if parsed.get_backend_name() == "sqlite":
        return Database(_sqlite(parsed))
    # A password in the query would be shown by whatever shows the engine.
    hidden = {name: value for name, value in parsed.query.items() if "password" in name}
    shown = parsed.difference_update_query(hidden)
    return Database(create_engine(shown, pool_pre_ping=True, connect_args=hidden))


_ADDRESSES = 'Write "sqlite:///var/publisher.db" or "postgresql+psycopg://user:password@host/database"'


def _located(url: str, root: Path) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # whose words hold parts of the address, a password perhaps
        raise ConfigError("storage.url: not an address of a database", remedy=_ADDRESSES) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        path = root / parsed.database
        path.parent.mkdir(parents=True, exist_ok=True)
        return parsed.set(database=str(path))
    if parsed.drivername != "postgresql+psycopg":
        raise ConfigError("storage.url: this database is not known", remedy=_ADDRESSES)
    if "@" in (parsed.host or ""):  # the rest of a password, which the driver would tell everybody
        raise ConfigError("storage.url: there is more than one @ in it", remedy="Write %40 for an @ in a password")
    return parsed


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own BEGIN is late and DEFERRED; ours is below.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten; many systems' default
        _use_wal(connection)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, which the file then remembers.

    SQLite does not apply its busy time-out to this one step: of two processes that make the file together,
    one is told "locked" at once.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(0.02)


_OUR_FAULTS = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
"""What a driver raises for a statement that is wrong, rather than for a database that does not work."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the driver says about a database that does not work into one line that tells what to do.

    Raises:
        StorageError: in place of the driver's error; a later try may succeed.
    """
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, _OUR_FAULTS):
            raise
        raise _not_answering(error.orig) from error
    except sqlite3.Error as error:  # while connecting, where SQLAlchemy does not wrap it
        raise _not_answering(error) from error


_REMEDIES = (
    (("disk is full", "disk full", "no space left"), "Make room on its disk"),
    (("disk I/O error",), "Look whether its disk is full, or failing"),
    (("readonly", "read-only"), "Let the publisher's user write the database and its folder"),
)
"""What helps where a driver says so; without regard to case."""


def _not_answering(cause: BaseException | None) -> StorageError:
    said = str(cause).strip().splitlines()
    text = said[0] if said else type(cause).__name__
    remedy = next(
        (remedy for signs, remedy in _REMEDIES if any(sign.lower() in text.lower() for sign in signs)),
        "Look at [storage] url, at the disk and at who else uses it",
    )
    return StorageError(
        f"the database does not answer: {text}",
        remedy=f"{remedy}, then run it again: it goes on where it stopped",
        permanent=False,
    )
