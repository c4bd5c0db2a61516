"""Subscriptions and consents as CSV (RFC 4180, UTF-8), as `importing` and `restoring` read them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from sqlalchemy import Connection, select

from subscribers.listing import PAGE, Line
from subscribers.tables import consents, subscribers

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
    "left_reason",
    "paused_until",
    "attributes",
)

CONSENT_COLUMNS = ("email", "newsletter", "act", "how", "at", "text", "network")

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


def export_consents(connection: Connection, newsletter: str | None, target: TextIO) -> int:
    """Write the consent log, of one newsletter when given, as it was said; how many acts there were."""
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(CONSENT_COLUMNS)
    said = consents.c
    query = select(subscribers.c.email, said.newsletter, said.act, said.how, said.at, said.text, said.network)
    query = query.join_from(consents, subscribers, subscribers.c.id == said.subscriber_id).order_by(said.id)
    if newsletter is not None:
        query = query.where(said.newsletter == newsletter)
    written = 0
    for email, of, act, how, at, text, network in connection.execute(query, execution_options={"yield_per": PAGE}):
        writer.writerow((email, of, act, harmless(how), _moment(at), harmless(text), network))
        written += 1
    return written


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.email,
        harmless(line.name),
        line.language,
        line.timezone,
        "|".join(line.sections or ()),
        line.newsletter,
        line.state.value,
        harmless(line.source),
        _moment(line.created_at),
        _moment(line.confirmed_at),
        _moment(line.left_at),
        harmless(line.left_reason),
        _moment(line.paused_until),
        json.dumps(line.attributes, ensure_ascii=False) if line.attributes else "",
    )


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat()
