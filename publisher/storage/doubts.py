"""Deliveries that are uncertain: what is needed to find out what became of them, and the proof written down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from publisher.ledger import Delivery, DeliveryState, Doubt, Outcome, sources_of
from publisher.storage.leases import is_state
from publisher.storage.tables import deliveries, mailings
from subscribers.tables import subscribers

_UNCERTAIN = DeliveryState.UNCERTAIN


class Doubts:
    """Reads and settles on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_mailing(self, mailing_id: int) -> list[Doubt]:
        """The uncertain deliveries of a mailing by number; not those of people who were erased since."""
        query = (
            select(
                deliveries.c.id,
                deliveries.c.subscriber_id,
                subscribers.c.email,
                subscribers.c.name,
                subscribers.c.link_version,
                deliveries.c.sections,
                deliveries.c.attempts,
                deliveries.c.replies_to,
                deliveries.c.changed_at,
                deliveries.c.sender_id,
                deliveries.c.provider_id,
                mailings.c.edition_id,
                mailings.c.again,
            )
            .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.mailing_id == mailing_id, is_state(deliveries, _UNCERTAIN))
            .order_by(deliveries.c.id)
        )
        return [
            Doubt(
                Delivery(
                    row.id,
                    row.subscriber_id,
                    row.email,
                    row.name,
                    row.link_version,
                    None if row.sections is None else tuple(row.sections),
                    row.attempts,
                    row.replies_to,
                    mailing_id if row.again else 0,
                ),
                row.edition_id,
                row.changed_at,
                row.sender_id or "",
                row.provider_id,
            )
            for row in self._connection.execute(query)
        ]

    def settle(self, outcomes: Iterable[Outcome], now: datetime) -> int:
        """Write proofs down; gives how many. What is not uncertain any more stays as it is."""
        changed = 0
        for outcome in outcomes:
            if _UNCERTAIN not in sources_of(outcome.state):
                continue
            mine = (deliveries.c.id == outcome.delivery_id, is_state(deliveries, _UNCERTAIN))
            values = {
                "state": str(outcome.state),
                "code": outcome.code,
                "reason": outcome.text,
                "provider_id": outcome.provider_id,
                "changed_at": now,
            }
            changed += self._connection.execute(update(deliveries).where(*mine).values(values)).rowcount
        return changed
