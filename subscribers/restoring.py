"""Our own export, taken back: whatever is not there is made as it was; whatever is there stays. Idempotent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, insert, select

from publisher.errors import SubscriberError
from subscribers import suppression
from subscribers.addresses import normalise
from subscribers.blocklist import moment_of
from subscribers.consents import truncated
from subscribers.csvrows import CsvRows
from subscribers.hashing import keyed
from subscribers.model import ConsentAct, SubscriptionState
from subscribers.peoplerows import PROBLEMS_KEPT, attributes_of, unescaped
from subscribers.portable import among, insert_missing
from subscribers.profile import clean_language, clean_name, clean_sections, clean_timezone
from subscribers.tables import consents, subscribers, subscriptions

AT_ONCE = 1000

_STATES = frozenset(state.value for state in SubscriptionState)
_ACTS = frozenset(act.value for act in ConsentAct)
_Made = TypeVar("_Made")

Write = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class RestoreReport:
    """What became of the rows. `left_out`: of people who were erased here, or are not here."""

    added: int = 0
    unchanged: int = 0
    left_out: int = 0
    bad: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


class _Row(NamedTuple):
    key: str
    person: Mapping[str, Any]
    standing: Mapping[str, Any]


def restore_subscriptions(
    database_write: Write, source: Iterable[bytes], *, newsletters: Collection[str], secret: bytes, now: datetime
) -> RestoreReport:
    """Make the subscriptions of an export that are not here; nobody who was erased comes back.

    Suppressed addresses come too: they are taken in after what suppresses them, which the mail asks about.

    Args:
        database_write: gives a writing transaction.
        source: `subscribers.csv` of an export, opened for reading bytes.
        newsletters: the slugs that there are.
        secret: the instance's.
        now: aware UTC; where a row has no moment.

    Raises:
        SubscriberError: the file as a whole cannot be taken.
    """
    rows = CsvRows(source, "email")
    report = RestoreReport()
    read = _read(rows, report, lambda cell: _subscription(cell, newsletters, now))
    while batch := list(islice(read, AT_ONCE)):
        with database_write() as connection:
            added, left_out = _make(connection, batch, secret)
        report.added += added
        report.left_out += left_out
        report.unchanged += len(batch) - added - left_out
    return report


def restore_consents(database_write: Write, source: Iterable[bytes]) -> RestoreReport:
    """Append the acts of an export that the consent log does not have; acts of nobody here are left out.

    Raises:
        SubscriberError: the file as a whole cannot be taken.
    """
    rows = CsvRows(source, "email")
    report = RestoreReport()
    read = _read(rows, report, _act)
    while batch := list(islice(read, AT_ONCE)):
        with database_write() as connection:
            added, left_out = _append(connection, batch)
        report.added += added
        report.left_out += left_out
        report.unchanged += len(batch) - added - left_out
    return report


def _read(rows: CsvRows, report: RestoreReport, make: Callable[[Callable[[str], str]], _Made]) -> Iterator[_Made]:
    for row in rows:

        def cell(name: str, cells: Sequence[str] = row.cells) -> str:
            index = rows.columns.index(name) if name in rows.columns else len(cells)
            return unescaped(cells[index]).strip() if index < len(cells) else ""

        try:
            if row.problem:
                raise SubscriberError(row.problem)
            yield make(cell)
        except SubscriberError as error:
            report.bad += 1
            if len(report.problems) < PROBLEMS_KEPT:
                report.problems.append((row.line, error.message))


def _subscription(cell: Callable[[str], str], newsletters: Collection[str], now: datetime) -> _Row:
    email, key = normalise(cell("email"))
    newsletter, state = cell("newsletter"), cell("state")
    if newsletter not in newsletters:
        raise SubscriberError(f'there is no newsletter "{newsletter[:40]}"')
    if state not in _STATES:
        raise SubscriberError(f'"{state[:40]}" is no state; write active, unconfirmed or left')
    sections = clean_sections(cell("sections"))
    created_at = moment_of(cell("created at")) or now
    person = {
        "email": email,
        "email_key": key,
        "name": clean_name(cell("name")),
        "language": clean_language(cell("language")),
        "timezone": clean_timezone(cell("timezone")),
        "attributes": attributes_of(cell("attributes")),
        "created_at": created_at,
    }
    standing = {
        "newsletter": newsletter,
        "state": state,
        "sections": list(sections) if sections else None,
        "paused_until": moment_of(cell("paused until")),
        "source": cell("source"),
        "created_at": created_at,
        "confirmed_at": moment_of(cell("confirmed at")),
        "left_at": moment_of(cell("left at")),
        "left_reason": cell("left reason"),
    }
    return _Row(key, person, standing)


def _make(connection: Connection, batch: Sequence[_Row], secret: bytes) -> tuple[int, int]:
    forms = {keyed(secret, row.key): row.key for row in batch}
    erased = {forms[form] for form in suppression.standing(connection, list(forms))}
    rows = [row for row in batch if row.key not in erased]
    if not rows:
        return 0, len(batch)
    # Of a person's rows the oldest says since when they are known.
    people = {row.key: row.person for row in sorted(rows, key=_known_since, reverse=True)}
    connection.execute(insert_missing(connection, subscribers), list(people.values()))
    ids = _ids(connection, list(people))
    theirs = among(connection, subscriptions.c.subscriber_id, list(ids.values()))
    known = set(
        map(
            tuple,
            connection.execute(select(subscriptions.c.subscriber_id, subscriptions.c.newsletter).where(theirs)),
        )
    )
    missing = {
        (ids[row.key], row.standing["newsletter"]): row.standing
        for row in reversed(rows)
        if (ids[row.key], row.standing["newsletter"]) not in known
    }
    if missing:
        made = [{"subscriber_id": id_, **standing} for (id_, _), standing in missing.items()]
        connection.execute(insert_missing(connection, subscriptions), made)
    return len(missing), len(batch) - len(rows)


def _known_since(row: _Row) -> datetime:
    since: datetime = row.person["created_at"]
    return since


def _act(cell: Callable[[str], str]) -> tuple[str, dict[str, Any]]:
    _, key = normalise(cell("email"))
    act, at = cell("act"), moment_of(cell("at"))
    if act not in _ACTS or at is None:
        raise SubscriberError("an act needs a word that is known and a moment")
    said = {"newsletter": cell("newsletter"), "act": act, "how": cell("how"), "at": at}
    return key, said | {"text": cell("text"), "network": truncated(cell("network"))}


def _append(connection: Connection, batch: Sequence[tuple[str, dict[str, Any]]]) -> tuple[int, int]:
    ids = _ids(connection, [key for key, _ in batch])
    log = consents.c
    columns = (log.subscriber_id, log.newsletter, log.act, log.how, log.at)
    theirs = among(connection, log.subscriber_id, list(ids.values()))
    known = set(map(tuple, connection.execute(select(*columns).where(theirs))))
    new = [{"subscriber_id": ids[key], **said} for key, said in batch if key in ids]
    missing = [row for row in new if tuple(row[column.name] for column in columns) not in known]
    if missing:
        connection.execute(insert(consents), missing)
    return len(missing), len(batch) - len(new)


def _ids(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    query = select(subscribers.c.email_key, subscribers.c.id).where(
        among(connection, subscribers.c.email_key, keys)
    )
    return {row.email_key: row.id for row in connection.execute(query)}
