"""The database fixture and its transactions."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, insert, select

from publisher.storage.database import Database
from publisher.storage.tables import settings


def test_each_test_starts_with_no_row(database: Database, now: datetime) -> None:
    assert now.tzinfo is not None
    with database.write() as connection:
        assert connection.scalar(select(func.count()).select_from(settings)) == 0
        connection.execute(insert(settings).values(name="a", value="1"))


@pytest.mark.parametrize("turn", range(10))
def test_each_test_has_a_database_of_its_own(database: Database, turn: int) -> None:
    with database.write() as connection:
        connection.execute(insert(settings).values(name="a", value=str(turn)))


def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), database.write() as connection:  # noqa: PT012
        connection.execute(insert(settings).values(name="a", value="1"))
        raise RuntimeError("on purpose")
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(settings)) == 0
