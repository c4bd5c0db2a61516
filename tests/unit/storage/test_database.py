"""The database's transactions, and what it says when it does not work."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from traceback import format_exception

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from publisher.errors import ConfigError, StorageError
from publisher.storage import database as storage
from publisher.storage.database import Database, connect
from publisher.storage.tables import facts, publications, senders


def _set(database: Database, name: str, value: str) -> None:
    with database.write() as connection:
        connection.execute(insert(facts).values(name=name, value=value))


def _count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(facts)) or 0


def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    def fails() -> None:
        with database.write() as connection:
            connection.execute(insert(facts).values(name="a", value="1"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fails()
    assert _count(database) == 0


def test_reading_sees_one_snapshot(database: Database) -> None:
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(facts)) == 0
        _set(database, "a", "1")
        assert connection.scalar(select(func.count()).select_from(facts)) == 0
    assert _count(database) == 1


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError, match="read"), database.read() as connection:
        connection.execute(insert(facts).values(name="a", value="1"))
    _set(database, "a", "1")  # and the connection can be written on again
    assert _count(database) == 1


def test_a_writer_that_read_first_waits_for_the_other(database: Database) -> None:
    """On SQLite a deferred transaction would fail here at once; ours starts as a writer."""
    _set(database, "n", "0")
    for turn in range(20):
        with database.write() as connection:
            value = int(connection.scalar(select(facts.c.value).where(facts.c.name == "n")) or "")
            assert value == turn
            connection.execute(update(facts).values(value=str(value + 1)))


def test_a_locked_database_is_one_clear_line(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0)
    url = sqlite_database.engine.url.render_as_string()
    other = connect(url, Path.cwd())
    with (
        sqlite_database.write(),
        pytest.raises(
            StorageError, match=r"does not answer: database is locked\. Look at \[storage\] url"
        ) as caught,
        other.write(),
    ):
        pass
    assert not caught.value.permanent
    other.close()


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (
            "PRAGMA max_page_count = 1",
            r"database or disk is full\. Make room on its disk, then run it again: it goes on",
        ),
        ("PRAGMA query_only = ON", r"attempt to write a readonly database\. Let the publisher's user write"),
    ],
)
def test_a_full_disk_and_a_file_that_cannot_be_written_say_what_helps(
    sqlite_database: Database, trouble: str, told: str
) -> None:
    rows = [{"name": f"{number}", "value": "x" * 500} for number in range(200)]

    def write() -> None:
        with sqlite_database.write() as connection:
            connection.exec_driver_sql(trouble)
            connection.execute(insert(facts), rows)

    with pytest.raises(StorageError, match=told) as caught:
        write()
    assert not caught.value.permanent


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    database = connect(f"postgresql://nobody@/x?host={tmp_path}", tmp_path)
    with pytest.raises(StorageError, match="the database does not answer"), database.read():
        pass
    database.close()


def test_a_wrong_statement_is_not_called_an_outage(database: Database) -> None:
    _set(database, "a", "1")
    with pytest.raises(IntegrityError):
        _set(database, "a", "2")


def test_what_points_to_nothing_is_refused(database: Database, now: datetime) -> None:
    row = {"edition_id": 5, "target": "endpoint:site", "state": "pending", "changed_at": now}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(publications).values(row))


@pytest.mark.parametrize(
    ("url", "message"),
    [("nonsense", "not an address"), ("mysql://x/y", "not known"), ("postgresql+asyncpg://x/y", "not known")],
)
def test_an_unusable_address_names_the_key(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^storage\.url: .*{message}"):
        connect(url, tmp_path)


def test_a_relative_path_starts_at_the_instance(tmp_path: Path) -> None:
    database = connect("sqlite:///deep/er/x.db", tmp_path)
    with database.write():
        pass
    database.close()
    assert (tmp_path / "deep" / "er" / "x.db").exists()


def test_sqlite_is_as_safe_as_the_ledger_needs(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        found = [
            connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_moments_come_back_as_aware_utc(database: Database, now: datetime) -> None:
    moment = now + timedelta(microseconds=1)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with database.write() as connection:
        connection.execute(insert(senders).values(id="s", host="h", started_at=elsewhere, lease_until=now))
        found = connection.execute(select(senders.c.started_at, senders.c.ended_at)).one()
        later = connection.scalar(select(func.count()).where(senders.c.started_at > now))
    assert tuple(found) == (moment, None)
    assert found.started_at.tzinfo is UTC
    assert later == 1


def test_a_naive_moment_is_refused(database: Database, now: datetime) -> None:
    statement = select(publications).where(publications.c.changed_at > now.replace(tzinfo=None))
    with pytest.raises(StatementError, match="naive moment"), database.read() as connection:
        connection.execute(statement)


def test_another_error_while_switching_to_wal_is_not_waited_out() -> None:
    closed = sqlite3.connect(":memory:")
    closed.close()
    with pytest.raises(sqlite3.ProgrammingError):
        storage._use_wal(closed)


def test_utc_is_what_the_fixture_says(now: datetime) -> None:
    assert now.tzinfo is UTC


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://daily:planted@127.0.0.1/x",
        "postgresql+psycopg://daily@127.0.0.1/x?password=planted",
        "postgresql+psycopg://daily@127.0.0.1/x?sslpassword=planted&sslmode=require",
    ],
)
def test_an_open_database_shows_no_password(tmp_path: Path, url: str) -> None:
    database = connect(url, tmp_path)
    shown = (
        f"{database!r} {database.engine!r} {database.engine.url} {database.engine.url!r} {database.engine.pool!r}"
    )
    assert "planted" not in shown
    _, options = database.engine.dialect.create_connect_args(database.engine.url)
    assert "127.0.0.1" in options.values()
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://daily:planted@host:planted/x",
        "postgresql+psycopg://daily:planted/x",
        "postgresql+psycopg://daily:x@planted@host/x",
        "mysql://daily:planted@host/x",
        "daily:planted@host",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"storage\.url: .*Write ") as refused:
        connect(url, tmp_path)
    assert "planted" not in "".join(format_exception(refused.value))
