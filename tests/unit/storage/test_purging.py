"""What is left of deleted rows in files: found wherever it lies, and not taken for somebody else's."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from publisher.errors import StorageError
from publisher.storage import purging
from publisher.storage.database import Database
from tests.unit.subscribers.people import add

NEEDLE = b"anna@example.org"
BLOCK = 1 << 20


@pytest.mark.parametrize("place", [0, BLOCK - 20, BLOCK - 8, BLOCK - 1, BLOCK, BLOCK + 5])
def test_a_trace_is_found_across_blocks_and_a_longer_word_is_none(tmp_path: Path, place: int) -> None:
    theirs, others = tmp_path / "theirs", tmp_path / "others"
    theirs.write_bytes(b"-" * place + NEEDLE.upper() + b"-" * 50)
    others.write_bytes(b"-" * place + b"joanna@example.org" + b"-" * 50)
    files = [theirs, others, tmp_path / "gone"]
    assert purging.holding(files, [NEEDLE], [b"joanna@example.org"]) == [theirs]
    assert purging.holding(files, [NEEDLE]) == [theirs, others]


def test_other_peoples_longer_addresses_are_known(database: Database, now: datetime) -> None:
    for address in ("Joanna@example.org", "anna@example.org.uk", "bert@example.org", "anna@example.org"):
        add(database, address, now)
    found = purging.longer(database, [NEEDLE])
    assert found == [b"Joanna@example.org", b"anna@example.org.uk", b"joanna@example.org"]


def test_what_lies_in_unused_pages_goes_with_writing_anew(sqlite_database: Database) -> None:
    path = purging.files_of(sqlite_database)[0]
    careless = sqlite3.connect(path)
    careless.execute("PRAGMA secure_delete=OFF")
    careless.execute("CREATE TABLE old (said TEXT)")
    careless.executemany("INSERT INTO old VALUES (?)", [(NEEDLE.decode() * 30,)] * 200)
    careless.commit()
    careless.execute("DROP TABLE old")
    careless.commit()
    careless.close()
    purging.empty_log(sqlite_database)
    assert purging.holding(purging.files_of(sqlite_database), [NEEDLE]) == [path]
    purging.rewrite(sqlite_database)
    assert purging.holding(purging.files_of(sqlite_database), [NEEDLE]) == []


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="a file of the instance cannot be read"):
        purging.holding([tmp_path], [NEEDLE])
