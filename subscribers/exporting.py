"""Subscriptions as CSV (RFC 4180, UTF-8), in the shape that `importing` reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from subscribers.listing import Line

COLUMNS = (
    "email",
    "name",
    "language",
    "timezone",
    "sections",
    "newsletter",
    "state",
    "source",
    "created_at",
    "confirmed_at",
    "left_at",
)

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell."""


def export_csv(lines: Iterable[Line], target: TextIO) -> int:
    """Write subscriptions, header first; how many there were. Open `target` with `newline=""`.

    Moments are ISO 8601 in UTC, sections stand between `|`. A text that a spreadsheet would run as a formula gets
    an apostrophe in front, as spreadsheets themselves write it; `importing` takes it off again.
    """
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = 0
    for line in lines:
        writer.writerow(_cells(line))
        written += 1
    return written


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.email,
        _harmless(line.name),
        line.language,
        line.timezone,
        "|".join(line.sections or ()),
        line.newsletter,
        line.state.value,
        _harmless(line.source),
        _moment(line.created_at),
        _moment(line.confirmed_at),
        _moment(line.left_at),
    )


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat()
