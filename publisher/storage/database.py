"""Opening the database, and its transactions, alike on SQLite and PostgreSQL.

On SQLite every writing transaction is BEGIN IMMEDIATE: a transaction that starts by reading and then writes
would otherwise fail at once when another one wrote in between, whatever the busy time-out
(https://www.sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

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
        """A transaction that only reads."""
        with _explained(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes."""
        with _explained(), self.engine.connect() as connection:
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
    return Database(create_engine(parsed, pool_pre_ping=True))


def _located(url: str, root: Path) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError("storage.url: not an address of a database") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        path = root / parsed.database
        path.parent.mkdir(parents=True, exist_ok=True)
        return parsed.set(database=str(path))
    if parsed.drivername != "postgresql+psycopg":
        raise ConfigError(
            "storage.url: this database is not known",
            remedy='Write "sqlite:///var/publisher.db" or "postgresql+psycopg://…"',
        )
    return parsed


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own BEGIN is late and DEFERRED; ours is below.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the driver says into one line that tells what to do."""
    try:
        yield
    except OperationalError as error:
        cause = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        raise StorageError(
            f"the database does not answer: {cause}",
            remedy="Look at [storage] url, at the disk and at who else uses it, then run it again",
            permanent=False,
        ) from error
