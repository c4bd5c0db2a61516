"""How the command line talks: tables for people, JSON for scripts, one line for everything else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from publisher.errors import visible

RIGHT = frozenset(
    {
        *("mails", "pending", "sending", "accepted", "deferred", "failed", "uncertain", "skipped", "count", "id"),
        *("delivered", "bounced", "complained"),
        *("requests", "conditional", "not_modified", "refused", "subscribers"),
    }
)
"""Columns of numbers, aligned at the right."""

LARGEST = 2**63 - 1
"""The largest number that a database knows; an option beyond it would be a fault of ours to people."""


def say(line: str = "") -> None:
    """One line of result. Whatever a title or a file's name holds, it does not steer the terminal."""
    print(visible(line), flush=True)


def warn(line: str) -> None:
    """One line of trouble, on the error stream."""
    print(visible(line), file=sys.stderr, flush=True)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def show_json(value: object) -> None:
    """`value` as indented JSON; moments as RFC 3339 in UTC."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain), flush=True)


def show_rows(rows: Iterable[Mapping[str, object]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """A listing: JSON with every key, or a table of `columns`; `empty` says what to do when there is nothing."""
    rows = list(rows)
    if as_json:
        show_json(rows)
        return
    if not rows:
        say(empty)
        return
    if not sys.stdout.isatty():
        _show_plain(rows, columns)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper(), justify="right" if column in RIGHT else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    Console(highlight=False, markup=False).print(table)


def _show_plain(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    """Columns padded with spaces, never wrapped: for pipes, `grep` and mail."""
    cells = [[column.upper() for column in columns]] + [[cell(row.get(c)) for c in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        padded = (
            text.rjust(width) if column in RIGHT else text.ljust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        )
        say("  ".join(padded).rstrip())


def cell(value: object) -> str:
    """A value as one cell; moments to the minute, lists with commas."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return visible(", ".join(map(str, value)))
    return visible(str(value))


def local(moment: datetime | None, timezone: str) -> datetime | None:
    """A moment on the newsletter's clock."""
    return None if moment is None else moment.astimezone(ZoneInfo(timezone))


def count(number: int, one: str, many: str = "") -> str:
    """`1 mail`, `2 mails`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")
