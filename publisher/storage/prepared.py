"""Statements compiled once a process, for what a sender does for every few mails of a million.

SQLAlchemy spends more on one execution of such a statement (finding it again, a new context, its parameters) than
the database on running it, several times a window. Here that is done once, and the driver gets text and values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]


class Prepared:
    """A statement in a database's own words. Its `bindparam`s get their values with each execution, all of them.

    Args:
        statement: one without lists of varying length (`IN` over a parameter).
        dialect: the database's.
    """

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - other things than SQL compile as well
        self._sql = str(compiled)
        self._positions = compiled.positiontup
        binds = {name: compiled.binds[name] for name in compiled.params}
        self._processes: dict[str, Callable[[Any], Any]] = {
            name: process
            for name, bind in binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._constants = self._driven({name: bind.value for name, bind in binds.items() if not bind.required})

    def rows(self, connection: Connection, values: Values) -> Sequence[Sequence[Any]]:
        """Run it; gives rows as the driver has them: JSON and moments are not read."""
        return connection.exec_driver_sql(self._sql, self._parameters(self._constants, values)).fetchall()

    def change(self, connection: Connection, values: Values) -> int:
        """Run it; gives how many rows it changed."""
        return connection.exec_driver_sql(self._sql, self._parameters(self._constants, values)).rowcount

    def change_each(self, connection: Connection, rows: Iterable[Values], shared: Values) -> None:
        """Run it for each of `rows`; the values of `shared` are the same for all."""
        common = self._constants | self._driven(shared)
        connection.exec_driver_sql(self._sql, [self._parameters(common, values) for values in rows])

    def _driven(self, values: Values) -> dict[str, Any]:
        """Values as the driver takes them."""
        processes = self._processes
        return {name: processes[name](value) if name in processes else value for name, value in values.items()}

    def _parameters(self, common: Values, values: Values) -> Any:
        known = {**common, **self._driven(values)}
        return known if self._positions is None else tuple([known[name] for name in self._positions])


@lru_cache(maxsize=64)
def prepared(dialect: Dialect, build: Callable[..., ClauseElement], *arguments: Any) -> Prepared:
    """What `build(*arguments)` makes, prepared once for each database."""
    return Prepared(build(*arguments), dialect)
