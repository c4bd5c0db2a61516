"""The schema's one history, for SQLite and PostgreSQL alike: making a new database, and bringing an old one up.

A missing or empty database is made by whatever command comes first. One that holds an older schema is brought up
by `publisher db upgrade` alone: a person decides when, after a backup. Alembic is loaded only when there is
something to change.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from publisher.errors import StorageError
from publisher.storage.database import Database, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "0011"
"""The newest revision in `migrations/versions`; a test compares."""

_ADVISORY_LOCK = 0x7075626C69736800
"""Which PostgreSQL advisory lock serialises schema changes ("publish" in ASCII)."""


def prepare(database: Database) -> None:
    """Make sure that the database has this version's schema; make it when the database is empty.

    Safe when several processes do it at once.

    Raises:
        StorageError: the schema is older (`publisher db upgrade` helps), newer, or somebody else's.
    """
    with database.read() as connection:
        found = _revision(connection)
    if found == HEAD:
        return
    if found is not None:
        _refuse_newer(found)
        raise StorageError(
            f"the database has schema {found}, this version needs {HEAD}",
            remedy="Make a backup, then run `publisher db upgrade`",
        )
    _bring_up(database, only_empty=True)


def upgrade(database: Database) -> tuple[str, str]:
    """Bring the schema to this version, in one transaction; returns (from, to), "" for an empty database.

    Raises:
        StorageError: the schema is newer than this version, or somebody else's.
    """
    return _bring_up(database, only_empty=False)


def _bring_up(database: Database, *, only_empty: bool) -> tuple[str, str]:
    with _schema_transaction(database) as connection:
        found = _revision(connection)  # again: another process may have been first
        if found == HEAD:
            return HEAD, HEAD
        if found is not None:
            _refuse_newer(found)
        elif tables := inspect(connection).get_table_names():
            raise StorageError(
                f"the database holds tables of something else, such as {min(tables)}",
                remedy="Give the publisher a database of its own in [storage] url",
            )
        if found is None or not only_empty:
            _run(connection)
    return found or "", HEAD


def _revision(connection: Connection) -> str | None:
    """The revision the database says it has; None when it says nothing."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _refuse_newer(found: str) -> None:
    known = {path.name.partition("_")[0] for path in (_migrations() / "versions").glob("[0-9]*.py")}
    if found not in known:
        raise StorageError(
            f"the database has schema {found}, which this version does not know",
            remedy="Run the newer publisher that made it, or name another database in [storage] url",
        )


def _migrations() -> Path:
    return Path(__file__).parent / "migrations"


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # The only key Alembic needs; a percent sign in the path would otherwise be read as interpolation.
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    command.upgrade(config, "head")


@contextmanager
def _schema_transaction(database: Database) -> Iterator[Connection]:
    """A writing transaction that no other schema change runs beside.

    On SQLite foreign keys are off in it, as https://www.sqlite.org/lang_altertable.html asks: a table is changed
    by copying it and dropping the old one, which would otherwise delete whatever points there. They are checked
    at the end.
    """
    with explained(), database.engine.connect() as connection:
        if not database.is_sqlite:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
                yield connection
            return
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
                    raise StorageError(
                        f"the new schema would leave a row of {broken[0]} without what it points to"
                    )
        finally:
            raw.execute("PRAGMA foreign_keys=ON")
