"""One person in: added by an operator or signing up, then confirmed by their own click."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from subscribers.addresses import normalise
from subscribers.intake import Terms, confirm_subscription, take_in
from subscribers.model import Intake, NewSubscriber
from subscribers.profile import clean_language, clean_name, clean_timezone


def add(
    connection: Connection,
    email: str,
    newsletter: str,
    *,
    name: str = "",
    language: str = "",
    timezone: str = "",
    sections: tuple[str, ...] | None = None,
    confirmed: bool,
    how: str,
    source: str = "",
    now: datetime,
    secret: bytes,
    resubscribe: bool = False,
    text: str = "",
    network: str = "",
) -> Intake:
    """Subscribe an address to a newsletter; again changes nothing.

    Args:
        connection: in a writing transaction that the caller owns.
        email: as written; it is normalised here.
        newsletter: its slug.
        name: and `language`, `timezone`: empty where nothing is known; a known value is not erased by it.
        sections: slugs; None is all of them.
        confirmed: they agreed already; otherwise they are mailed only after `confirm`.
        how: the way they agreed, for the consent log.
        source: where they come from.
        now: aware UTC.
        secret: the instance's; by it the suppression of somebody who was erased is found.
        resubscribe: somebody who left comes back; only when the person asked for it.
        text: the words that they were shown, for the consent log.
        network: the address of their request, for the consent log; see `consents.record`.

    Raises:
        SubscriberError: the address, name, language or time zone cannot be taken.
    """
    address, key = normalise(email)
    person = NewSubscriber(
        address, key, clean_name(name), clean_language(language), clean_timezone(timezone), sections
    )
    terms = Terms(newsletter, confirmed, how, source, now, secret, resubscribe, text, network)
    return take_in(connection, [person], terms)[0]


def confirm(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    *,
    how: str,
    now: datetime,
    text: str = "",
    network: str = "",
) -> bool:
    """Make an unconfirmed subscription active; False when there was none to confirm. See `consents.record`."""
    return confirm_subscription(connection, subscriber_id, newsletter, how, now, text=text, network=network)
