"""A person's mail goes to another address from now on: both addresses have said so before this is called."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select, update

from subscribers.consents import record
from subscribers.model import ConsentAct
from subscribers.suppression import suppressed_keys
from subscribers.tables import subscribers


class Moved(StrEnum):
    """What became of it. But for MOVED nothing was changed."""

    MOVED = "moved"
    ALREADY = "already"  # it is their address
    TAKEN = "taken"  # the new address has a person of its own, or must not be mailed
    GONE = "gone"  # nobody is there


def move(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    address: tuple[str, str],
    *,
    how: str,
    network: str,
    secret: bytes,
    now: datetime,
) -> Moved:
    """Mail a person at another address, and revoke the links in all earlier mails: they lie in the old mailbox.

    Args:
        connection: in a writing transaction that the caller owns.
        subscriber_id: who.
        newsletter: in whose name it is asked, for the consent log.
        address: that of `addresses.normalise`.
        how: the way it was asked for.
        network: where from, for the consent log.
        secret: the instance's.
        now: aware UTC.
    """
    email, email_key = address
    me = subscribers.c.id == subscriber_id
    mine = connection.execute(select(subscribers.c.email).where(me).with_for_update()).scalar()
    if mine is None:
        return Moved.GONE
    if mine == email:
        return Moved.ALREADY
    theirs = select(subscribers.c.id).where(
        subscribers.c.email_key == email_key, subscribers.c.id != subscriber_id
    )
    if connection.scalar(theirs) is not None or suppressed_keys(connection, [email_key], newsletter, secret):
        return Moved.TAKEN
    values = {"email": email, "email_key": email_key, "link_version": subscribers.c.link_version + 1}
    connection.execute(update(subscribers).where(me).values(values))
    record(connection, subscriber_id, newsletter, ConsentAct.CHANGED, how, network=network, at=now)
    return Moved.MOVED
