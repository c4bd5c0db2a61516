"""What a person changes by the links in their mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from subscribers.intake import log_consents
from subscribers.model import ConsentAct, SubscriptionState
from subscribers.tables import subscriptions

REASON_LENGTH = 500


def unsubscribe(
    connection: Connection, subscriber_id: int, newsletter: str, *, how: str, now: datetime, reason: str = ""
) -> bool:
    """End a subscription, confirmed or not; whether anything changed. Again, or for nobody, changes nothing.

    `how` is the way it was asked for ("link in mail", "one-click"); `reason` what the person wrote, cut short.
    A mailing under way obeys it: each window asks again before it leaves.
    """
    statement = update(subscriptions).where(
        subscriptions.c.subscriber_id == subscriber_id,
        subscriptions.c.newsletter == newsletter,
        subscriptions.c.state != SubscriptionState.LEFT,
    )
    left = statement.values(state=SubscriptionState.LEFT, left_at=now, left_reason=reason[:REASON_LENGTH])
    if not connection.execute(left).rowcount:
        return False
    log_consents(connection, [subscriber_id], newsletter, ConsentAct.LEFT, how, now)
    return True
