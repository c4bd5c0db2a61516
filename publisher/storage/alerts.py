"""What is wrong, since when, and who was told, as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, literal, or_, select, union, update

from publisher.storage.tables import alert_tellings, alerts
from subscribers.portable import insert_missing


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """One row of alerts."""

    id: int
    kind: str
    subject: str
    text: str
    remedy: str
    began_at: datetime
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredTelling:
    """One alert for one carrier, that has not been told all of it."""

    id: int
    told_at: datetime | None
    told_in: str
    attempts: int
    due_at: datetime | None
    alert: StoredAlert


_COLUMNS = tuple(alerts.c[field.name] for field in fields(StoredAlert))
_TELLING = tuple(alert_tellings.c[name] for name in ("id", "told_at", "told_in", "attempts", "due_at"))


class Alerts:
    """Reads and writes alerts on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self) -> list[StoredAlert]:
        """What is wrong as far as we know, the oldest first."""
        query = select(*_COLUMNS).where(alerts.c.over_at.is_(None)).order_by(alerts.c.id)
        return [StoredAlert(*row) for row in self._connection.execute(query)]

    def begin(self, kind: str, subject: str, text: str, remedy: str, now: datetime) -> bool:
        """Record that something is wrong; False, and no change, when that is known."""
        row = {"kind": kind, "subject": subject, "text": text, "remedy": remedy, "began_at": now}
        statement = insert_missing(self._connection, alerts).values(row).returning(alerts.c.id)
        return self._connection.execute(statement).first() is not None

    def end(self, ids: Collection[int], now: datetime) -> None:
        """Record that these are over."""
        still = (alerts.c.id.in_(ids), alerts.c.over_at.is_(None))
        self._connection.execute(update(alerts).where(*still).values(over_at=now))

    def expect(self, carriers: Iterable[str]) -> None:
        """Have each carrier tell what is open."""
        for carrier in carriers:
            there = select(alert_tellings.c.alert_id).where(alert_tellings.c.carrier == carrier)
            missing = select(alerts.c.id, literal(carrier)).where(
                alerts.c.over_at.is_(None), alerts.c.id.not_in(there)
            )
            names = ("alert_id", "carrier")
            self._connection.execute(insert(alert_tellings).from_select(names, missing))

    def untold(self, carrier: str, since: datetime) -> list[StoredTelling]:
        """What a carrier has not told yet, the oldest first; what was over before `since` no longer matters."""
        over = alerts.c.over_at
        query = (
            select(*_TELLING, *_COLUMNS)
            .join_from(alert_tellings, alerts, alerts.c.id == alert_tellings.c.alert_id)
            .where(alert_tellings.c.carrier == carrier)
            .where(
                or_(
                    over.is_(None) & alert_tellings.c.told_at.is_(None),
                    (over >= since) & alert_tellings.c.over_told_at.is_(None),
                )
            )
            .order_by(alerts.c.id)
        )
        return [_telling(tuple(row)) for row in self._connection.execute(query)]

    def told(self, ids: Sequence[int], message: str, now: datetime, *, over: bool) -> None:
        """Record that a message has told these: that they began, or that they are over."""
        names = ("over_told_at", "over_told_in") if over else ("told_at", "told_in")
        values = dict(zip(names, (now, message), strict=True)) | {"attempts": 0, "due_at": None, "error": ""}
        self._connection.execute(update(alert_tellings).where(alert_tellings.c.id.in_(ids)).values(values))

    def not_told(self, ids: Sequence[int], error: str, due_at: datetime) -> None:
        """Record a failed attempt, and when the next one is due."""
        attempts = alert_tellings.c.attempts + 1
        values = {"attempts": attempts, "due_at": due_at, "error": error}
        self._connection.execute(update(alert_tellings).where(alert_tellings.c.id.in_(ids)).values(values))

    def messages(self, carrier: str, since: datetime) -> int:
        """How many messages a carrier has carried since."""
        mine = alert_tellings.c.carrier == carrier
        found = union(
            select(alert_tellings.c.told_in).where(mine, alert_tellings.c.told_at > since),
            select(alert_tellings.c.over_told_in).where(mine, alert_tellings.c.over_told_at > since),
        ).subquery()
        return self._connection.scalar(select(func.count()).select_from(found)) or 0


def _telling(row: tuple[Any, ...]) -> StoredTelling:
    number, told_at, told_in, attempts, due_at, *alert = row
    return StoredTelling(number, told_at, told_in, attempts, due_at, StoredAlert(*alert))
