"""What the rows say of things that do not go well: questions that alerts are decided by. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, select

from publisher.digests.model import DigestState
from publisher.editions import PublicationState
from publisher.ledger import RECEIVED, DeliveryState, MailingState
from publisher.storage.mailings import Mailings
from publisher.storage.tables import batches, deliveries, digests, events, feedback, mailings, publications
from publisher.storage.tallies import troubled

_LOST = (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.BOUNCED)
_KEY = digests.c.newsletter + "/" + digests.c.slug


class LatePageRow(NamedTuple):
    """A mailing whose page is not stored."""

    mailing_id: int
    digest: str
    left: bool
    error: str


class PausedRow(NamedTuple):
    """A paused mailing, and why."""

    mailing_id: int
    digest: str
    reason: str


class LossesRow(NamedTuple):
    """The mails of a mailing, and those that reached nobody."""

    mailing_id: int
    digest: str
    mails: int
    lost: int


class ComplaintsRow(NamedTuple):
    """A mailing that was called spam: how many of it arrived, and how often."""

    mailing_id: int
    digest: str
    arrived: int
    complained: int


class HeldRow(NamedTuple):
    """How many suppressions because of a mailing wait."""

    mailing_id: int
    digest: str
    number: int


class BehindRow(NamedTuple):
    """A target with editions that could not be put there."""

    target: str
    editions: int
    error: str


class Troubles:
    """Reads on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def held_by(self, actors: Collection[str]) -> dict[int, datetime]:
        """The digests that one of these actors was the last to hold, with when that was."""
        last = (
            select(func.max(events.c.id))
            .join_from(digests, events, events.c.digest_id == digests.c.id)
            .where(digests.c.state == DigestState.HELD, events.c.kind == "digest.held")
            .group_by(digests.c.id)
        )
        query = select(events.c.digest_id, events.c.at).where(events.c.id.in_(last), events.c.actor.in_(actors))
        return {row.digest_id: row.at for row in self._connection.execute(query)}

    def late_pages(self, target: str, wait: timedelta, now: datetime) -> list[LatePageRow]:
        """The mailings whose page `target` has not stored, though they have waited so long for it."""
        query = (
            select(mailings.c.id, _KEY, mailings.c.created_at, mailings.c.started_at, publications.c.error)
            .join_from(mailings, publications, publications.c.edition_id == mailings.c.edition_id)
            .join(digests, digests.c.id == mailings.c.digest_id)
            .where(publications.c.target == target, publications.c.pages_at.is_(None))
            .where(publications.c.state.in_((PublicationState.PENDING, PublicationState.BEHIND)))
            .where(mailings.c.state.in_((MailingState.WAITING, MailingState.RUNNING, MailingState.DONE)))
            .where(digests.c.state == DigestState.PUBLISHED)
            .order_by(mailings.c.id)
        )
        return [
            LatePageRow(number, key, started is not None, error)
            for number, key, created, started, error in self._connection.execute(query)
            if (started or now) - created >= wait
        ]

    def paused_by(self, actors: Collection[str]) -> list[PausedRow]:
        """The paused mailings that one of these actors paused last."""
        paused = events.alias("paused")
        last = (
            select(func.max(paused.c.id))
            .where(paused.c.mailing_id == mailings.c.id, paused.c.kind == "mailing.paused")
            .correlate(mailings)
            .scalar_subquery()
        )
        query = (
            select(mailings.c.id, _KEY, events.c.data)
            .join_from(mailings, events, events.c.id == last)
            .join(digests, digests.c.id == mailings.c.digest_id)
            .where(mailings.c.state == MailingState.PAUSED, events.c.actor.in_(actors))
            .order_by(mailings.c.id)
        )
        return [
            PausedRow(number, key, str(data.get("reason", "")))
            for number, key, data in self._connection.execute(query)
        ]

    def losses(self, since: datetime, above: float) -> list[LossesRow]:
        """The mailings since then that have lost more than a share of their mails, and lack it still.

        A mailing to one person (`resend --to`) is left out: whoever ordered it sees what came of it.
        """
        mails = select(func.sum(batches.c.mails)).where(batches.c.mailing_id == mailings.c.id).scalar_subquery()
        recent = (
            select(mailings.c.id, _KEY, mails)
            .join_from(mailings, digests, digests.c.id == mailings.c.digest_id)
            .where(mailings.c.created_at >= since, mailings.c.act != "to")
            .where(mailings.c.state.in_((MailingState.RUNNING, MailingState.PAUSED, MailingState.DONE)))
            .order_by(mailings.c.id)
        )
        found = []
        for number, key, planned in self._connection.execute(recent).all():
            total = int(planned or 0)  # PostgreSQL sums to a Decimal
            if self._lost(number, later=False) > total * above and (lost := self._lost(number, later=True)):
                found.append(LossesRow(number, key, total, lost))
        return found

    def _lost(self, mailing_id: int, *, later: bool) -> int:
        """How many of its mails are lost; `later`: but for readers who got the digest by another mailing."""
        query = (
            select(func.count())
            .select_from(deliveries)
            .where(deliveries.c.mailing_id == mailing_id, troubled(), deliveries.c.state.in_(_LOST))
        )
        if later:
            other = deliveries.alias("other")
            query = query.where(
                ~exists().where(
                    other.c.digest_id == deliveries.c.digest_id,
                    other.c.subscriber_id == deliveries.c.subscriber_id,
                    other.c.state.in_(sorted(RECEIVED)),
                )
            )
        return self._connection.scalar(query) or 0

    def complaints(self, since: datetime) -> list[ComplaintsRow]:
        """The mailings since then that somebody complained about."""
        about = exists().where(
            deliveries.c.mailing_id == mailings.c.id, troubled(), deliveries.c.state == DeliveryState.COMPLAINED
        )
        query = (
            select(mailings.c.id, _KEY)
            .join_from(mailings, digests, digests.c.id == mailings.c.digest_id)
            .where(mailings.c.created_at >= since, about)
            .order_by(mailings.c.id)
        )
        return [self._complained(number, key) for number, key in self._connection.execute(query).all()]

    def _complained(self, mailing_id: int, key: str) -> ComplaintsRow:
        counts = Mailings(self._connection).counts(mailing_id)
        arrived = sum(counts.get(state, 0) for state in RECEIVED)
        return ComplaintsRow(mailing_id, key, arrived, counts.get(DeliveryState.COMPLAINED, 0))

    def held_suppressions(self) -> list[HeldRow]:
        """The mailings because of which suppressions wait for an editor's word."""
        query = (
            select(mailings.c.id, _KEY, func.count())
            .join_from(feedback, mailings, mailings.c.id == feedback.c.mailing_id)
            .join(digests, digests.c.id == mailings.c.digest_id)
            .where(feedback.c.held)
            .group_by(mailings.c.id, digests.c.newsletter, digests.c.slug)
            .order_by(mailings.c.id)
        )
        return [HeldRow(*row) for row in self._connection.execute(query)]

    def behind(self, targets: Sequence[str]) -> list[BehindRow]:
        """Which of these targets lack editions after a failed attempt, and what was said last."""
        query = (
            select(publications.c.target, publications.c.error)
            .where(publications.c.state == PublicationState.BEHIND, publications.c.target.in_(targets))
            .order_by(publications.c.changed_at, publications.c.id)
        )
        found: dict[str, list[str]] = {}
        for target, error in self._connection.execute(query):
            found.setdefault(target, []).append(error)
        return [BehindRow(target, len(errors), errors[-1]) for target, errors in found.items()]
