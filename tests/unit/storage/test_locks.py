"""Instance-wide locks: one holder, and none when the holder died."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from publisher.errors import StorageError
from publisher.storage.database import Database
from publisher.storage.locks import exclusive

_HOLD = """
import sys
from pathlib import Path
from publisher.storage.database import connect
from publisher.storage.locks import exclusive
with exclusive(connect(sys.argv[1], Path("/")), "run", root=Path("/")) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def _holder(database: Database) -> subprocess.Popen[str]:
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _HOLD, url]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_one_holder_at_a_time(database: Database, tmp_path: Path) -> None:
    with exclusive(database, "run", root=tmp_path) as first, exclusive(database, "run", root=tmp_path) as second:
        assert (first, second) == (True, False)
    with exclusive(database, "run", root=tmp_path) as again:
        assert again


def test_locks_of_different_names_do_not_meet(database: Database, tmp_path: Path) -> None:
    with exclusive(database, "run", root=tmp_path) as first, exclusive(database, "feeds", root=tmp_path) as other:
        assert first
        assert other


def test_a_lock_is_free_after_an_error_in_the_block(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), exclusive(database, "run", root=tmp_path):
        raise RuntimeError("on purpose")
    with exclusive(database, "run", root=tmp_path) as held:
        assert held


def test_a_killed_holder_frees_its_lock(database: Database, tmp_path: Path) -> None:
    with _holder(database) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with exclusive(database, "run", root=tmp_path) as held:
            assert not held
        holder.kill()
        holder.wait()
        with exclusive(database, "run", root=tmp_path, wait=10) as held:
            assert held


def test_waiting_gets_the_lock_when_the_holder_is_done(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as holder:
        assert holder.enter_context(exclusive(database, "run", root=tmp_path))
        monkeypatch.setattr(time, "sleep", lambda _seconds: holder.close())
        with exclusive(database, "run", root=tmp_path, wait=60) as held:
            assert held


def test_waiting_gives_up_when_the_holder_stays(database: Database, tmp_path: Path) -> None:
    with (
        exclusive(database, "run", root=tmp_path),
        exclusive(database, "run", root=tmp_path, wait=0.06) as held,
    ):
        assert not held


def test_locks_are_beside_the_database(sqlite_database: Database, tmp_path: Path) -> None:
    with exclusive(sqlite_database, "run", root=tmp_path) as held:
        assert held
    assert (tmp_path / "var" / "locks" / "run").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_line(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "var" / "locks").write_text("in the way")
    with (
        pytest.raises(StorageError, match=r"cannot make the lock run: .*Make .*locks writable"),
        exclusive(sqlite_database, "run", root=tmp_path),
    ):
        pass


@pytest.mark.parametrize("name", ["", "../x", "a b", "Run", "x" * 65])
def test_a_name_cannot_lead_elsewhere(sqlite_database: Database, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a lock"), exclusive(sqlite_database, name, root=tmp_path):
        pass
