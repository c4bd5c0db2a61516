"""The schema's history: what it makes, what it refuses, and that the tables say the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, insert, inspect, select, text

from publisher.errors import StorageError
from publisher.storage import migrate, tables
from publisher.storage.database import Database, connect
from publisher.storage.mailings import Mailings
from subscribers.tables import consents, metadata, subscribers
from tests.conftest import PostgresServer

SLOW_ON_POSTGRES = True

NEXT = "9997"
"""A revision that no history has."""

_PREPARE = """
import sys
from pathlib import Path
from publisher.storage import migrate
from publisher.storage.database import connect
database = connect(sys.argv[1], Path("/"))
print("ready", flush=True)
sys.stdin.readline()
migrate.prepare(database)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        database = connect("sqlite:///var/empty.db", tmp_path)
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create(empty=True)
    database = connect(server.url_of(name), tmp_path)
    yield database
    database.close()
    server.drop(name)


def _set_revision(database: Database, revision: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def _make_as_of(database: Database, revision: str) -> None:
    """The schema as an earlier version of the publisher made it."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _other_default(
    _context: MigrationContext,
    _found: object,
    _column: object,
    found: str | None,
    _wanted: object,
    written: str | None,
) -> bool:
    """Whether two defaults differ: databases give them back with brackets, quotes and a type around them."""
    bare = None if found is None else re.sub(r"^\('(.*)'\)$|^'(.*)'(::[a-z ]+)?$", r"\1\2", found)
    return bare != written


def test_the_history_ends_in_the_tables(database: Database) -> None:
    options = {"compare_type": True, "compare_server_default": _other_default, "target_metadata": metadata}
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert tables.digests.name in inspect(connection).get_table_names()


def test_partial_indexes_are_partial_in_the_history_too(database: Database) -> None:
    with database.read() as connection:
        found = {
            index["name"]: (index.get("dialect_options") or {}).get(f"{connection.dialect.name}_where")
            for table in metadata.tables
            for index in inspect(connection).get_indexes(table)
        }
    wanted = {
        index.name: index.dialect_kwargs.get("sqlite_where")
        for table in metadata.tables.values()
        for index in table.indexes
    }
    for name, where in wanted.items():
        if where is None:
            assert found[name] is None
        else:
            assert re.findall(r"'\w+'", str(found[name])) == re.findall(r"'\w+'", str(where))


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_an_empty_database_is_made_by_any_command(empty: Database) -> None:
    migrate.prepare(empty)
    migrate.prepare(empty)
    with empty.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM digests")) == 0


def test_upgrade_tells_from_where_to_where(empty: Database) -> None:
    assert migrate.upgrade(empty) == ("", migrate.HEAD)
    assert migrate.upgrade(empty) == (migrate.HEAD, migrate.HEAD)


def test_the_first_schema_is_brought_up_with_everything_in_it(empty: Database, now: datetime) -> None:
    _make_as_of(empty, "0001")
    digest = {
        "id": 7,
        "newsletter": "daily",
        "slug": "x",
        "title": "X",
        "date": now.date(),
        "state": "published",
        "content": {"title": "X"},
        "source": "x.md",
        "source_hash": "a" * 64,
        "seen_at": now,
    }
    with empty.write() as connection:  # through the table as it was: today's has columns that the first had not
        first = Table("digests", MetaData(), *(Column(name, tables.digests.c[name].type) for name in digest))
        connection.execute(insert(first).values(digest))
    with pytest.raises(StorageError, match=r"schema 0001, .* `publisher db upgrade`"):
        migrate.prepare(empty)
    assert migrate.upgrade(empty) == ("0001", migrate.HEAD)
    migrate.prepare(empty)
    with empty.write() as connection:
        assert connection.scalar(select(tables.digests.c.content)) == {"title": "X"}
        inspection = {"digest_id": 7, "source_hash": "a" * 64, "conditions": "", "at": now}
        connection.execute(insert(tables.preflights).values(inspection | {"findings": [], "despite": []}))
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_upgrade_finds_how_many_mails_each_batch_has(empty: Database, now: datetime) -> None:
    """Two mailings planned at once have ids in turn on PostgreSQL: a range says nothing about a number."""
    _make_as_of(empty, "0002")
    at = now.strftime("%Y-%m-%d %H:%M:%S")
    with empty.write() as connection:
        for statement in (
            "INSERT INTO digests (id, newsletter, slug, title, date, state, content, source, source_hash, seen_at)"
            f" VALUES (1, 'daily', 'x', 'X', '2024-11-21', 'published', '{{}}', '', '', '{at}')",
            "INSERT INTO editions (id, digest_id, number, content, source_hash, subject, page, entry, created_at,"
            f" updated_at) VALUES (1, 1, 1, '{{}}', '', '', '', '', '{at}', '{at}')",
            *(
                f"INSERT INTO mailings (id, digest_id, edition_id, kind, state, actor, created_at)"
                f" VALUES ({number}, 1, 1, 'resend', 'running', 'op', '{at}')"
                for number in (1, 2)
            ),
            *(
                f"INSERT INTO deliveries (id, mailing_id, digest_id, subscriber_id, state, changed_at)"
                f" VALUES ({number}, {1 + number % 2}, 1, {number}, '{state}', '{at}')"
                for number, state in enumerate(("accepted", "pending", "failed", "pending", "accepted"), 1)
            ),
            "INSERT INTO batches (mailing_id, first_id, last_id) VALUES (2, 1, 3), (1, 2, 4), (2, 5, 5)",
        ):
            connection.exec_driver_sql(statement)
    migrate.upgrade(empty)
    with empty.read() as connection:
        assert list(connection.scalars(select(tables.batches.c.mails).order_by(tables.batches.c.id))) == [2, 2, 1]
        sums = [dict(Mailings(connection).counts(number)) for number in (1, 2)]
    assert sums == [{"pending": 2}, {"accepted": 2, "failed": 1}]


def test_an_upgrade_finds_the_sections_of_every_newest_edition(empty: Database, now: datetime) -> None:
    _make_as_of(empty, "0008")
    at = now.strftime("%Y-%m-%d %H:%M:%S")
    of_edition = {
        1: '{"sections": [{"slug": "courts", "name": "Courts"}]}',
        2: '{"sections": [{"slug": "arts", "name": "Arts"}, {"slug": "sport", "name": "Sport"}]}',
    }
    with empty.write() as connection:
        for digest in range(1, 131):
            connection.execute(
                text(
                    "INSERT INTO digests (id, newsletter, slug, title, date, state, content, source, source_hash,"
                    f" seen_at) VALUES ({digest}, 'daily', 'x{digest}', 'X', '2024-11-21', 'published', '{{}}',"
                    f" '', '', '{at}')"
                )
            )
            for number, content in of_edition.items():
                connection.execute(
                    text(
                        "INSERT INTO editions (id, digest_id, number, content, source_hash, subject, page, entry,"
                        f" created_at, updated_at) VALUES ({2 * digest + number}, {digest}, {number}, :content,"
                        f" '', '', '', '', '{at}', '{at}')"
                    ),
                    {"content": content},
                )
    migrate.upgrade(empty)
    columns = tables.digest_sections.c
    with empty.read() as connection:
        rows = connection.execute(
            select(
                columns.newsletter, columns.digest_id, columns.section, columns.name, columns.first_edition
            ).order_by(columns.digest_id, columns.position)
        ).all()
    assert len(rows) == 2 * 130
    assert [tuple(row) for row in rows[-2:]] == [
        ("daily", 130, "arts", "Arts", 261),
        ("daily", 130, "sport", "Sport", 261),
    ]


def test_three_processes_at_once_make_one_schema(empty: Database) -> None:
    url = empty.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _PREPARE, url]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    migrate.prepare(empty)


def test_an_older_schema_names_the_command_that_helps(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = migrate.HEAD
    monkeypatch.setattr(migrate, "HEAD", NEXT)
    with pytest.raises(StorageError, match=rf"schema {found}, .* needs {NEXT}.* `publisher db upgrade`"):
        migrate.prepare(sqlite_database)


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    _set_revision(database, "9999")
    for act in (migrate.prepare, migrate.upgrade):
        with pytest.raises(StorageError, match="schema 9999, which this version does not know"):
            act(database)


def test_a_foreign_database_is_left_alone(empty: Database) -> None:
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER)"))
    for act in (migrate.prepare, migrate.upgrade):
        with pytest.raises(StorageError, match="tables of something else, such as invoices"):
            act(empty)
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["invoices"]


def test_a_step_that_fails_leaves_nothing_behind(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run = migrate._run

    def fails(connection: Connection) -> None:
        run(connection)
        raise RuntimeError("on purpose")

    monkeypatch.setattr(migrate, "_run", fails)
    with pytest.raises(RuntimeError, match="on purpose"):
        migrate.prepare(empty)
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == []


def test_rebuilding_a_table_keeps_what_points_to_it(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite changes a table by copying it; dropping the old one must not delete rows elsewhere by CASCADE."""

    def rebuild(connection: Connection) -> None:
        for statement in (
            "CREATE TABLE new (id INTEGER PRIMARY KEY, email, email_key, created_at)",
            "INSERT INTO new SELECT id, email, email_key, created_at FROM subscribers",
            "DROP TABLE subscribers",
            "ALTER TABLE new RENAME TO subscribers",
        ):
            connection.execute(text(statement))

    with sqlite_database.write() as connection:
        person = {"id": 1, "email": "a@example.org", "email_key": "a@example.org", "created_at": now}
        connection.execute(insert(subscribers).values(person))
        consent = {"subscriber_id": 1, "newsletter": "daily", "act": "confirmed", "how": "form", "at": now}
        connection.execute(insert(consents).values(consent))
    found = migrate.HEAD
    monkeypatch.setattr(migrate, "HEAD", NEXT)
    monkeypatch.setattr(migrate, "_run", rebuild)
    assert migrate.upgrade(sqlite_database) == (found, NEXT)
    with sqlite_database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM consents")) == 1


def test_a_step_that_loses_what_is_pointed_to_is_undone(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(connection: Connection) -> None:
        connection.execute(text("DELETE FROM subscribers"))

    test_rebuilding_a_table_keeps_what_points_to_it(sqlite_database, now, monkeypatch)
    monkeypatch.setattr(migrate, "HEAD", "9998")
    monkeypatch.setattr(migrate, "_run", forget)
    with pytest.raises(StorageError, match="would leave a row of consents without what it points to"):
        migrate.upgrade(sqlite_database)
    with sqlite_database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM subscribers")) == 1


def test_foreign_keys_are_on_again_after_an_upgrade(sqlite_database: Database) -> None:
    migrate.upgrade(sqlite_database)
    with sqlite_database.read() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to have a header of its own" * 20)
    database = connect("sqlite:///notes.txt", tmp_path)
    with pytest.raises(StorageError, match="file is not a database"):
        migrate.prepare(database)
    database.close()
