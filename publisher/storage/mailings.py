"""The mailings, as rows, and what their deliveries add up to. Deliveries move in `publisher.storage.ledger`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from publisher.errors import StorageError
from publisher.ledger import DeliveryState, Failure, Mailing, MailingKind, MailingState
from publisher.storage import tallies
from publisher.storage.tables import deliveries, mailings
from subscribers.portable import insert_missing
from subscribers.segments.frozen import Frozen, from_data
from subscribers.tables import subscribers

_COLUMNS = tuple(mailings.c[field.name] for field in fields(Mailing))
_OVER = (MailingState.DONE, MailingState.CANCELLED)


class Mailings:
    """Reads and writes mailings on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        digest_id: int,
        edition_id: int,
        kind: MailingKind,
        state: MailingState,
        actor: str,
        reason: str,
        selection: Sequence[int] | None,
        now: datetime,
        act: str = "",
        token: str | None = None,
        again: bool = False,
        segment: Frozen | None = None,
    ) -> int | None:
        """Add a mailing; gives its id, or None when the digest has its scheduled one, or the token is taken.

        `selection` is a resend's frozen list of subscriber ids; None means the newsletter's audience, as far as it
        is in the `segment`.
        """
        row = {
            "digest_id": digest_id,
            "edition_id": edition_id,
            "kind": kind,
            "state": state,
            "actor": actor,
            "reason": reason,
            "selection": None if selection is None else list(selection),
            "created_at": now,
            "act": act,
            "token": token,
            "again": again,
            "segment": None if segment is None else segment.as_data(),
        }
        statement = insert_missing(self._connection, mailings).values(row).returning(mailings.c.id)
        return self._connection.execute(statement).scalar_one_or_none()

    def get(self, mailing_id: int) -> Mailing:
        """The mailing with this id.

        Raises:
            StorageError: there is none.
        """
        found = self._many(mailings.c.id == mailing_id)
        if not found:
            raise StorageError(f"there is no mailing {mailing_id}", mailing=mailing_id)
        return found[0]

    def by_token(self, token: str) -> Mailing | None:
        """The resend that was ordered with this token."""
        return next(iter(self._many(mailings.c.token == token)), None)

    def selection(self, mailing_id: int) -> Sequence[int]:
        """The subscriber ids that a resend was ordered for; empty for a mailing to the whole audience."""
        query = select(mailings.c.selection).where(mailings.c.id == mailing_id)
        return self._connection.execute(query).scalar_one() or ()

    def all(self, digest_id: int | None = None) -> list[Mailing]:
        """Every mailing, of one digest when given; the newest first."""
        return self._many(*([] if digest_id is None else [mailings.c.digest_id == digest_id]))[::-1]

    def waiting(self) -> list[Mailing]:
        """The mailings that wait for their pages, the oldest first."""
        return self._many(mailings.c.state == MailingState.WAITING)

    def set_state(
        self, mailing_id: int, state: MailingState, from_states: Collection[MailingState], now: datetime
    ) -> bool:
        """Move a mailing to `state`; False, and no change, when it is in none of `from_states`.

        The first move to RUNNING is its start, one to DONE or CANCELLED its end.
        """
        values: dict[str, Any] = {"state": state}
        if state is MailingState.RUNNING:
            values["started_at"] = func.coalesce(mailings.c.started_at, now)
        if state in _OVER:
            values["finished_at"] = now
        wanted = (mailings.c.id == mailing_id, mailings.c.state.in_(sorted(from_states)))
        return self._connection.execute(update(mailings).where(*wanted).values(values)).rowcount == 1

    def counts(self, mailing_id: int) -> Mapping[DeliveryState, int]:
        """How many deliveries stand where; states without any are left out.

        Most are pending or accepted, a million perhaps, and those are not counted: see docs/design/storage.md.
        """
        found: Counter[str] = Counter()
        for name, number in self._connection.execute(tallies.of_mailing(), {"w_mailing": mailing_id}):
            found[name] += int(number or 0)  # PostgreSQL sums to a Decimal
        return tallies.counts(found)

    def failures(self, mailing_id: int, limit: int | None = None, *, after_id: int = 0) -> list[Failure]:
        """The deliveries that did not go well, by id: at most `limit` of those after the delivery `after_id`."""
        columns = deliveries.c
        query = (
            select(
                columns.id.label("delivery_id"),
                columns.subscriber_id,
                func.coalesce(subscribers.c.email, "").label("email"),  # "" when erased since
                columns.state,
                columns.code,
                columns.reason,
                columns.attempts,
                columns.due_at,
            )
            .outerjoin_from(deliveries, subscribers, subscribers.c.id == columns.subscriber_id)
            .where(columns.mailing_id == mailing_id, tallies.troubled(), columns.id > after_id)
            .order_by(columns.id)
            .limit(limit)
        )
        found = (row._asdict() for row in self._connection.execute(query))
        return [Failure(**row | {"state": DeliveryState(row["state"])}) for row in found]

    def _many(self, *wanted: Any) -> list[Mailing]:
        query = select(*_COLUMNS).where(*wanted).order_by(mailings.c.id)
        return [_record(row) for row in self._connection.execute(query)]


def _record(row: Row[Any]) -> Mailing:
    found = row._asdict()
    words = {"kind": MailingKind(found["kind"]), "state": MailingState(found["state"])}
    return Mailing(**found | words | {"segment": from_data(found["segment"])})
