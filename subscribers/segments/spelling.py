"""What an attribute says, in SQL, as SQLite and PostgreSQL spell it.

Each class is a function of columns; values reach the database as parameters only. `type` is a column that SQLite's
`json_each` has and PostgreSQL's has not: there the value knows it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class entries(FunctionElement[Any]):  # noqa: N801 - a function of SQL
    """A table of the attributes of a person: `entries(attributes).table_valued("key", "value", "type")`.

    One NUL in them, and there are none: PostgreSQL makes no text of it, and its error would be everybody's.
    """

    name = "entries"
    inherit_cache = True


class members(FunctionElement[Any]):  # noqa: N801 - a function of SQL
    """A table of the members of a JSON list: `members(list).table_valued("value", "type")`."""

    name = "members"
    inherit_cache = True


class lowered(FunctionElement[str]):  # noqa: N801
    """The letters A to Z in lower case, and no others, whatever the database's locale."""

    name = "lowered"
    type = String()
    inherit_cache = True


class place_in(FunctionElement[int]):  # noqa: N801
    """Where the second text begins in the first, from 1; 0: nowhere."""

    name = "place_in"
    inherit_cache = True


class kind_of(FunctionElement[str]):  # noqa: N801
    """`kind_of(type, value)`: string, number, boolean, null, array or object."""

    name = "kind_of"
    type = String()
    inherit_cache = True


class text_of(FunctionElement[str]):  # noqa: N801
    """`text_of(type, value)`: a string without quotes, `true`, `false`."""

    name = "text_of"
    type = String()
    inherit_cache = True


class list_of(FunctionElement[Any]):  # noqa: N801
    """`list_of(type, value)`: the value, and an empty list when it is none."""

    name = "list_of"
    inherit_cache = True


class number_of(FunctionElement[float]):  # noqa: N801
    """`number_of(type, value)`: see `evaluating.number_of`; NULL for what is no number."""

    name = "number_of"
    type = Float()
    inherit_cache = True


class date_of(FunctionElement[str]):  # noqa: N801
    """`date_of(type, value)`: the `2024-11-21` that a string begins with, compared by its characters; or NULL."""

    name = "date_of"
    type = String()
    inherit_cache = True


def _spelt(element: FunctionElement[Any], compiler: SQLCompiler, sql: str, options: dict[str, Any]) -> str:
    """`sql` with the function's arguments: {0}, {1}."""
    return sql.format(*(compiler.process(clause, **options) for clause in element.clauses))


_SQLITE_TEXT_IS_NUMBER = """
    (ltrim({1}, '-') NOT GLOB '*[^0-9]*' AND length(ltrim({1}, '-')) BETWEEN 1 AND 15
     OR ltrim({1}, '-') NOT GLOB '*[^0-9.]*' AND ltrim({1}, '-') NOT GLOB '*.*.*'
        AND instr(ltrim({1}, '-'), '.') BETWEEN 2 AND 10
        AND length(ltrim({1}, '-')) - instr(ltrim({1}, '-'), '.') BETWEEN 1 AND 6)
    AND length({1}) - length(ltrim({1}, '-')) <= 1
"""
"""At most one hyphen in front, then 15 digits at most, or 9, a point, and 6."""

_TEXT = "({1} #>> '{{}}')"
_POSTGRES_NUMBER = f"CAST({_TEXT} AS double precision)"
_SQLITE = {
    entries: "json_each(CASE instr({0}, '\\u0000') WHEN 0 THEN {0} ELSE '{{}}' END)",
    members: "json_each({0})",
    lowered: "lower({0})",
    place_in: "instr({0}, {1})",
    kind_of: "CASE {0} WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number'"
    " WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' ELSE {0} END",
    text_of: "CASE {0} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE {1} END",
    list_of: "CASE {0} WHEN 'array' THEN {1} ELSE '[]' END",
    number_of: "CASE WHEN {0} IN ('integer', 'real')"
    " THEN CASE WHEN {1} = 0 OR abs(CAST({1} AS REAL)) BETWEEN 1e-99 AND 1e15 THEN CAST({1} AS REAL) END"
    f" WHEN {{0}} = 'text' AND {_SQLITE_TEXT_IS_NUMBER} THEN CAST({{1}} AS REAL) END",
    date_of: "CASE WHEN {0} = 'text' AND {1} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
    " AND (length({1}) = 10 OR substr({1}, 11, 1) IN ('T', ' ')) THEN substr({1}, 1, 10) END",
}
_POSTGRES = {
    entries: "json_each(CASE strpos(CAST({0} AS text), '\\u0000') WHEN 0 THEN {0} ELSE CAST('{{}}' AS json) END)",
    members: "json_array_elements({0})",
    lowered: 'lower({0} COLLATE "C")',
    place_in: "strpos({0}, {1})",
    kind_of: "json_typeof({1})",
    text_of: _TEXT,
    list_of: "CASE json_typeof({1}) WHEN 'array' THEN {1} ELSE CAST('[]' AS json) END",
    # What is cast has been found to be a number that fits: an error would be one for everybody.
    number_of: "CASE WHEN json_typeof({1}) = 'number'"
    f" AND CAST({{1}} AS text) ~ '^-?[0-9]{{{{1,16}}}}([.][0-9]{{{{1,25}}}})?([eE][-+]?[0-9]{{{{1,2}}}})?$'"
    f" THEN CASE WHEN {_POSTGRES_NUMBER} = 0 OR abs({_POSTGRES_NUMBER}) BETWEEN 1e-99 AND 1e15"
    f" THEN {_POSTGRES_NUMBER} END"
    " WHEN json_typeof({1}) = 'string' AND CAST({1} AS text)"
    " ~ '^\"-?([0-9]{{1,15}}|[0-9]{{1,9}}[.][0-9]{{1,6}})\"$'"
    f" THEN {_POSTGRES_NUMBER} END",
    date_of: "CASE WHEN json_typeof({1}) = 'string'"
    " AND CAST({1} AS text) ~ '^\"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[\"T ]'"
    ' THEN substr(CAST({1} AS text), 2, 10) END COLLATE "C"',
}


def _register(function: type[FunctionElement[Any]], dialect: str, sql: str) -> None:
    @compiles(function, dialect)
    def spell(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> str:
        return _spelt(element, compiler, sql, options)


for _dialect, _spellings in (("sqlite", _SQLITE), ("postgresql", _POSTGRES)):
    for _function, _sql in _spellings.items():
        _register(_function, _dialect, _sql)
