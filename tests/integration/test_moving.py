"""Taking people along: an export comes back as the same state, dry runs change nothing, kill -9 loses nothing."""

from __future__ import annotations

import csv
import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from publisher.errors import UsageError
from publisher.keeping.moving import FILES, Moving
from publisher.storage.database import Database
from subscribers import consents, erasure, preferences, suppression
from subscribers.hashing import keyed
from subscribers.model import SuppressionReason
from subscribers.tables import subscribers, subscriptions
from subscribers.traces import traces_of
from tests.instance import Instance
from tests.unit.subscribers.people import SECRET, add, everything, person_id

SLOW_ON_POSTGRES = True

ANNA, BERT, CARL, DORA = (f"{name}@example.org" for name in ("anna", "bert", "carl", "dora"))


def state_of(database: Database) -> dict[str, Any]:
    """Everything about people but the numbers of rows."""
    with database.read() as connection:
        people = connection.execute(select(subscribers, subscriptions).join_from(subscribers, subscriptions)).all()
        rows = [{**row._mapping, "id": 0, "subscriber_id": 0} for row in people]
        said = {
            row.email: [
                (each.newsletter, each.act, each.how, each.at, each.text, each.network)
                for each in consents.of_person(connection, row.id)
            ]
            for row in people
        }
        held = [
            (one.email_key, one.newsletter, one.reason, one.detail, one.created_at, one.lifted_at, one.lifted_by)
            for one in suppression.suppression_page(connection, lifted=True)
        ]
    return {"people": sorted(map(str, rows)), "said": said, "held": held}


def fill(database: Database, now: Any) -> None:
    add(
        database,
        ANNA,
        now,
        name="=Anna",
        language="de",
        sections=("courts",),
        text="Yes, please",
        network="192.0.2.1",
    )
    add(database, ANNA, now + timedelta(hours=1), "weekly", confirmed=False)
    add(database, BERT, now, timezone="Europe/Berlin")
    add(database, CARL, now)
    add(database, DORA, now, name="Dora Erased")
    with database.write() as connection:
        preferences.unsubscribe(
            connection, person_id(database, BERT), "daily", how="link", now=now, reason="-too long"
        )
        values = {"attributes": {"plan": "gold", "n": [1, None]}}
        connection.execute(update(subscribers).where(subscribers.c.email == ANNA).values(values))
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.newsletter == "daily")
            .values(paused_until=now + timedelta(9))
        )
        for newsletter, reason in ((None, SuppressionReason.BOUNCED), ("daily", SuppressionReason.OPERATOR)):
            suppression.suppress(connection, CARL, newsletter=newsletter, reason=reason, detail="=550", now=now)
        suppression.unsuppress(connection, CARL, newsletter="daily", by="op: a typo", now=now + timedelta(days=1))
        erasure.erase(connection, DORA, traces_of(DORA, name="Dora Erased"), SECRET, now)


def moving(database: Database) -> Moving:
    return Moving(database, SECRET, ["daily", "weekly"])


def test_an_export_comes_back_as_the_same_state(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path, now: Any
) -> None:
    """From SQLite to PostgreSQL and back into neither: twice changes nothing."""
    fill(sqlite_database, now)
    done = moving(sqlite_database).export(tmp_path / "out", None)
    assert (done.subscriptions, done.suppressions, done.consents) == (4, 3, 5)
    assert {stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in FILES} == {0o600}
    assert moving(postgres_database).restore(tmp_path / "out", now, dry_run=True)["subscribers.csv"].added == 4
    assert everything(postgres_database)["subscribers"] == []
    reports = moving(postgres_database).restore(tmp_path / "out", now, dry_run=False)
    assert [report.bad for report in reports.values()] == [0, 0, 0]
    assert state_of(postgres_database) == state_of(sqlite_database)
    for database in (postgres_database, sqlite_database):
        before = everything(database)
        reports = moving(database).restore(tmp_path / "out", now + timedelta(days=5), dry_run=False)
        assert [report.added for report in reports.values()] == [0, 0, 0]
        assert everything(database) == before


def test_an_export_brings_nobody_back_who_was_erased_since(database: Database, tmp_path: Path, now: Any) -> None:
    fill(database, now)
    moving(database).export(tmp_path / "out", None)
    with database.write() as connection:
        erasure.erase(connection, ANNA, traces_of(ANNA), SECRET, now)
    reports = moving(database).restore(tmp_path / "out", now, dry_run=False)
    assert ANNA not in {row[1] for row in everything(database)["subscribers"]}
    assert "left_out=2" in str(reports["subscribers.csv"])


def test_hashes_of_another_secret_are_told(database: Database, tmp_path: Path, now: Any) -> None:
    fill(database, now)
    moving(database).export(tmp_path / "out", None)
    other = Moving(database, b"another instance's secret", ["daily"])
    report = other.restore(tmp_path / "out", now, dry_run=True)["suppressions.csv"]
    assert (report.bad, "another instance's secret" in report.problems[0][1]) == (1, True)


def test_a_hash_that_comes_with_a_list_blocks_who_is_here(database: Database, tmp_path: Path, now: Any) -> None:
    add(database, ANNA, now)
    for name in FILES:
        (tmp_path / name).write_text("email\n")
    (tmp_path / "suppressions.csv").write_text(f"email,reason\n{keyed(SECRET, ANNA)},erased\n")
    moving(database).restore(tmp_path, now, dry_run=False)
    with database.read() as connection:
        assert suppression.standing(connection, [ANNA]) == {ANNA}


def test_a_folder_that_is_no_export_is_one_clear_line(sqlite_database: Database, tmp_path: Path, now: Any) -> None:
    with pytest.raises(UsageError, match=r"is no export: suppressions\.csv is missing"):
        moving(sqlite_database).restore(tmp_path, now, dry_run=False)


ROWS = 20_000


@pytest.mark.slow
def test_an_import_killed_in_the_middle_is_completed_by_the_next(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    path = tmp_path / "list.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("email", "name"), *((f"p{n}@example.org", f"P {n}") for n in range(ROWS))])
    with instance.opened() as app:
        database = app.database
        words = ("subscriber", "import", str(path), "--newsletter", "daily", "--confirmed")
        command = [sys.executable, "-m", "publisher", "--config", str(instance.config), *words]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as importer:
            while importer.poll() is None and not 0 < _people(database) < ROWS:
                pass
            os.kill(importer.pid, signal.SIGKILL)
        cut = _people(database)
        assert 0 < cut < ROWS
        assert _people(database, subscriptions) == cut
    again = instance(*words)
    assert f"{ROWS - cut:,} subscribers added".replace(",", " ") in again.out
    assert "1 row" not in again.err
    with instance.opened() as app:
        assert _people(app.database, subscriptions) == ROWS
        before = everything(app.database)
    assert "0 subscribers added, 0 updated" in instance(*words).out
    assert "Dry run, nothing is changed: list.csv: 0 subscribers added" in instance(*words, "--dry-run").out
    with instance.opened() as app:
        assert everything(app.database) == before
    path.write_text("email,name\nnew@example.org,New\np1@example.org,Other\nx,\n")
    told = instance(*words, "--dry-run")
    assert "1 subscriber added, 1 updated" in told.out
    assert f"{path}:4: " in told.err
    with instance.opened() as app:
        assert everything(app.database) == before


def _people(database: Database, table: Any = subscribers) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0
