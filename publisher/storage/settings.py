"""Facts about the instance that no person writes, by name: the generation of the site, for example."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from publisher.storage.tables import settings
from subscribers.portable import insert_missing


class Facts:
    """Reads and writes facts on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """The fact, or None before it was first set."""
        return self._connection.scalar(select(settings.c.value).where(settings.c.name == name))

    def set(self, name: str, value: str) -> None:
        """Set the fact, whatever it was."""
        if not self.set_once(name, value):
            self._connection.execute(update(settings).where(settings.c.name == name).values(value=value))

    def set_once(self, name: str, value: str) -> bool:
        """Set the fact; False, and no change, when it is set already."""
        statement = insert_missing(self._connection, settings).returning(settings.c.name)
        return self._connection.execute(statement, {"name": name, "value": value}).first() is not None
