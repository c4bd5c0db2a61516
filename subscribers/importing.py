"""Subscribers from a CSV file of any size, in one pass and flat memory.

Good rows go in, a few thousand per transaction; bad ones are told with their line and stop nothing. Importing the
same file again changes nothing, also after the first time was cut short. Of rows with the same address the first
counts: otherwise two that differ would take turns at every import.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from publisher.errors import SubscriberError
from subscribers.addresses import normalise
from subscribers.csvrows import CsvRows, Row, column_names
from subscribers.exporting import COLUMNS, FORMULA
from subscribers.intake import AT_ONCE, Terms, take_in
from subscribers.model import Intake, NewSubscriber, SubscriptionState
from subscribers.profile import clean_language, clean_name, clean_sections, clean_timezone

PROBLEMS_KEPT = 1000
"""So many bad rows are told one by one; beyond, they are counted."""

Write = Callable[[], AbstractContextManager[Connection]]

_Read = tuple[NewSubscriber, bool]
"""A person, and whether the file calls them unconfirmed."""

_OURS = frozenset(COLUMNS) | frozenset(column_names(COLUMNS))
"""Columns that are no attributes: those of our own export, as they are written and as they are compared."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows. `left_out`: unsubscribed, suppressed, or no subscriber here by the file itself.

    `duplicates` are rows whose address an earlier row had; `problems` the first bad rows as (line, reason).
    """

    added: int
    updated: int
    unchanged: int
    left_out: int
    duplicates: int
    bad: int
    problems: tuple[tuple[int, str], ...]


def import_csv(
    database_write: Write,
    source: Iterable[bytes],
    *,
    newsletter: str,
    confirmed: bool,
    source_name: str,
    secret: bytes,
    now: datetime,
    progress: Callable[[int], object] = lambda done: None,
) -> ImportReport:
    """Subscribe everybody in a CSV file to a newsletter.

    The header names the columns in any order and case: email, and if you like name, language, timezone and
    sections; others are kept as attributes. Of the columns of our own export, `state` and `newsletter` are
    obeyed: who left there stays out, who had not confirmed is not confirmed by it.

    Args:
        database_write: gives a writing transaction, as `Database.write` does; each takes a part of a second.
        source: the file, opened for reading bytes.
        newsletter: the slug of the newsletter.
        confirmed: they all agreed already; otherwise nobody is mailed before confirming.
        source_name: the file's name, for the consent log.
        secret: the instance's; by it the suppressions of erased people are found.
        now: aware UTC.
        progress: told how many bytes of the file are done.

    Raises:
        SubscriberError: the file as a whole cannot be taken; nothing was imported.
    """
    rows = CsvRows(source, "email")
    reader = _Reader(rows.columns, newsletter)
    terms = Terms(newsletter, confirmed, f"import {source_name}", source_name, now, secret)
    counts: Counter[Intake] = Counter()
    duplicates = 0
    with _Seen() as seen:
        while batch := list(islice(reader.people(rows), AT_ONCE)):
            new = seen.first([person.email_key for person, _ in batch])
            duplicates += len(batch) - len(new)
            with database_write() as connection:
                counts.update(_take_in(connection, [batch[index] for index in new], terms))
            progress(rows.bytes_read)
    progress(rows.bytes_read)
    return ImportReport(
        added=counts[Intake.ADDED],
        updated=counts[Intake.UPDATED],
        unchanged=counts[Intake.UNCHANGED],
        left_out=counts[Intake.LEFT] + counts[Intake.SUPPRESSED] + reader.left_out,
        duplicates=duplicates,
        bad=reader.bad,
        problems=tuple(reader.problems),
    )


def _take_in(connection: Connection, batch: Sequence[_Read], terms: Terms) -> list[Intake]:
    """Take in a batch: those whom the file calls unconfirmed on that term, the others on the import's."""
    agreed = [person for person, unconfirmed in batch if not unconfirmed]
    waiting = [person for person, unconfirmed in batch if unconfirmed]
    return take_in(connection, agreed, terms) + take_in(connection, waiting, replace(terms, confirmed=False))


class _Reader:
    """Rows into people; keeps count of those that are none."""

    def __init__(self, columns: tuple[str, ...], newsletter: str) -> None:
        twice = next((name for name in columns if name in _OURS and columns.count(name) > 1), None)
        if twice is not None:
            raise SubscriberError(f'the column "{twice}" is there twice', remedy="Rename or remove one", line=1)
        place = {name: columns.index(name) if name in columns else -1 for name in _OURS}
        self._email, self._name, self._language, self._timezone, self._sections = (
            place[name] for name in ("email", "name", "language", "timezone", "sections")
        )
        self._state, self._of = place["state"], place["newsletter"]
        self._others = [(index, name) for index, name in enumerate(columns) if name and name not in _OURS]
        self._width = len(columns)
        self._newsletter = newsletter
        self.left_out = 0
        self.bad = 0
        self.problems: list[tuple[int, str]] = []

    def people(self, rows: Iterable[Row]) -> Iterator[_Read]:
        """Each person that the file wants taken in, and whether it calls them unconfirmed."""
        for row in rows:
            try:
                found = self._person(row)
            except SubscriberError as error:
                self.bad += 1
                if len(self.problems) < PROBLEMS_KEPT:
                    self.problems.append((row.line, error.message))
                continue
            if found is None:
                self.left_out += 1
            else:
                yield found

    def _person(self, row: Row) -> _Read | None:
        """A person of the file; None for one whom it calls no subscriber of this newsletter."""
        if row.problem:
            raise SubscriberError(row.problem)
        cells = row.cells
        missing = self._width - len(cells)
        if missing < 0 and any(cells[self._width :]):
            raise SubscriberError(f"the row has {len(cells)} cells, the header {self._width}")
        cells += [""] * (missing + 1)  # one more: what index -1, a column that is not there, finds
        if not cells[self._email].strip():
            raise SubscriberError("the row has no address")
        email, key = normalise(cells[self._email])
        if cells[self._of] not in ("", self._newsletter) or cells[self._state] == SubscriptionState.LEFT:
            return None
        name = cells[self._name]
        person = NewSubscriber(
            email,
            key,
            clean_name(name[1:] if name[:1] == "'" and name[1:].startswith(FORMULA) else name),
            clean_language(cells[self._language]),
            clean_timezone(cells[self._timezone]),
            clean_sections(cells[self._sections]),
            {column: said for index, column in self._others if (said := cells[index].strip())},
        )
        return person, cells[self._state] == SubscriptionState.UNCONFIRMED


class _Seen:
    """The keys that the file had so far: in a temporary database on disk, so that memory stays flat."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA cache_size=-16000",
            "CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID",
        ):
            self._database.execute(statement)

    def __enter__(self) -> _Seen:
        return self

    def __exit__(self, *_error: object) -> None:
        self._database.close()

    def first(self, keys: Sequence[str]) -> list[int]:
        """The places in `keys` of those that come here for the first time."""
        known = "SELECT key FROM seen WHERE key IN (SELECT value FROM json_each(?))"
        seen = {key for (key,) in self._database.execute(known, (json.dumps(keys),))}
        first: dict[str, int] = {}
        for index, key in enumerate(keys):
            if key not in seen:
                first.setdefault(key, index)
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO seen VALUES (?)", ((key,) for key in sorted(first)))
        self._database.execute("COMMIT")
        return list(first.values())
