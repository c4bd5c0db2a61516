"""Planning in the ledger: a mailing's deliveries in one statement.

SQL only; who may be mailed comes in as expressions of `publisher.mailings.audience`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Subquery,
    cast,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from publisher.ledger import AT_ONCE, RECEIVED, DeliveryState, MailingState, SkipReason, Spread
from publisher.storage import batching
from publisher.storage.tables import deliveries, digests, editions, mailings
from publisher.storage.waves import DueAt
from subscribers.tables import Id, UTCDateTime

WhyNot = Callable[[ColumnElement[int]], ColumnElement[Any]]
"""Why the subscriber in this column must not be mailed now; SQL NULL when there is no reason."""

Outside = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Whether a segment is not about the subscriber in this column; never NULL."""

_NEVER_LEFT = (str(DeliveryState.FAILED), str(DeliveryState.SKIPPED))


class Plans:
    """Plans mailings on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan(
        self,
        mailing_id: int,
        *,
        audience: Select[*tuple[Any, ...]],
        left_out: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]],
        why_not: WhyNot,
        now: datetime,
        batch_size: int | None = None,
        spread: Spread = AT_ONCE,
    ) -> bool:
        """Start a waiting mailing: a delivery for each subscriber, in batches, and the counts of who is left out.

        All of it in the caller's transaction; False, and nothing changed, when the mailing was not waiting.

        Args:
            mailing_id: the mailing.
            audience: (subscriber_id, sections) of whoever may be mailed now.
            left_out: (reason, count) of whoever belongs to the newsletter and may not.
            why_not: the same question for one subscriber; asked about those a resend selected.
            now: the moment of the start.
            batch_size: deliveries in a batch; None: as suits how many there are.
            spread: when which of them leave.
        """
        waiting = (mailings.c.id == mailing_id, mailings.c.state == MailingState.WAITING)
        start = update(mailings).where(*waiting).values(state=str(MailingState.RUNNING), started_at=now)
        if self._connection.execute(start).rowcount != 1:
            return False
        columns = (mailings.c.digest_id, mailings.c.edition_id, mailings.c.selection.is_not(None))
        query = select(*columns).where(mailings.c.id == mailing_id)
        digest_id, edition_id, is_resend = self._connection.execute(query).one()
        mailed_before = self._mailed_before(digest_id)
        people, spared = audience.subquery("people"), 0
        corrects = mailed_before and self._has_older_edition(digest_id, edition_id)
        replies_to = _older_edition(digest_id, edition_id, people.c.subscriber_id) if corrects else null()
        chosen = _delivery_each(mailing_id, digest_id, people, replies_to, now)
        if is_resend:
            selected = self._selected(mailing_id)
            chosen = chosen.where(people.c.subscriber_id.in_(select(selected.c.subscriber_id)))
            left_out = _left_out(mailing_id, selected, why_not)
        elif mailed_before:
            already = _already(digest_id, people.c.subscriber_id)
            spared = self._connection.scalar(select(func.count()).select_from(people).where(already)) or 0
            chosen = chosen.where(~already)
        mails = self._insert(chosen, people, spread)
        batching.cut(self._connection, mailing_id, batch_size or batching.size_for(mails), spread, mails)
        counts = {str(reason): number for reason, number in self._connection.execute(left_out) if number}
        counts |= {str(SkipReason.ALREADY): spared} if spared else {}
        self._connection.execute(update(mailings).where(mailings.c.id == mailing_id).values(left_out=counts))
        return True

    def lock_digest(self, digest_id: int) -> None:
        """Let nobody else plan a resend of this digest until the end of the transaction.

        On SQLite the writing transaction itself does that.
        """
        self._connection.execute(select(digests.c.id).where(digests.c.id == digest_id).with_for_update())

    def _insert(self, chosen: Select[*tuple[Any, ...]], people: Subquery, spread: Spread) -> int:
        """The deliveries, those of an earlier wave before those of a later one; gives how many."""
        columns = ["mailing_id", "digest_id", "subscriber_id", "sections", "state", "changed_at", "replies_to"]
        order: list[ColumnElement[Any]] = [people.c.subscriber_id]
        if spread.moments:
            due = DueAt(self._connection, spread.moments)
            chosen = chosen.add_columns(due.of).select_from(due.joined(people))
            columns, order = [*columns, "due_at"], [due.of, *order]
        statement = insert(deliveries).from_select(columns, chosen.order_by(*order))
        return self._connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount

    def _selected(self, mailing_id: int) -> Any:
        """The subscribers that a resend's frozen selection names, as a table."""
        unpack = func.json_each if self._connection.dialect.name == "sqlite" else func.json_array_elements_text
        selection = select(mailings.c.selection).where(mailings.c.id == mailing_id).scalar_subquery()
        each = unpack(selection).table_valued("value")
        return select(cast(each.c.value, Id).label("subscriber_id")).distinct().subquery("selected")

    def _has_older_edition(self, digest_id: int, edition_id: int) -> bool:
        older = exists().where(editions.c.digest_id == digest_id, editions.c.id < edition_id)
        return bool(self._connection.scalar(select(older)))

    def _mailed_before(self, digest_id: int) -> bool:
        return bool(self._connection.scalar(select(exists().where(deliveries.c.digest_id == digest_id))))


def _delivery_each(
    mailing_id: int, digest_id: int, people: Subquery, replies_to: ColumnElement[Any], now: datetime
) -> Select[*tuple[Any, ...]]:
    """A pending delivery for each of these people."""
    return select(
        literal(mailing_id, Id),
        literal(digest_id, Id),
        people.c.subscriber_id,
        people.c.sections,
        literal(str(DeliveryState.PENDING)),
        literal(now, UTCDateTime),
        replies_to,
    )


def _older_edition(
    digest_id: int, edition_id: int, subscriber_id: ColumnElement[int]
) -> ColumnElement[int | None]:
    """The newest edition before this one that a subscriber has; NULL for none. Ids grow with editions' numbers."""
    had, its = deliveries.alias("had"), mailings.alias("its")
    return (
        select(func.max(its.c.edition_id))
        .join_from(had, its, its.c.id == had.c.mailing_id)
        .where(
            had.c.digest_id == digest_id,
            had.c.subscriber_id == subscriber_id,
            had.c.state.in_(sorted(RECEIVED)),
            its.c.edition_id < edition_id,
        )
        .scalar_subquery()
    )


def _left_out(mailing_id: int, selected: Any, why_not: WhyNot) -> Select[*tuple[Any, ...]]:
    """(reason, count) of those a resend selected and its plan did not take: few, so it is asked after it."""
    planned = exists().where(
        deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == selected.c.subscriber_id
    )
    reason = why_not(selected.c.subscriber_id).label("reason")
    reasons = select(reason).select_from(selected).where(~planned).subquery("reasons")
    return select(reasons.c.reason, func.count()).where(reasons.c.reason.is_not(None)).group_by(reasons.c.reason)


def _already(digest_id: int, subscriber_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a resend has, or may have, brought the digest to a subscriber before the scheduled mailing began."""
    return exists().where(
        deliveries.c.digest_id == digest_id,
        deliveries.c.subscriber_id == subscriber_id,
        deliveries.c.state.not_in(_NEVER_LEFT),
    )
