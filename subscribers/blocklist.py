"""Suppressions as CSV: taken along from another product or another instance, and written out. Idempotent."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TextIO

from sqlalchemy import Connection, exists, insert, select

from publisher.errors import SubscriberError
from subscribers.addresses import normalise
from subscribers.csvrows import CsvRows, Row
from subscribers.exporting import harmless
from subscribers.hashing import is_keyed, is_ours, keyed
from subscribers.model import Suppression, SuppressionReason
from subscribers.peoplerows import unescaped
from subscribers.portable import among
from subscribers.suppression import standing, suppress, suppression_page
from subscribers.tables import subscribers, suppressions

COLUMNS = ("email", "newsletter", "reason", "detail", "created_at", "lifted_at", "lifted_by")

AT_ONCE = 500
PAGE = 2000
PROBLEMS_KEPT = 1000

_REASONS: Mapping[str, SuppressionReason] = {
    **{reason.value: reason for reason in SuppressionReason},
    "": SuppressionReason.OPERATOR,
    "bounce": SuppressionReason.BOUNCED,
    "hard": SuppressionReason.BOUNCED,
    "hard bounce": SuppressionReason.BOUNCED,
    "cleaned": SuppressionReason.BOUNCED,
    "undeliverable": SuppressionReason.BOUNCED,
    "complaint": SuppressionReason.COMPLAINED,
    "spam": SuppressionReason.COMPLAINED,
    "abuse": SuppressionReason.COMPLAINED,
    "blocklisted": SuppressionReason.OPERATOR,
    "unsubscribed": SuppressionReason.OPERATOR,
}
"""Words of other products for a reason."""

Write = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class BlockReport:
    """What became of the rows: newly forbidden, forbidden before, or bad, the first of which are told."""

    added: int = 0
    unchanged: int = 0
    bad: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


def import_suppressions(
    database_write: Write, source: Iterable[bytes], *, secret: bytes, detail: str, now: datetime
) -> BlockReport:
    """Forbid mailing every address of a file; an address that was erased here stays a hash.

    Args:
        database_write: gives a writing transaction.
        source: the file, opened for reading bytes: a column `email`, and if you like the others of COLUMNS.
        secret: the instance's.
        detail: what is kept with a row that says nothing itself, such as the file's name.
        now: aware UTC.

    Raises:
        SubscriberError: the file as a whole cannot be taken.
    """
    rows = CsvRows(source, "email")
    report = BlockReport()
    each = _suppressions(rows, secret, detail, now, report)
    hashes = False
    while batch := list(islice(each, AT_ONCE)):
        with database_write() as connection:
            for one in batch:
                done = _forbid(connection, one, secret)
                report.added += done
                report.unchanged += not done
                hashes = hashes or (done and is_keyed(one.email_key))
    if hashes:
        _block_the_living(database_write, secret, now)
    return report


def export_suppressions(connection: Connection, target: TextIO) -> int:
    """Write every suppression, lifted ones too, header first; how many there were. `target` has `newline=""`."""
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written, after = 0, 0
    while page := suppression_page(connection, lifted=True, after_id=after):
        for one in page:
            writer.writerow(_cells(one))
        written, after = written + len(page), page[-1].id
    return written


def _cells(one: Suppression) -> list[str]:
    began, ended = (moment.isoformat() if moment else "" for moment in (one.created_at, one.lifted_at))
    words = [one.email_key, one.newsletter or "", one.reason.value, harmless(one.detail)]
    return [*words, began, ended, harmless(one.lifted_by)]


def _suppressions(
    rows: CsvRows, secret: bytes, detail: str, now: datetime, report: BlockReport
) -> Iterator[Suppression]:
    place = {name: rows.columns.index(name) for name in rows.columns}
    for row in rows:
        try:
            yield _suppression(row, place, secret, detail, now)
        except SubscriberError as error:
            report.bad += 1
            if len(report.problems) < PROBLEMS_KEPT:
                report.problems.append((row.line, error.message))


def _suppression(row: Row, place: Mapping[str, int], secret: bytes, detail: str, now: datetime) -> Suppression:
    if row.problem:
        raise SubscriberError(row.problem)

    def cell(name: str) -> str:
        index = place.get(name, len(row.cells))
        return row.cells[index].strip() if index < len(row.cells) else ""

    written, word = cell("email"), cell("reason").lower()
    if is_keyed(written) and not is_ours(secret, written):
        raise SubscriberError("the hash was made by another instance's secret and recognises nobody here")
    if word not in _REASONS:
        raise SubscriberError(f'"{word[:40]}" is no reason; write bounced, complained, operator or erased')
    return Suppression(
        id=0,
        email_key=written if is_keyed(written) else normalise(written)[1],
        newsletter=cell("newsletter") or None,
        reason=_REASONS[word],
        detail=unescaped(cell("detail")) or detail,
        created_at=moment_of(cell("created at")) or now,
        lifted_at=moment_of(cell("lifted at")),
        lifted_by=unescaped(cell("lifted by")),
    )


def moment_of(text: str) -> datetime | None:
    """A moment of a file, ISO 8601; one without a zone is UTC, nothing is None.

    Raises:
        SubscriberError: it is none.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SubscriberError(f'"{text[:40]}" is no moment; write one like 2024-11-21T07:30:00+00:00') from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _forbid(connection: Connection, one: Suppression, secret: bytes) -> bool:
    if one.lifted_at is not None:
        return _remember(connection, one)
    if not is_keyed(one.email_key) and standing(connection, [keyed(secret, one.email_key)]):
        return False  # erased here, and forbidden by the hash: the address is not written down again
    return suppress(
        connection,
        one.email_key,
        newsletter=one.newsletter,
        reason=one.reason,
        detail=one.detail,
        now=one.created_at,
    )


def _remember(connection: Connection, one: Suppression) -> bool:
    """Keep one that was lifted elsewhere, as the record that it is; it forbids nothing."""
    row = suppressions.c
    same = exists().where(
        row.email_key == one.email_key, row.created_at == one.created_at, row.lifted_at == one.lifted_at
    )
    if connection.scalar(select(same)):
        return False
    values = {
        "email_key": one.email_key,
        "keyed": is_keyed(one.email_key),
        "newsletter": one.newsletter,
        "reason": one.reason,
        "detail": one.detail,
        "created_at": one.created_at,
        "lifted_at": one.lifted_at,
        "lifted_by": one.lifted_by,
    }
    connection.execute(insert(suppressions).values(values))
    return True


def _block_the_living(database_write: Write, secret: bytes, now: datetime) -> None:
    """Where a hash that came with a file is of somebody who is here, forbid their address as it is mailed."""
    after = 0
    while True:
        with database_write() as connection:
            person = subscribers.c
            query = select(person.id, person.email_key).where(person.id > after).order_by(person.id).limit(PAGE)
            people = connection.execute(query).all()
            if not people:
                return
            forms = {keyed(secret, key): key for _, key in people}
            row = suppressions.c
            held = select(row.email_key, row.newsletter, row.reason).where(
                among(connection, row.email_key, list(forms)), row.lifted_at.is_(None)
            )
            for form, newsletter, reason in connection.execute(held).all():
                suppress(
                    connection,
                    forms[form],
                    newsletter=newsletter,
                    reason=SuppressionReason(reason),
                    detail="known by its hash",
                    now=now,
                )
        after = people[-1].id
