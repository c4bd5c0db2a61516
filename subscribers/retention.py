"""What nobody confirmed is forgotten: sign-ups are kept for a while only, and a wish to leave for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, select, update

from subscribers.model import ConsentAct, SubscriptionState
from subscribers.portable import among
from subscribers.tables import consents, subscribers, subscriptions


def remove_unconfirmed(connection: Connection, before: datetime, most: int) -> int:
    """Forget sign-ups that nobody confirmed and that nothing was heard of since `before`; gives how many.

    Who had left before they signed up again has left, as they said then. Somebody of whom nothing else is known
    goes with their sign-up.

    Args:
        connection: in a writing transaction that the caller owns.
        before: aware UTC.
        most: how many at most; fewer than that means that there are no more.
    """
    for newsletter in _newsletters(connection):
        ids = _unconfirmed(connection, newsletter, before, most)
        if ids:
            gone = set(ids) - _back_to_left(connection, newsletter, ids)
            _forget(connection, newsletter, sorted(gone))
            return len(ids)
    return 0


def _newsletters(connection: Connection) -> Iterator[str]:
    """Every newsletter that anybody has signed up for, one look into the index each."""
    last = ""
    query = select(func.min(subscriptions.c.newsletter))
    while (found := connection.scalar(query.where(subscriptions.c.newsletter > last))) is not None:
        yield found
        last = found


def _unconfirmed(connection: Connection, newsletter: str, before: datetime, most: int) -> Sequence[int]:
    row = subscriptions.c
    since = exists().where(
        consents.c.subscriber_id == row.subscriber_id, consents.c.newsletter == newsletter, consents.c.at >= before
    )
    query = select(row.subscriber_id).where(
        row.newsletter == newsletter,
        row.state == SubscriptionState.UNCONFIRMED,
        row.created_at < before,
        ~since,
    )
    return list(connection.scalars(query.order_by(row.subscriber_id).limit(most)))


def _back_to_left(connection: Connection, newsletter: str, ids: Sequence[int]) -> set[int]:
    """Those of them who had left before stand there again; gives who."""
    said = consents.c
    query = (
        select(said.subscriber_id, func.max(said.at))
        .where(among(connection, said.subscriber_id, ids), said.newsletter == newsletter)
        .where(said.act == ConsentAct.LEFT)
        .group_by(said.subscriber_id)
    )
    left = {row[0]: row[1] for row in connection.execute(query)}
    for subscriber_id, at in left.items():
        mine = and_(subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.newsletter == newsletter)
        connection.execute(update(subscriptions).where(mine).values(state=SubscriptionState.LEFT, left_at=at))
    return set(left)


def _forget(connection: Connection, newsletter: str, ids: Sequence[int]) -> None:
    for table in (subscriptions, consents):
        theirs = and_(among(connection, table.c.subscriber_id, ids), table.c.newsletter == newsletter)
        connection.execute(delete(table).where(theirs))
    other = exists().where(subscriptions.c.subscriber_id == subscribers.c.id)
    connection.execute(delete(subscribers).where(among(connection, subscribers.c.id, ids), ~other))
