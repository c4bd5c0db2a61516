"""What the database says of itself, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from publisher.editions import PublicationState
from publisher.errors import StorageError
from publisher.storage import tables
from publisher.storage.database import Database, connect
from publisher.storage.health import Health


def fill(database: Database, now: datetime) -> None:
    """A published digest, mailed by a sender that has not ended, and put nowhere yet."""
    common = {"created_at": now, "updated_at": now}
    with database.write() as connection:
        connection.execute(
            insert(tables.digests).values(
                newsletter="daily", slug="news", title="News", date=now.date(), state="published", content={},
                source="news.txt", source_hash="0", seen_at=now,
            )
        )  # fmt: skip
        connection.execute(
            insert(tables.editions).values(
                digest_id=1, number=1, content={}, source_hash="0", subject="News", page=b"", entry="", **common
            )
        )
        connection.execute(
            insert(tables.mailings).values(
                digest_id=1, edition_id=1, kind="scheduled", state="running", actor="schedule", created_at=now
            )
        )
        connection.execute(
            insert(tables.senders).values(
                id="s1", host="here", started_at=now + timedelta(minutes=1), lease_until=now + timedelta(minutes=2)
            )
        )
        connection.execute(insert(tables.batches).values(mailing_id=1, first_id=1, last_id=9))
        for number, state in enumerate(PublicationState):
            connection.execute(
                insert(tables.publications).values(
                    edition_id=1, target=f"endpoint:e{number}", state=state, changed_at=now
                )
            )


def test_an_empty_database_has_nothing_to_say(database: Database, now: datetime) -> None:
    health = Health(database)
    assert (health.newest(), health.senders(), health.unsent(now), health.open_publications()) == (
        None,
        [],
        [],
        [],
    )


def test_what_does_not_go_on_is_listed(database: Database, now: datetime) -> None:
    fill(database, now)
    health = Health(database)
    assert health.newest() == now + timedelta(minutes=1)
    assert health.senders() == [("s1", "here", now + timedelta(minutes=2))]
    assert health.unsent(now) == [1]
    found = health.open_publications()
    assert [(key, each.state, changed) for key, each, changed in found] == [
        ("daily/news", PublicationState.PENDING, now),
        ("daily/news", PublicationState.BEHIND, now),
    ]


def test_it_knows_its_version_and_how_it_keeps_its_pages(database: Database) -> None:
    health = Health(database)
    assert health.version() >= (3,)
    if health.is_sqlite:
        assert health.journal_mode() == "wal"
        assert health.damage(60) == ()
    else:
        assert health.has_checksums() in (True, False)


def test_reading_the_whole_file_ends_when_the_time_is_up(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database.write() as connection:
        rows = [{"at": now, "kind": "digest.held", "data": {}} for _ in range(5_000)]
        connection.execute(insert(tables.events), rows)
    monkeypatch.setattr("publisher.storage.health._STEPS", 10)
    health = Health(sqlite_database)
    assert health.damage(-1) is None
    assert health.damage(60) == ()  # and the connection is good for more


def test_it_answers_threads_at_once(database: Database, now: datetime) -> None:
    fill(database, now)
    health, found = Health(database), []
    threads = [threading.Thread(target=lambda: found.append(health.unsent(now))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [[1]] * 8


def test_a_server_that_is_not_there_is_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory) -> None:
    gone = connect("postgresql://nobody@127.0.0.1:1/nothing", tmp_path_factory.mktemp("gone"))
    with pytest.raises(StorageError):
        Health(gone).newest()
