"""What a person changes by the links in their mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from subscribers.consents import record
from subscribers.model import ConsentAct, SubscriptionState
from subscribers.tables import consents, subscribers, subscriptions

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


def tell_reason(connection: Connection, subscriber_id: int, newsletter: str, reason: str) -> bool:
    """Keep why somebody left, in their words and cut short; False, and no change, for one who has not left."""
    words = " ".join("".join(each if each.isprintable() else " " for each in reason).split())
    statement = update(subscriptions).where(
        subscriptions.c.subscriber_id == subscriber_id,
        subscriptions.c.newsletter == newsletter,
        subscriptions.c.state == SubscriptionState.LEFT,
    )
    return bool(connection.execute(statement.values(left_reason=words[:REASON_LENGTH])).rowcount)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person says about themselves, checked by `profile`; `paused_until` None is no pause."""

    name: str
    language: str
    timezone: str
    paused_until: datetime | None


def describe(
    connection: Connection, subscriber_id: int, newsletter: str, said: Profile, *, how: str, now: datetime
) -> bool:
    """Keep what a person says about themselves, and how long this newsletter shall rest; whether anything changed.

    The consent log says that they chose, which no import overrules.
    """
    person = update(subscribers).where(
        subscribers.c.id == subscriber_id,
        (subscribers.c.name != said.name)
        | (subscribers.c.language != said.language)
        | (subscribers.c.timezone != said.timezone),
    )
    told = {"name": said.name, "language": said.language, "timezone": said.timezone}
    changed = connection.execute(person.values(told)).rowcount
    pause = update(subscriptions).where(
        subscriptions.c.subscriber_id == subscriber_id,
        subscriptions.c.newsletter == newsletter,
        subscriptions.c.paused_until.is_distinct_from(said.paused_until),
    )
    changed += connection.execute(pause.values(paused_until=said.paused_until)).rowcount
    if changed:
        record(connection, subscriber_id, newsletter, ConsentAct.CHANGED, how, at=now)
    return bool(changed)


def _chose(connection: Connection, subscriber_id: int, newsletter: str) -> bool:
    acts = exists().where(
        consents.c.subscriber_id == subscriber_id,
        consents.c.newsletter == newsletter,
        consents.c.act == ConsentAct.CHANGED,
    )
    return bool(connection.scalar(select(acts)))
