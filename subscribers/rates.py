"""How often the same may be asked for: a pure decision over the moments of earlier tries, and the tries as rows.

A row holds a keyed hash of whose try it was and the moment, and nothing else: without the instance's secret it
names nobody. Only what was allowed is kept, so that a flood writes no more rows than it is allowed tries.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from subscribers.tables import tries

KEPT = timedelta(days=1)
"""No limit looks further back."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `number` in any `span`."""

    number: int
    span: timedelta


HOUR, DAY = timedelta(hours=1), KEPT

CONFIRMATIONS = (Limit(1, HOUR), Limit(3, DAY))
"""Mails about one newsletter to one address that strangers can cause."""

NETWORK = (Limit(30, HOUR), Limit(200, DAY))
"""Sign-ups from one network: an office or a school goes through, a flood does not."""

FRESH_LINKS = (Limit(3, HOUR), Limit(10, DAY))
"""Fresh links for one person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A key, and how often it may ask."""

    key: str
    limits: Sequence[Limit]


def allowed(limits: Iterable[Limit], earlier: Sequence[datetime], now: datetime) -> bool:
    """Whether another try is within every limit. What lies ahead of `now` counts: a clock was set back."""
    return all(sum(at > now - limit.span for at in earlier) < limit.number for limit in limits)


def key_of(secret: bytes, kind: str, *whose: str) -> str:
    """Under what a try is kept: the same for the same, and telling nothing to whoever has not the secret."""
    return hmac.digest(secret, "\0".join(("publisher: tries", kind, *whose)).encode(), "sha256").hex()


def refused(connection: Connection, asked: Sequence[Asked], now: datetime) -> Asked | None:
    """The first of these that may not ask again yet; None when all may."""
    return next(
        (each for each in asked if not allowed(each.limits, _earlier(connection, each.key, now), now)), None
    )


def keep(connection: Connection, asked: Sequence[Asked], now: datetime) -> None:
    """Remember a try of each, and forget those that no limit looks back to."""
    connection.execute(delete(tries).where(tries.c.at < now - KEPT))
    connection.execute(insert(tries), [{"key": each.key, "at": now} for each in asked])


def _earlier(connection: Connection, key: str, now: datetime) -> list[datetime]:
    return list(connection.scalars(select(tries.c.at).where(tries.c.key == key, tries.c.at > now - KEPT)))
