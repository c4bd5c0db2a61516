"""What a person changes by the links in their mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from subscribers.consents import record
from subscribers.model import ConsentAct, SubscriptionState
from subscribers.tables import consents, subscriptions

REASON_LENGTH = 500


def unsubscribe(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    *,
    how: str,
    now: datetime,
    reason: str = "",
    text: str = "",
    network: str = "",
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
    record(connection, subscriber_id, newsletter, ConsentAct.LEFT, how, text=text, network=network, at=now)
    return True


def choose_sections(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    sections: tuple[str, ...] | None,
    *,
    how: str,
    now: datetime,
    text: str = "",
    network: str = "",
) -> bool:
    """Keep which sections a person wants, from the next mailing on; False when they left, or never were there.

    The consent log says that they chose, which no import overrules; the same choice again adds nothing to it.

    Args:
        connection: in a writing transaction that the caller owns.
        subscriber_id: who chooses.
        newsletter: its slug.
        sections: slugs; None is all of them, those that are still to come too.
        how: the way it was asked for ("preferences page").
        now: aware UTC.
        text: the words shown, for the consent log.
        network: the address of the request; see `consents.record`.

    Raises:
        ValueError: no section is chosen; who wants none leaves.
    """
    if sections is not None and not sections:
        raise ValueError("no section is chosen")
    mine = (subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.newsletter == newsletter)
    standing = select(subscriptions.c.state, subscriptions.c.sections).where(*mine).with_for_update()
    row = connection.execute(standing).first()
    if row is None or row.state == SubscriptionState.LEFT:
        return False
    same = (None if row.sections is None else tuple(row.sections)) == sections
    if same and _chose(connection, subscriber_id, newsletter):
        return True
    chosen = None if sections is None else list(sections)
    connection.execute(update(subscriptions).where(*mine).values(sections=chosen))
    record(connection, subscriber_id, newsletter, ConsentAct.CHANGED, how, text=text, network=network, at=now)
    return True


def _chose(connection: Connection, subscriber_id: int, newsletter: str) -> bool:
    acts = exists().where(
        consents.c.subscriber_id == subscriber_id,
        consents.c.newsletter == newsletter,
        consents.c.act == ConsentAct.CHANGED,
    )
    return bool(connection.scalar(select(acts)))
