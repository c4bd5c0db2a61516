"""Taking people in, one or thousands: what happens to each is decided here, then written with few statements.

A person's own word counts more than a list's: who left is not subscribed again, a suppressed address is left
alone, and what somebody chose themselves (a `changed` act in the consent log) is not overwritten. Silence in a
list erases nothing. Taking in the same people again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import JSON, Connection, Text, and_, case, exists, false, literal, select, update
from sqlalchemy.types import TypeEngine

from subscribers.consents import record, record_all
from subscribers.model import ConsentAct, Intake, NewSubscriber, SubscriptionState
from subscribers.portable import EVERY, among, insert_missing, listed
from subscribers.suppression import suppressed_keys
from subscribers.tables import Id, UTCDateTime, consents, subscribers, subscriptions

AT_ONCE = 2500
"""How many people one call takes in at most: a transaction of some tenths of a second."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms people are taken in.

    `confirmed`: they agreed already. `how` is the way they agreed, for the consent log; `source` where they come
    from. `resubscribe`: those who left come back; never for a list, only when the person asked for it. `text` are
    the words they were shown, `network` the address of their request: both for the consent log. `secret` is the
    instance's: by it suppressions of erased people are found.
    """

    newsletter: str
    confirmed: bool
    how: str
    source: str
    now: datetime
    secret: bytes = field(repr=False)
    resubscribe: bool = False
    text: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds about a person. `state` None: no subscription to the newsletter."""

    id: int
    name: str
    language: str
    timezone: str
    attributes: Mapping[str, Any]
    state: SubscriptionState | None
    sections: tuple[str, ...] | None
    chose: bool
    """Whether the person ever chose for themselves."""
    back: bool = False
    """Whether they left, and signed up again without confirming it yet; or somebody did in their name."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one person; `profile` holds changed columns of `subscribers`."""

    outcome: Intake
    profile: Mapping[str, Any] = field(default_factory=dict)
    subscribe: bool = False
    come_back: bool = False
    confirm: bool = False
    sections: tuple[str, ...] | None = None


_NEW = Decision(Intake.ADDED, subscribe=True)

_PERSON: Mapping[str, TypeEngine[Any]] = {
    "email": Text(),
    "email_key": Text(),
    "name": Text(),
    "language": Text(),
    "timezone": Text(),
    "attributes": JSON(),
}


def decide(person: NewSubscriber, known: Known | None, suppressed: bool, terms: Terms) -> Decision:
    """What becomes of one person."""
    if suppressed:
        return Decision(Intake.SUPPRESSED)
    if known is None:
        return _NEW
    left = known.state is SubscriptionState.LEFT or known.back
    if left and not terms.resubscribe:
        return Decision(Intake.LEFT)
    left = left and not known.back
    subscribe = known.state is None
    confirm = terms.confirmed and known.state is SubscriptionState.UNCONFIRMED
    profile = {} if known.chose else _changed_profile(person, known)
    sections = None if known.chose or subscribe or person.sections == known.sections else person.sections
    if subscribe:
        outcome = Intake.ADDED
    elif profile or sections or confirm or left:
        outcome = Intake.UPDATED
    else:
        outcome = Intake.UNCHANGED
    return Decision(outcome, profile, subscribe, left, confirm, sections)


def take_in(connection: Connection, people: Sequence[NewSubscriber], terms: Terms) -> list[Intake]:
    """Take people in; gives what became of each, in order.

    Args:
        connection: in a writing transaction that the caller owns.
        people: at most AT_ONCE, no key twice.
        terms: on what terms.
    """
    if not people:
        return []
    keys = [person.email_key for person in people]
    known = _known(connection, keys, terms.newsletter)
    suppressed = suppressed_keys(connection, keys, terms.newsletter, terms.secret)
    decisions = [
        decide(person, known.get(person.email_key), person.email_key in suppressed, terms) for person in people
    ]
    decided = list(zip(people, decisions, strict=True))
    ids = {key: found.id for key, found in known.items()}
    ids |= _add_people(connection, [person for person, what in decided if what is _NEW], terms.now)
    joining = [person for person, what in decided if what.subscribe]
    _subscribe(connection, [(ids[person.email_key], person) for person in joining], terms)
    changed = [
        (ids[person.email_key], what) for person, what in decided if what.outcome is Intake.UPDATED or what.profile
    ]
    _change(connection, changed, terms)
    return [what.outcome for what in decisions]


def _changed_profile(person: NewSubscriber, known: Known) -> dict[str, Any]:
    changed: dict[str, Any] = {
        column: said
        for column in ("name", "language", "timezone")
        if (said := getattr(person, column)) and said != getattr(known, column)
    }
    attributes = {**known.attributes, **person.attributes}
    return changed if attributes == known.attributes else changed | {"attributes": attributes}


def _known(connection: Connection, keys: Sequence[str], newsletter: str) -> dict[str, Known]:
    chose = exists().where(consents.c.subscriber_id == subscribers.c.id, consents.c.act == ConsentAct.CHANGED)
    mine = and_(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.newsletter == newsletter)
    had_left = exists().where(
        consents.c.subscriber_id == subscribers.c.id,
        consents.c.newsletter == newsletter,
        consents.c.act == ConsentAct.LEFT,
    )
    waits = subscriptions.c.state == SubscriptionState.UNCONFIRMED
    query = (
        select(
            subscribers.c.email_key,
            subscribers.c.id,
            subscribers.c.name,
            subscribers.c.language,
            subscribers.c.timezone,
            subscribers.c.attributes,
            subscriptions.c.state,
            subscriptions.c.sections,
            chose,
            case((waits, had_left), else_=false()),
        )
        .outerjoin_from(subscribers, subscriptions, mine)
        .where(among(connection, subscribers.c.email_key, keys))
    )
    return {
        key: Known(
            id_,
            name,
            language,
            timezone,
            attributes,
            SubscriptionState(state) if state else None,
            None if sections is None else tuple(sections),
            bool(chosen),
            bool(back),
        )
        for key, id_, name, language, timezone, attributes, state, sections, chosen, back in (
            connection.execute(query)
        )
    }


def _add_people(connection: Connection, people: Sequence[NewSubscriber], now: datetime) -> dict[str, int]:
    """Add the unknown; gives their ids by key, also of one whom another transaction added meanwhile."""
    if not people:
        return {}
    rows = [
        (
            person.email,
            person.email_key,
            person.name,
            person.language,
            person.timezone,
            json.dumps(person.attributes) if person.attributes else "{}",
        )
        for person in sorted(people, key=attrgetter("email_key"))  # an index takes neighbours together
    ]
    new = listed(connection, _PERSON, rows)
    chosen = select(*new.c, literal(1), literal(now, UTCDateTime)).where(EVERY)
    names = [*_PERSON, "link_version", "created_at"]
    connection.execute(insert_missing(connection, subscribers).from_select(names, chosen, include_defaults=False))
    keys = [person.email_key for person in people]
    query = select(subscribers.c.email_key, subscribers.c.id).where(
        among(connection, subscribers.c.email_key, keys)
    )
    return {row.email_key: row.id for row in connection.execute(query)}


def _subscribe(connection: Connection, people: Sequence[tuple[int, NewSubscriber]], terms: Terms) -> None:
    if not people:
        return
    rows = [(id_, json.dumps(person.sections) if person.sections else None) for id_, person in people]
    new = listed(connection, {"id": Id, "sections": JSON()}, rows).c
    values = {
        "subscriber_id": new.id,
        "newsletter": literal(terms.newsletter),
        "state": literal(_state(terms)),
        "sections": new.sections,
        "source": literal(terms.source),
        "created_at": literal(terms.now, UTCDateTime),
        "confirmed_at": literal(terms.now if terms.confirmed else None, UTCDateTime),
        "left_reason": literal(""),
    }
    chosen = select(*values.values()).where(EVERY)
    connection.execute(
        insert_missing(connection, subscriptions).from_select(list(values), chosen, include_defaults=False)
    )
    act = ConsentAct.CONFIRMED if terms.confirmed else ConsentAct.SUBSCRIBED
    _log(connection, [id_ for id_, _ in people], act, terms)


def _change(connection: Connection, changed: Sequence[tuple[int, Decision]], terms: Terms) -> None:
    """Write what differs for people who are there already: few, so a statement each."""
    for id_, what in changed:
        if what.profile:
            connection.execute(update(subscribers).where(subscribers.c.id == id_).values(dict(what.profile)))
        mine = and_(subscriptions.c.subscriber_id == id_, subscriptions.c.newsletter == terms.newsletter)
        if what.sections:
            connection.execute(update(subscriptions).where(mine).values(sections=list(what.sections)))
        if what.come_back:
            come_back(connection, id_, terms)
        elif what.confirm:
            confirm_subscription(
                connection, id_, terms.newsletter, terms.how, terms.now, text=terms.text, network=terms.network
            )


def _state(terms: Terms) -> str:
    return (SubscriptionState.ACTIVE if terms.confirmed else SubscriptionState.UNCONFIRMED).value


def come_back(connection: Connection, id_: int, terms: Terms) -> None:
    """Subscribe somebody again who left; nothing happens to anybody else."""
    statement = update(subscriptions).where(
        subscriptions.c.subscriber_id == id_,
        subscriptions.c.newsletter == terms.newsletter,
        subscriptions.c.state == SubscriptionState.LEFT,
    )
    values = {
        "state": _state(terms),
        "confirmed_at": terms.now if terms.confirmed else None,
        "source": terms.source,
    }
    if connection.execute(statement.values(**values, left_at=None, left_reason="", paused_until=None)).rowcount:
        _log(connection, [id_], ConsentAct.RESUBSCRIBED, terms)


def confirm_subscription(
    connection: Connection,
    id_: int,
    newsletter: str,
    how: str,
    now: datetime,
    *,
    text: str = "",
    network: str = "",
) -> bool:
    """Make an unconfirmed subscription active; False, and no change, when it is not (or no longer) unconfirmed."""
    statement = update(subscriptions).where(
        subscriptions.c.subscriber_id == id_,
        subscriptions.c.newsletter == newsletter,
        subscriptions.c.state == SubscriptionState.UNCONFIRMED,
    )
    active = statement.values(state=SubscriptionState.ACTIVE, confirmed_at=now)
    if not connection.execute(active).rowcount:
        return False
    record(connection, id_, newsletter, ConsentAct.CONFIRMED, how, text=text, network=network, at=now)
    return True


def _log(connection: Connection, ids: Sequence[int], act: ConsentAct, terms: Terms) -> None:
    record_all(
        connection, ids, terms.newsletter, act, terms.how, text=terms.text, network=terms.network, at=terms.now
    )
