"""Facts about the instance that no person writes, by name: the id of each feed, for example."""

from __future__ import annotations

from sqlalchemy import Connection, select

from publisher.storage.tables import facts
from subscribers.portable import insert_missing


class Facts:
    """Reads and writes facts on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """The fact, or None before it was first set."""
        return self._connection.scalar(select(facts.c.value).where(facts.c.name == name))

    def set_once(self, name: str, value: str) -> bool:
        """Set the fact; False, and no change, when it is set already."""
        statement = insert_missing(self._connection, facts).returning(facts.c.name)
        return self._connection.execute(statement, {"name": name, "value": value}).first() is not None
