"""The named segments of an instance, as rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from publisher.errors import UsageError
from subscribers.segments import counting
from subscribers.segments.counting import Share
from subscribers.segments.evaluating import Ground
from subscribers.segments.model import Expression
from subscribers.segments.parsing import parse
from subscribers.segments.printing import printed
from subscribers.tables import segments

EVERYBODY = "everybody"
"""The name of no segment: `--segment everybody` is said against one that would hold by itself."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A named segment. `expression` is as `printing` writes it."""

    name: str
    expression: str
    created_at: datetime
    changed_at: datetime
    changed_by: str


_COLUMNS = tuple(segments.c[field.name] for field in fields(Segment))


def check_name(name: str) -> str:
    """A name that a segment can have.

    Raises:
        UsageError: it is none.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name):
        raise UsageError(
            f'"{name[:40]}" is no name of a segment', remedy="Write 1 to 63 lower-case letters, digits and hyphens"
        )
    if name == EVERYBODY:
        raise UsageError(f'"{EVERYBODY}" is the name of no segment', remedy="Choose another")
    return name


class Segments:
    """Reads and writes on one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Segment | None:
        """The segment of this name."""
        row = self._connection.execute(select(*_COLUMNS).where(segments.c.name == name)).first()
        return None if row is None else Segment(**row._asdict())

    def all(self) -> list[Segment]:
        """Every segment, by name."""
        rows = self._connection.execute(select(*_COLUMNS).order_by(segments.c.name))
        return [Segment(**row._asdict()) for row in rows]

    def save(self, name: str, expression: str, *, actor: str, now: datetime) -> Segment:
        """Keep a segment under a name, in place of what had it before.

        Raises:
            UsageError: the name is none; as a SegmentError: the expression is none.
        """
        text = printed(parse(expression))
        parse(text)  # its brackets are not always those that were written
        values = {"expression": text, "changed_at": now, "changed_by": actor}
        change = update(segments).where(segments.c.name == check_name(name)).values(values)
        if self._connection.execute(change).rowcount == 0:
            self._connection.execute(insert(segments).values(values | {"name": name, "created_at": now}))
        return self._saved(name)

    def delete(self, name: str) -> bool:
        """Forget a segment; False when there is none of this name."""
        return self._connection.execute(delete(segments).where(segments.c.name == name)).rowcount == 1

    def share(self, newsletter: str, expression: Expression, ground: Ground) -> Share:
        """How many of a newsletter's active subscribers an expression is about."""
        return counting.share(self._connection, newsletter, expression, ground)

    def warnings(self, expression: str) -> list[str]:
        """What is odd about an expression, a line each."""
        return list(counting.warnings(self._connection, parse(expression)))

    def _saved(self, name: str) -> Segment:
        row = self._connection.execute(select(*_COLUMNS).where(segments.c.name == name)).one()
        return Segment(**row._asdict())
