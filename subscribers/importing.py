"""Subscribers from a CSV file of any size, in one pass and flat memory.

Good rows go in, a few thousand per transaction; bad ones are told with their line and stop nothing. Importing the
same file again changes nothing, also after the first time was cut short. Of rows with the same address the first
counts: otherwise two that differ would take turns at every import.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from subscribers.csvrows import CsvRows
from subscribers.departing import take_out
from subscribers.intake import AT_ONCE, Terms, take_in
from subscribers.model import Intake, Standing
from subscribers.peoplerows import PeopleReader, Read

Write = Callable[[], AbstractContextManager[Connection]]

_MAY_COME = (Standing.AGREED, Standing.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows. `left_out`: unsubscribed or suppressed here, or of another newsletter.

    `left` and `suppressed`: who left, or must not be mailed, by the file, and now is not mailed here. `product`:
    whose list it is. `duplicates` are rows whose address an earlier row had; `problems` the first bad rows as
    (line, reason).
    """

    added: int
    updated: int
    unchanged: int
    left_out: int
    duplicates: int
    bad: int
    problems: tuple[tuple[int, str], ...]
    left: int = 0
    suppressed: int = 0
    product: str = ""


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
    sections; others are kept as attributes. Lists of other products are known by their columns (`shapes`). What
    the file says against mailing somebody holds, whatever else is said: who left there has left here.

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
    reader = PeopleReader(rows.columns, newsletter, source_name)
    terms = Terms(newsletter, confirmed, f"import {source_name}", source_name, now, secret)
    counts: Counter[Intake] = Counter()
    duplicates = 0
    with _Seen() as seen:
        while batch := list(islice(reader.people(rows), AT_ONCE)):
            first = seen.first([person.email_key for person, _ in batch])
            with database_write() as connection:
                done = _take(connection, batch, first, terms)
            counts.update(done)
            duplicates += len(batch) - len(done)
            progress(rows.bytes_read)
    progress(rows.bytes_read)
    return ImportReport(
        added=counts[Intake.ADDED],
        updated=counts[Intake.UPDATED],
        unchanged=counts[Intake.UNCHANGED],
        left=counts[Intake.DEPARTED],
        suppressed=counts[Intake.FORBIDDEN],
        left_out=counts[Intake.LEFT] + counts[Intake.SUPPRESSED] + reader.left_out,
        duplicates=duplicates,
        bad=reader.bad,
        problems=tuple(reader.problems),
        product=reader.shape.product,
    )


def _take(connection: Connection, batch: Sequence[Read], first: Sequence[int], terms: Terms) -> list[Intake]:
    """Take in a batch: those whom the file calls unconfirmed on that term, the others on the import's.

    Whoever the file calls gone is taken out last, wherever that is said: of two rows that differ, mail loses.
    """
    taken = [batch[index] for index in first if batch[index][1] in _MAY_COME]
    agreed = [person for person, standing in taken if standing is Standing.AGREED]
    waiting = [person for person, standing in taken if standing is Standing.UNCONFIRMED]
    gone = [read for read in batch if read[1] not in _MAY_COME]
    done = take_in(connection, agreed, terms) + take_in(connection, waiting, replace(terms, confirmed=False))
    return done + take_out(connection, gone, terms)


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
