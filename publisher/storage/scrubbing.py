"""Taking the traces of an erased person out of what the instance has written down about its own acts.

What editors published is not touched: a digest may name anybody. A test holds that every column which could hold
words is either here or named there with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, Table, Text, cast, func, or_, select, update

from publisher.storage.database import Database
from publisher.storage.feedback import FeedbackRows
from publisher.storage.tables import (
    alert_tellings,
    alerts,
    deliveries,
    digests,
    events,
    feedback,
    mailings,
    preflights,
    publications,
)
from subscribers.tables import subscribers, suppressions
from subscribers.traces import Traces

AT_ONCE = 500
"""Rows that one transaction changes."""

SCRUBBED: Mapping[Table, Sequence[str]] = {
    events: ("actor", "data"),
    mailings: ("actor", "reason"),
    digests: ("held_because", "withdrawn_because"),
    alerts: ("subject", "text", "remedy"),
    alert_tellings: ("error",),
    publications: ("error",),
    preflights: ("findings",),
    feedback: ("text", "raw", "type"),
    subscribers: ("attributes",),
    suppressions: ("detail", "lifted_by"),
}
"""Columns that people and servers write into, each in a table whose key is `id`."""

_OF_THEIR_MAILS = ("reason", "provider_id")


class Scrubbing:
    """Takes traces out of a database, in short transactions.

    Args:
        database: of the instance.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def scrub(self, traces: Traces, subscriber_id: int | None, form: str) -> int:
        """Take the traces of a person out; gives how many rows held some.

        Args:
            traces: what to look for.
            subscriber_id: whose mails are looked at, too; None when there is nobody any more.
            form: the keyed hash of their address.
        """
        forms = _forms(traces)
        with self._database.write() as connection:
            scrubbed = FeedbackRows(connection).forget(subscriber_id, form)
        for table, names in SCRUBBED.items():
            columns = [table.c[name] for name in names]
            query = select(table.c.id, *columns).where(or_(*(_holds(column, forms) for column in columns)))
            scrubbed += self._clean(table, query, columns, traces)
        if subscriber_id is not None:
            columns = [deliveries.c[name] for name in _OF_THEIR_MAILS]
            theirs = deliveries.c.subscriber_id == subscriber_id
            query = (
                select(deliveries.c.id, *columns)
                .join_from(mailings, deliveries, (deliveries.c.mailing_id == mailings.c.id) & theirs)
                .where(or_(*(_holds(column, forms) for column in columns)))
            )
            scrubbed += self._clean(deliveries, query, columns, traces)
        return scrubbed

    def _clean(self, table: Table, query: Select[Any], columns: Sequence[Column[Any]], traces: Traces) -> int:
        with self._database.read() as connection:
            rows = list(connection.execute(query.order_by(table.c.id)))
        changed = list(_changed(rows, columns, traces))
        for start in range(0, len(changed), AT_ONCE):
            with self._database.write() as connection:
                for id_, values in changed[start : start + AT_ONCE]:
                    connection.execute(update(table).where(table.c.id == id_).values(values))
        return len(changed)


def _changed(
    rows: Sequence[Row[Any]], columns: Sequence[Column[Any]], traces: Traces
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows in which something is found, and what their columns are without it."""
    for row in rows:
        held = list(row)[1:]
        cleaned = [traces.removed_from(value) for value in held]
        if cleaned != held:
            yield row.id, {column.name: value for column, value in zip(columns, cleaned, strict=True)}


def _holds(column: ColumnElement[Any], forms: Sequence[str]) -> ColumnElement[bool]:
    text = func.lower(cast(column, Text))
    return or_(*(text.contains(form, autoescape=True) for form in forms))


def _forms(traces: Traces) -> list[str]:
    """What the columns may hold, roughly: SQLite lowers ASCII alone, and JSON escapes what is beyond it."""
    spelled = [each for each in (*traces.addresses, traces.name) if each]
    cased = [form for each in spelled for form in (each.lower(), each, each.upper())]
    lowered = ["".join(sign.lower() if sign.isascii() else sign for sign in form) for form in cased]
    return list(dict.fromkeys(form for each in lowered for form in (each, json.dumps(each)[1:-1])))
