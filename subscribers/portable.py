"""What SQLite and PostgreSQL spell differently: many values as one parameter, INSERT of the missing.

One parameter, however many values: no limit on parameters is met, and nothing is done per value in Python.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Table,
    Text,
    any_,
    cast,
    func,
    literal,
    select,
    text,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

EVERY = text("1 = 1")
"""Asked of every INSERT ... SELECT of the missing: without a WHERE, SQLite reads ON CONFLICT as part of a join."""


def insert_missing(connection: Connection, table: Table) -> Insert:
    """An INSERT that leaves out the rows whose unique key is there already."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # late: only that of the database there is

        return sqlite.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table).on_conflict_do_nothing()


def among(connection: Connection, tested: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether `tested` is one of these texts or numbers."""
    if connection.dialect.name == "sqlite":
        return tested.in_(select(func.json_each(json.dumps(list(values))).table_valued("value").c.value))
    return tested == any_(literal(list(values), ARRAY(tested.type)))


def listed(
    connection: Connection, columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Sequence[Any]]
) -> FromClause:
    """A table to select from: these rows of texts, numbers and None, under these names.

    A column of type JSON is given as text that holds JSON already.
    """
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(rows)).table_valued("value").c.value
        cells: list[ColumnElement[Any]] = [
            type_coerce(func.json_extract(each, f"$[{place}]"), type_)
            for place, type_ in enumerate(columns.values())
        ]
    else:
        carried = [Text() if isinstance(type_, JSON) else type_ for type_ in columns.values()]
        arrays = (literal([row[place] for row in rows], ARRAY(type_)) for place, type_ in enumerate(carried))
        unnested = func.unnest(*arrays).table_valued(*columns).render_derived()
        cells = [cast(unnested.c[name], type_) for name, type_ in columns.items()]
    return select(*(cell.label(name) for name, cell in zip(columns, cells, strict=True))).subquery()
