"""What lists show of published digests. Each question asks for a stretch of days, or reads an index alone.

A row of a digest or an edition holds its whole text, and SQLite walks through it to what stands behind: with ten
thousand digests only those that are shown may be touched.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, extract, func, or_, select

from publisher.digests import serialise
from publisher.editions import Change, Headline, Month, Neighbour, Touched
from publisher.storage.editions import PUBLISHED, SHOWN, WITHDRAWN, is_newest
from publisher.storage.tables import digests, editions

_GONE = digests.c.withdrawn_at.is_not(None)
_ORDER = (digests.c.date, digests.c.published_at, digests.c.slug)
"""By the digests' own dates: a backlog published in one go still reads as the days it tells of."""
_Position = tuple[date, datetime, str]
_NEIGHBOUR = (editions.c.id, digests.c.slug, digests.c.title, digests.c.date)


class Archive:
    """Reads on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def months(self, newsletter: str) -> list[Month]:
        """The months with something to show, the newest first; `withdrawn` counts among `count`."""
        published = self._counted(PUBLISHED, newsletter)
        withdrawn = self._counted(and_(WITHDRAWN, digests.c.published_at.is_not(None)), newsletter)
        firsts = sorted(published.keys() | withdrawn.keys(), reverse=True)
        counts = ((first, published.get(first, 0), withdrawn.get(first, 0)) for first in firsts)
        return [Month(first, there + gone, gone) for first, there, gone in counts]

    def _counted(self, shown: ColumnElement[bool], newsletter: str) -> dict[date, int]:
        year, month = extract("year", digests.c.date), extract("month", digests.c.date)
        query = select(year, month, func.count()).where(digests.c.newsletter == newsletter, shown)
        found = self._connection.execute(query.group_by(year, month))
        return {date(int(year), int(month), 1): count for year, month, count in found}

    def headlines(self, newsletter: str, first: date, last: date) -> list[Headline]:
        """What lists show of the days from `first` to `last`, the newest day first, withdrawn ones among them."""
        columns = (
            digests.c.newsletter,
            digests.c.slug,
            digests.c.title,
            case((_GONE, ""), else_=editions.c.summary).label("summary"),
            digests.c.date,
            digests.c.published_at,
            digests.c.withdrawn_at,
        )
        query = _of_days(newsletter, first, last, *columns)
        return [Headline(**row._asdict()) for row in self._connection.execute(query)]

    def changes(self, newsletter: str, year: int) -> list[Change]:
        """When the pages of a year's digests last changed, the newest day first."""
        columns = (
            digests.c.slug,
            digests.c.date,
            func.coalesce(digests.c.withdrawn_at, editions.c.created_at).label("at"),
            _GONE.label("withdrawn"),
        )
        query = _of_days(newsletter, date(year, 1, 1), date(year, 12, 31), *columns)
        return [Change(**row._asdict()) for row in self._connection.execute(query)]

    def beside(self, digest_id: int, day: date | None = None) -> tuple[Neighbour | None, Neighbour | None]:
        """The published digests before and after one of the same newsletter, in the archive's order.

        With a `day`, before and after where it would stand under that date.
        """
        columns = (digests.c.newsletter, *_ORDER)
        found = self._connection.execute(select(*columns).where(digests.c.id == digest_id)).one()
        newsletter, here = found[0], (day or found[1], found[2], found[3])
        return self._next(newsletter, here, older=True), self._next(newsletter, here, older=False)

    def _next(self, newsletter: str, here: _Position, *, older: bool) -> Neighbour | None:
        query = (
            select(*_NEIGHBOUR)
            .join_from(digests, editions, digests.c.id == editions.c.digest_id)
            .where(digests.c.newsletter == newsletter, PUBLISHED, is_newest(), _beyond(here, older=older))
            .order_by(*(column.desc() if older else column.asc() for column in _ORDER))
            .limit(1)
        )
        found = self._connection.execute(query).first()
        return None if found is None else Neighbour(*found)

    def touched(self, edition_ids: Collection[int]) -> list[Touched]:
        """The digests of some editions, each with the days and the sections of all its editions."""
        asked = select(editions.c.digest_id).where(editions.c.id.in_(edition_ids))
        query = (
            select(digests.c.id, digests.c.newsletter, digests.c.date, editions.c.content)
            .join_from(editions, digests, digests.c.id == editions.c.digest_id)
            .where(digests.c.id.in_(asked))
            .order_by(digests.c.id)
        )
        found: dict[tuple[int, str], tuple[set[date], set[str]]] = {}
        for digest_id, newsletter, day, content in self._connection.execute(query):
            days, sections = found.setdefault((digest_id, newsletter), (set(), set()))
            digest = serialise.from_json(content)
            days.update((day, digest.date))
            sections.update(section.slug for section in digest.sections)
        return [Touched(*key, frozenset(days), frozenset(sections)) for key, (days, sections) in found.items()]

    def newest_editions(self) -> list[int]:
        """The newest edition of every digest that was ever published, by id."""
        query = (
            select(editions.c.id)
            .join_from(editions, digests, digests.c.id == editions.c.digest_id)
            .where(SHOWN, is_newest())
            .order_by(editions.c.id)
        )
        return list(self._connection.scalars(query))


def _beyond(here: _Position, *, older: bool) -> ColumnElement[bool]:
    """Whether a digest stands before, or after, a place in the archive's order."""
    ways = []
    for place, (column, value) in enumerate(zip(_ORDER, here, strict=True)):
        same = (each == there for each, there in zip(_ORDER[:place], here[:place], strict=True))
        ways.append(and_(*same, column < value if older else column > value))
    near = _ORDER[0] <= here[0] if older else _ORDER[0] >= here[0]  # said alone, for the index
    return and_(near, or_(*ways))


def _of_days(newsletter: str, first: date, last: date, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join_from(editions, digests, digests.c.id == editions.c.digest_id)
        .where(digests.c.newsletter == newsletter, SHOWN, digests.c.date.between(first, last), is_newest())
        .order_by(*(column.desc() for column in _ORDER))
    )
