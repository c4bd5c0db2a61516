"""Segments in use: saved, counted, and frozen for the mailing that goes to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_

from publisher.config import Newsletter
from publisher.digests.record import DigestRecord
from publisher.errors import ConfigError, UsageError
from publisher.ledger import MailingKind
from publisher.mailings.verdicts import Act, Wish
from publisher.publishing.ports import Store, Unit
from subscribers.segments.compiling import criterion
from subscribers.segments.counting import Share
from subscribers.segments.frozen import Frozen
from subscribers.segments.stored import EVERYBODY, Segment, check_name
from subscribers.tables import subscriptions


@dataclass(frozen=True, slots=True)
class Counted:
    """How many an expression is about, newsletter by newsletter, and what is odd about it."""

    shares: tuple[tuple[str, Share], ...]
    warnings: tuple[str, ...]


class Segmenting:
    """Which segment a mailing goes to.

    Args:
        newsletters: those of the configuration.
        language: what a newsletter speaks that says nothing else.
    """

    def __init__(self, newsletters: Sequence[Newsletter] = (), language: str = "") -> None:
        self._newsletters = {newsletter.slug: newsletter for newsletter in newsletters}
        self._language = language

    @property
    def newsletters(self) -> tuple[str, ...]:
        """The newsletters' slugs."""
        return tuple(self._newsletters)

    def users(self, name: str) -> tuple[str, ...]:
        """The newsletters that are mailed to this segment."""
        return tuple(each.slug for each in self._newsletters.values() if each.segment == name)

    def freeze(self, name: str, expression: str, newsletter: str) -> Frozen:
        """An expression as it is meant for one newsletter."""
        known = self._newsletters.get(newsletter)
        if known is None:
            return Frozen(name, expression, language=self._language)
        return Frozen(name, expression, known.timezone, known.language or self._language)

    def of_newsletter(self, unit: Unit, newsletter: str) -> Frozen | None:
        """The segment that a newsletter's scheduled mailings go to; None: everybody.

        Raises:
            ConfigError: the configuration names one that there is not.
        """
        known = self._newsletters.get(newsletter)
        if known is None or not known.segment:
            return None
        found = unit.segments.get(known.segment)
        if found is None:
            raise ConfigError(
                f'newsletter {newsletter} goes to the segment "{known.segment}", and there is none of that name',
                remedy=f"`publisher subscriber segment save {known.segment} EXPRESSION` makes it",
                newsletter=newsletter,
            )
        return self.freeze(found.name, found.expression, newsletter)

    def of_resend(self, unit: Unit, record: DigestRecord, wish: Wish) -> Frozen | None:
        """The segment that a resend keeps to; None: everybody.

        `--missed` without a word keeps to the segment that the digest went to: those outside were not missed.

        Raises:
            UsageError: there is none of the name that was given.
        """
        if wish.segment == EVERYBODY:
            return None
        if wish.segment:
            found = known_segment(unit, wish.segment)
            return self.freeze(found.name, found.expression, record.newsletter)
        if wish.act is not Act.MISSED:
            return None
        scheduled = (each for each in unit.mailings.all(record.id) if each.kind is MailingKind.SCHEDULED)
        return next((each.segment for each in scheduled), None)


def known_segment(unit: Unit, name: str) -> Segment:
    """The segment of this name.

    Raises:
        UsageError: there is none.
    """
    found = unit.segments.get(name)
    if found is None:
        names = ", ".join(segment.name for segment in unit.segments.all())
        raise UsageError(
            f'there is no segment "{name}"',
            remedy=f"There are: {names}"
            if names
            else "`publisher subscriber segment save NAME EXPRESSION` makes one",
        )
    return found


class Segments:
    """What an editor does with segments."""

    def __init__(self, store: Store, segmenting: Segmenting) -> None:
        self._store = store
        self._segmenting = segmenting

    def all(self) -> Sequence[Segment]:
        """Every segment, by name."""
        with self._store.read() as unit:
            return unit.segments.all()

    def get(self, name: str) -> Segment:
        """One segment.

        Raises:
            UsageError: there is none of this name.
        """
        with self._store.read() as unit:
            return known_segment(unit, name)

    def users(self, name: str) -> tuple[str, ...]:
        """The newsletters that are mailed to it."""
        return self._segmenting.users(name)

    def save(self, name: str, expression: str, now: datetime, *, actor: str) -> Segment:
        """Keep an expression under a name; mailings that went to an earlier one of that name keep theirs.

        Raises:
            UsageError: the name is none; as a SegmentError: the expression is none.
        """
        with self._store.write() as unit:
            return unit.segments.save(name, expression, actor=actor, now=now)

    def delete(self, name: str) -> None:
        """Forget a segment.

        Raises:
            UsageError: there is none of this name, or a newsletter is mailed to it.
        """
        if users := self.users(check_name(name)):
            raise UsageError(
                f'newsletter {users[0]} is mailed to the segment "{name}"',
                remedy="Take `segment` out of config.toml first: then everybody gets it",
            )
        with self._store.write() as unit:
            known_segment(unit, name)
            unit.segments.delete(name)

    def count(self, expression: str, now: datetime, *, newsletter: str | None = None) -> Counted:
        """Count the active subscribers whom an expression is about, of one newsletter or of each.

        Raises:
            SegmentError: it is none.
        """
        with self._store.read() as unit:
            shares = []
            for slug in (newsletter,) if newsletter else self._segmenting.newsletters:
                frozen = self._segmenting.freeze("", expression, slug)
                shares.append((slug, unit.segments.share(slug, frozen.tree, frozen.ground(now))))
            return Counted(tuple(shares), tuple(unit.segments.warnings(expression)))

    def criterion(self, name: str, now: datetime) -> ColumnElement[bool]:
        """Whom a segment is about, over subscribers and subscriptions, each newsletter by its own clock.

        Raises:
            UsageError: there is none of this name.
        """
        expression, found = self.get(name).expression, []
        for slug in self._segmenting.newsletters:
            frozen = self._segmenting.freeze(name, expression, slug)
            inside = criterion(frozen.tree, frozen.ground(now))
            found.append(and_(subscriptions.c.newsletter == slug, inside))
        return or_(false(), *found)
