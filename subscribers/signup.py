"""One person in: added by an operator or signing up, then confirmed by their own click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from subscribers import listing
from subscribers.addresses import normalise
from subscribers.consents import record
from subscribers.intake import Terms, come_back, confirm_subscription, take_in
from subscribers.model import ConsentAct, Intake, NewSubscriber, Subscriber, Subscription, SubscriptionState
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


class Reply(StrEnum):
    """What somebody is written whose address was given to a sign-up form."""

    CONFIRM = "confirm"  # a link to confirm: nothing is mailed before
    ALREADY = "already"  # the newsletter comes already


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a person agreed, for the consent log and the subscription.

    `text` is the sentence that they were shown, `network` their truncated network, `source` where the form stood.
    """

    how: str
    text: str = ""
    network: str = ""
    source: str = ""


def ask(
    connection: Connection,
    address: tuple[str, str],
    newsletter: str,
    language: str,
    evidence: Evidence,
    *,
    secret: bytes,
    now: datetime,
    once: bool = True,
) -> tuple[Reply, Subscriber] | None:
    """Somebody has given an address to a sign-up form, perhaps not their own; gives what its owner is written.

    None is nothing, for an address that must not be mailed. Nobody is subscribed by it, nothing that is known of a
    person changes, and who left stays away until they confirm. Again gives the same.

    Args:
        connection: in a writing transaction that the caller owns.
        address: that of `addresses.normalise`.
        newsletter: its slug.
        language: of a new person; empty is the newsletter's.
        evidence: for the consent log.
        secret: the instance's.
        now: aware UTC.
        once: this is the first time for this act; the log has an act once, however often it is tried.
    """
    email, email_key = address
    before = listing.by_key(connection, email_key)
    standing = listing.subscription(connection, before.id, newsletter) if before else None
    person = NewSubscriber(email, email_key, language="" if before else language)
    terms = _terms(newsletter, evidence, now, secret, confirmed=False)
    outcome = take_in(connection, [person], terms)[0]
    found = listing.by_key(connection, email_key)
    if outcome is Intake.SUPPRESSED or found is None:
        return None
    if standing is not None and standing.state is SubscriptionState.ACTIVE:
        return Reply.ALREADY, found
    if (
        standing is not None and once
    ):  # they wait for a confirmation already, or left: the log has that they asked again
        record(
            connection,
            found.id,
            newsletter,
            ConsentAct.SUBSCRIBED,
            evidence.how,
            text=evidence.text,
            network=evidence.network,
            at=now,
        )
    return Reply.CONFIRM, found


def confirm_link(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    asked_at: datetime,
    evidence: Evidence,
    *,
    secret: bytes,
    now: datetime,
) -> bool:
    """A person pressed the button behind their confirmation link, perhaps again; whether they are subscribed now.

    Who left after the link was made is not brought back by it.

    Args:
        connection: in a writing transaction that the caller owns.
        subscriber_id: whose link it is.
        newsletter: its slug.
        asked_at: when the link was made.
        evidence: for the consent log.
        secret: the instance's.
        now: aware UTC.
    """
    standing = listing.subscription(connection, subscriber_id, newsletter)
    if not confirmable(standing, asked_at):
        return False
    said = {"text": evidence.text, "network": evidence.network}
    confirm_subscription(connection, subscriber_id, newsletter, evidence.how, now, **said)
    come_back(connection, subscriber_id, _terms(newsletter, evidence, now, secret, confirmed=True))
    return True


def confirmable(standing: Subscription | None, asked_at: datetime) -> bool:
    """Whether a link that was made at a moment still leads to this subscription."""
    return standing is not None and (standing.left_at is None or standing.left_at < asked_at)


def _terms(newsletter: str, evidence: Evidence, now: datetime, secret: bytes, *, confirmed: bool) -> Terms:
    return Terms(
        newsletter,
        confirmed,
        evidence.how,
        evidence.source,
        now,
        secret,
        text=evidence.text,
        network=evidence.network,
    )
