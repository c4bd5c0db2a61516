"""Forgetting a person: their rows go, and a keyed hash of the address stays, so that no list brings them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from subscribers import listing, outbox
from subscribers.hashing import keyed
from subscribers.model import SuppressionReason
from subscribers.suppression import suppress
from subscribers.tables import subscribers, suppressions
from subscribers.traces import Traces


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased. `known`: there was a person with the address; `suppressed`: it was not blocked before."""

    known: bool
    suppressed: bool


def erase(connection: Connection, email_key: str, traces: Traces, secret: bytes, now: datetime) -> Erased:
    """Delete a person with subscriptions and consents, and block the address by its hash; again changes nothing.

    What forbade mailing the address goes on doing so, under the hash. Deliveries stay: they name nobody.

    Args:
        connection: in a writing transaction that the caller owns.
        email_key: of `addresses.normalise`.
        traces: of the person, taken out of what suppressions say.
        secret: the instance's.
        now: aware UTC.
    """
    person = listing.by_key(connection, email_key)
    outbox.forget(connection, person.id if person else None, email_key)
    if person is not None:
        connection.execute(delete(subscribers).where(subscribers.c.id == person.id))
    form = keyed(secret, email_key)
    _hide_suppressions(connection, email_key, form, traces)
    done = suppress(connection, form, newsletter=None, reason=SuppressionReason.ERASED, detail="", now=now)
    return Erased(person is not None, done)


def _hide_suppressions(connection: Connection, email_key: str, form: str, traces: Traces) -> None:
    row = suppressions.c
    query = select(row.id, row.detail, row.lifted_by).where(row.email_key.in_([email_key, form]))
    for id_, detail, lifted_by in connection.execute(query).all():
        words = {"detail": traces.removed(detail), "lifted_by": traces.removed(lifted_by)}
        hidden = update(suppressions).where(row.id == id_)
        connection.execute(hidden.values(email_key=form, keyed=True, **words))
