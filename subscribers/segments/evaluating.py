"""Whether an expression holds for one person, in plain Python: what `compiling` has to agree with.

Every comparison is true or false. What is not known of somebody makes it false, so that `!=` and `not in`, which
hold exactly where `=` and `in` do not, are true then.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from subscribers.segments.model import (
    KINDS,
    NEGATIVE,
    And,
    Attribute,
    Comparison,
    Day,
    Distance,
    Expression,
    Field,
    IsSet,
    Kind,
    Not,
    Number,
    Operator,
    Or,
    Subject,
    Text,
    Truth,
    Unit,
    Value,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What an expression is looked at with: the moment, and what the newsletter gives who says nothing else."""

    now: datetime
    timezone: str = "UTC"
    language: str = ""

    @property
    def today(self) -> date:
        """The day that it is for the newsletter."""
        return self.now.astimezone(ZoneInfo(self.timezone)).date()

    def day(self, value: Day | Distance) -> date:
        """The day that is meant."""
        if isinstance(value, Day):
            return value.value
        number = value.number if value.ahead else -value.number
        if value.unit in (Unit.DAYS, Unit.WEEKS):
            return self.today + timedelta(days=number * (7 if value.unit is Unit.WEEKS else 1))
        return _months_after(self.today, number * (12 if value.unit is Unit.YEARS else 1))

    def begin(self, day: date) -> datetime:
        """The moment at which a day begins for the newsletter."""
        return datetime.combine(day, time(), ZoneInfo(self.timezone)).astimezone(UTC)


def _months_after(day: date, number: int) -> date:
    """The same day of another month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody and their subscription, as an expression sees them. `section` None: all."""

    name: str
    email: str
    language: str
    timezone: str
    source: str
    section: Sequence[str] | None
    joined: datetime
    confirmed: datetime | None
    attributes: Mapping[str, Any]


def holds(expression: Expression, person: Person, ground: Ground) -> bool:
    """Whether it holds."""
    match expression:
        case And(parts):
            return all(holds(part, person, ground) for part in parts)
        case Or(parts):
            return any(holds(part, person, ground) for part in parts)
        case Not(inner):
            return not holds(inner, person, ground)
        case IsSet(subject, negated):
            return _is_set(subject, person) is not negated
        case Comparison(subject, operator, values):
            positive = NEGATIVE.get(operator)
            if positive is not None:
                return not holds(Comparison(subject, positive, values), person, ground)
            asked = Operator.EQUAL if operator is Operator.IN else operator
            return any(_compare(subject, asked, value, person, ground) for value in values)


def _is_set(subject: Subject, person: Person) -> bool:
    if isinstance(subject, Attribute):
        found = _said(subject, person)
        return isinstance(found, dict) or any(each not in (None, "") for each in _members(found))
    found = getattr(person, subject)
    return found is not None if KINDS[subject] in (Kind.LIST, Kind.DAY) else found != ""


def _compare(subject: Subject, operator: Operator, value: Value, person: Person, ground: Ground) -> bool:
    if isinstance(subject, Attribute):
        members = _members(_said(subject, person))
        return any(_compare_member(member, operator, value, ground) for member in members)
    found = getattr(person, subject)
    match KINDS[subject], value:
        case Kind.DAY, Day() | Distance():
            return found is not None and _compare_moment(found, operator, ground, ground.day(value))
        case Kind.LIST, Text(text):
            return found is None or any(_compare_text(each, operator, text) for each in found)
        case Kind.TAG, Text(text):
            tag = found or ground.language
            begins = operator is Operator.EQUAL and _compare_text(tag, Operator.STARTS, f"{text}-")
            return begins or _compare_text(tag, operator, text)
        case _, Text(text):
            own = ground.timezone if subject is Field.TIMEZONE and not found else found
            return _compare_text(own, operator, text)
    raise TypeError(f"{subject} is not compared with {value}")  # the parser lets no such thing through


def _said(attribute: Attribute, person: Person) -> Any:
    """What an attribute says; nothing when there is a NUL in any, which not every database can read."""
    found = person.attributes.get(attribute.key)
    return None if "\\u0000" in json.dumps(dict(person.attributes)) else found


def _members(found: Any) -> Iterator[Any]:
    """The values that an attribute holds: none, one, or those of a list; lists and objects are none."""
    for each in found if isinstance(found, list) else (found,):
        if each is not None and not isinstance(each, list | dict):
            yield each


def _compare_member(member: Any, operator: Operator, value: Value, ground: Ground) -> bool:
    match value:
        case Text(text):
            return isinstance(member, str) and _compare_text(member, operator, text)
        case Truth(truth):
            said = str(member).lower() if isinstance(member, bool) else member
            return isinstance(said, str) and folded(said) == ("true" if truth else "false")
        case Number(number):
            own = number_of(member)
            return own is not None and compare(own, operator, number)
        case Day() | Distance():
            dated = isinstance(member, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\Z|[T ])", member)
            return bool(dated) and compare(member[:10], operator, ground.day(value).isoformat())


def number_of(member: Any) -> float | None:
    """The number that an attribute says, as number or as text; None for what not every database can read."""
    if isinstance(member, str):
        written = re.fullmatch(r"-?([0-9]{1,15}|[0-9]{1,9}\.[0-9]{1,6})", member)
        return float(member) if written else None
    if isinstance(member, bool) or not isinstance(member, int | float):
        return None
    readable = member == 0 or SMALLEST <= abs(member) <= LARGEST
    return float(member) if readable else None


SMALLEST, LARGEST = 1e-99, 1e15
"""What attributes that are numbers may be, zero and signs aside."""


def _compare_text(own: str, operator: Operator, text: str) -> bool:
    own, text = folded(own), folded(text)
    match operator:
        case Operator.CONTAINS:
            return text in own
        case Operator.STARTS:
            return own.startswith(text)
        case Operator.ENDS:
            return own.endswith(text)
    return own == text


def _compare_moment(own: datetime, operator: Operator, ground: Ground, day: date) -> bool:
    begin, end = ground.begin(day), ground.begin(day + timedelta(days=1))
    if operator is Operator.EQUAL:
        return begin <= own < end
    return bool(compare(own, *limit_of(operator, begin, end)))


def limit_of(operator: Operator, begin: datetime, end: datetime) -> tuple[Operator, datetime]:
    """How a moment is compared with a day: after it is from its end on, not after it is before its end."""
    later = operator in (Operator.MORE, Operator.AT_LEAST)
    whole = operator in (Operator.MORE, Operator.AT_MOST)
    return Operator.AT_LEAST if later else Operator.LESS, end if whole else begin


def compare(own: Any, operator: Operator, other: Any) -> Any:
    """Two values of one type that have an order, or two columns."""
    match operator:
        case Operator.EQUAL:
            return own == other
        case Operator.LESS:
            return own < other
        case Operator.AT_MOST:
            return own <= other
        case Operator.MORE:
            return own > other
        case Operator.AT_LEAST:
            return own >= other
    raise ValueError(f"{operator} is no order")


@lru_cache(maxsize=1024)
def folded(text: str) -> str:
    """The letters A to Z in lower case, and no others: that is what all databases agree on."""
    return text.translate(_LOWER)


_LOWER = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
