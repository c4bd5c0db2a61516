"""Who is mailed, and why somebody is not, as SQLAlchemy expressions; storage executes them.

One rule in one order, whatever asks: an address that is suppressed, then a person who left (or never was there),
then one who has not confirmed, then one who pauses, then one whom the mailing's segment is not about; everybody
else is mailed. The plan, the sums of those left
out and the check inside a window's UPDATE all come from the clauses below.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    String,
    and_,
    case,
    distinct,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)

from publisher.ledger import SkipReason
from subscribers.model import SubscriptionState
from subscribers.segments.compiling import criterion
from subscribers.segments.frozen import Frozen
from subscribers.tables import subscribers, subscriptions, suppressions

Newsletter = str | ColumnElement[str]
Moment = datetime | ColumnElement[datetime]


def audience(newsletter: str, now: datetime, segment: Frozen | None = None) -> Select[int, list[str] | None]:
    """`(subscriber_id, sections)` of everybody mailed now, by id; `sections` NULL is all of them.

    With a segment, of those whom it is about.
    """
    person = subscriptions.c.subscriber_id
    return (
        select(person, subscriptions.c.sections)
        .where(
            subscriptions.c.newsletter == newsletter,
            subscriptions.c.state == SubscriptionState.ACTIVE,
            not_(_pauses(subscriptions, now)),
            not_(_suppressed(person, newsletter)),
            *([_inside(person, subscriptions, segment, now)] if segment else []),
        )
        .order_by(person)
    )


def left_out(newsletter: str, now: datetime, segment: Frozen | None = None) -> CompoundSelect[str, int]:
    """`(reason, number)` over this newsletter's subscriptions that `audience` leaves out; no zero counts.

    SEGMENT is last of the reasons: those whom nothing else keeps from being mailed.
    """
    row, person, ban = subscriptions, subscribers, suppressions
    # From the suppressions' side: they are few, the subscriptions may be a million.
    suppressed = (
        select(
            _reason(SkipReason.SUPPRESSED).label("reason"),
            func.count(distinct(row.c.subscriber_id)).label("number"),
        )
        .select_from(ban.join(person, _holds(person, ban, newsletter)))
        .join(row, row.c.subscriber_id == person.c.id)
        .where(row.c.newsletter == newsletter)
        .having(func.count() > 0)
    )
    others = (
        select(_standing(row, now).label("reason"))
        .where(
            row.c.newsletter == newsletter,
            or_(row.c.state != SubscriptionState.ACTIVE, _pauses(row, now)),
            not_(_suppressed(row.c.subscriber_id, newsletter)),
        )
        .subquery()
    )
    counts = [suppressed, select(others.c.reason, func.count()).group_by(others.c.reason)]
    if segment:
        everybody = audience(newsletter, now).order_by(None)
        outsiders = everybody.where(not_(_inside(row.c.subscriber_id, row, segment, now))).subquery()
        counts.append(
            select(_reason(SkipReason.SEGMENT), func.count()).select_from(outsiders).having(func.count() > 0)
        )
    return union_all(*counts)


def why_not(subscriber_id: ColumnElement[int], newsletter: Newsletter, now: Moment) -> ColumnElement[str | None]:
    """The SkipReason why the subscriber of this row is not mailed now; NULL for one who is.

    Somebody without a subscription, erased perhaps, has LEFT.
    """
    mine = subscriptions.alias()
    is_mine = and_(mine.c.subscriber_id == subscriber_id, mine.c.newsletter == newsletter)
    return case(
        (_suppressed(subscriber_id, newsletter), _reason(SkipReason.SUPPRESSED)),
        (not_(exists().where(is_mine)), _reason(SkipReason.LEFT)),
        else_=select(_standing(mine, now)).where(is_mine).scalar_subquery(),
    )


def outside(
    subscriber_id: ColumnElement[int], newsletter: str, now: datetime, segment: Frozen
) -> ColumnElement[bool]:
    """Whether a segment of the newsletter is not about whoever is in this row; it never is about the erased."""
    mine = subscriptions.alias()
    is_mine = and_(mine.c.subscriber_id == subscriber_id, mine.c.newsletter == newsletter)
    return not_(exists().where(is_mine, _inside(mine.c.subscriber_id, mine, segment, now)))


def _inside(
    subscriber_id: ColumnElement[int], row: FromClause, segment: Frozen, now: datetime
) -> ColumnElement[bool]:
    """Whether a segment is about somebody with this row of `subscriptions`."""
    person = subscribers.alias()
    return exists().where(person.c.id == subscriber_id, criterion(segment.tree, segment.ground(now), person, row))


def _standing(row: FromClause, now: Moment) -> ColumnElement[str | None]:
    """Why a row of `subscriptions` is not mailed, suppressions aside; NULL when it is."""
    return case(
        (row.c.state == SubscriptionState.LEFT, _reason(SkipReason.LEFT)),
        (row.c.state == SubscriptionState.UNCONFIRMED, _reason(SkipReason.UNCONFIRMED)),
        (_pauses(row, now), _reason(SkipReason.PAUSED)),
        else_=null(),
    )


def _pauses(row: FromClause, now: Moment) -> ColumnElement[bool]:
    return and_(row.c.paused_until.is_not(None), row.c.paused_until > now)  # never NULL: it is negated


def _suppressed(subscriber_id: ColumnElement[int], newsletter: Newsletter) -> ColumnElement[bool]:
    # Aliases of their own: a query about `subscribers` may ask, and must not lend its own rows to the inside.
    person, ban = subscribers.alias(), suppressions.alias()
    return exists().where(person.c.id == subscriber_id, _holds(person, ban, newsletter))


def _holds(person: FromClause, ban: FromClause, newsletter: Newsletter) -> ColumnElement[bool]:
    """Whether a row of `suppressions` forbids mailing this newsletter to a row of `subscribers`."""
    return and_(
        ban.c.email_key == person.c.email_key,
        ban.c.lifted_at.is_(None),
        or_(ban.c.newsletter.is_(None), ban.c.newsletter == newsletter),
    )


def _reason(reason: SkipReason) -> ColumnElement[str]:
    return literal(reason.value, String)
