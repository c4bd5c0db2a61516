"""Those of a list who left another product, or must not be mailed: so it is here, too, and again changes nothing.

What somebody did here themselves after they came counts more than an old list: who confirmed by their own click is
not thrown out by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from subscribers.consents import record_all
from subscribers.intake import Terms
from subscribers.model import ConsentAct, Intake, NewSubscriber, Standing, SubscriptionState, SuppressionReason
from subscribers.portable import among, insert_missing
from subscribers.suppression import suppress, suppressed_keys
from subscribers.tables import consents, subscribers, subscriptions

REASONS: Mapping[Standing, SuppressionReason] = {
    Standing.BLOCKED: SuppressionReason.OPERATOR,
    Standing.BOUNCED: SuppressionReason.BOUNCED,
    Standing.COMPLAINED: SuppressionReason.COMPLAINED,
}

_JOINING = sorted((ConsentAct.SUBSCRIBED, ConsentAct.CONFIRMED, ConsentAct.RESUBSCRIBED))
_BY_OTHERS = ("import ", "operator")


def take_out(
    connection: Connection, people: Sequence[tuple[NewSubscriber, Standing]], terms: Terms
) -> list[Intake]:
    """Record that people left, or must not be mailed; gives what became of each, in order.

    Args:
        connection: in a writing transaction that the caller owns.
        people: with a standing that is not mailed.
        terms: of the list.
    """
    unique = list({person.email_key: (person, standing) for person, standing in reversed(people)}.values())[::-1]
    leaving = [person for person, standing in unique if standing is Standing.LEFT]
    done = dict(zip((each.email_key for each in leaving), _depart(connection, leaving, terms), strict=True))
    for person, standing in unique:
        if standing in REASONS:
            done[person.email_key] = _forbid(connection, person.email_key, REASONS[standing], terms)
    return [done.pop(person.email_key, Intake.UNCHANGED) for person, _ in people]


def _forbid(connection: Connection, email_key: str, reason: SuppressionReason, terms: Terms) -> Intake:
    if suppressed_keys(connection, [email_key], terms.newsletter, terms.secret):
        return Intake.UNCHANGED
    suppress(connection, email_key, newsletter=None, reason=reason, detail=terms.how, now=terms.now)
    return Intake.FORBIDDEN


def _depart(connection: Connection, people: Sequence[NewSubscriber], terms: Terms) -> list[Intake]:
    """Who is not here comes as somebody who left; who is here by a list leaves."""
    if not people:
        return []
    keys = [person.email_key for person in people]
    suppressed = suppressed_keys(connection, keys, terms.newsletter, terms.secret)
    known = _standing(connection, keys, terms.newsletter)
    strangers = [
        person
        for person in people
        if person.email_key not in suppressed and known.get(person.email_key, (0, None))[1] is None
    ]
    own_will = _own_will(connection, [id_ for id_, state in known.values() if state is not None], terms.newsletter)
    leaving = {
        key: id_
        for key, (id_, state) in known.items()
        if state not in (None, SubscriptionState.LEFT) and id_ not in own_will
    }
    came = _add_as_left(connection, strangers, terms)
    mine = and_(among(connection, subscriptions.c.subscriber_id, list(leaving.values())), _of(terms.newsletter))
    gone = {"state": SubscriptionState.LEFT, "left_at": terms.now, "left_reason": terms.how}
    connection.execute(update(subscriptions).where(mine).values(gone))
    ids = [*came, *leaving.values()]
    record_all(connection, ids, terms.newsletter, ConsentAct.LEFT, terms.how, at=terms.now)
    departed = {person.email_key for person in strangers} | leaving.keys()
    return [Intake.DEPARTED if key in departed else Intake.UNCHANGED for key in keys]


def _of(newsletter: str) -> ColumnElement[bool]:
    return subscriptions.c.newsletter == newsletter


def _standing(connection: Connection, keys: Sequence[str], newsletter: str) -> dict[str, tuple[int, str | None]]:
    """Id and state of those who are known; state None: they are, but not with this newsletter."""
    mine = and_(subscriptions.c.subscriber_id == subscribers.c.id, _of(newsletter))
    query = (
        select(subscribers.c.email_key, subscribers.c.id, subscriptions.c.state)
        .outerjoin_from(subscribers, subscriptions, mine)
        .where(among(connection, subscribers.c.email_key, keys))
    )
    return {row.email_key: (row.id, row.state) for row in connection.execute(query)}


def _own_will(connection: Connection, ids: Sequence[int], newsletter: str) -> set[int]:
    """Those whose latest word about joining is their own, not a list's or an operator's."""
    said = consents.c
    latest = (
        select(func.max(said.id))
        .where(among(connection, said.subscriber_id, ids), said.newsletter == newsletter)
        .where(said.act.in_(_JOINING))
        .group_by(said.subscriber_id)
    )
    rows = connection.execute(select(said.subscriber_id, said.how).where(said.id.in_(latest)))
    return {row.subscriber_id for row in rows if not row.how.startswith(_BY_OTHERS)}


def _add_as_left(connection: Connection, people: Sequence[NewSubscriber], terms: Terms) -> list[int]:
    """Their address alone is kept, so that nobody subscribes them again; gives their ids."""
    if not people:
        return []
    rows = [{"email": each.email, "email_key": each.email_key, "created_at": terms.now} for each in people]
    connection.execute(insert_missing(connection, subscribers), rows)
    wanted = among(connection, subscribers.c.email_key, [each.email_key for each in people])
    ids = list(connection.scalars(select(subscribers.c.id).where(wanted)))
    left = {
        "newsletter": terms.newsletter,
        "state": SubscriptionState.LEFT.value,
        "source": terms.source,
        "created_at": terms.now,
        "left_at": terms.now,
        "left_reason": terms.how,
    }
    connection.execute(insert(subscriptions), [{"subscriber_id": id_, **left} for id_ in ids])
    return ids
