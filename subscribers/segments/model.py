"""The tree of an expression, frozen: what is compared, how, with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Field(StrEnum):
    """What is known of everybody."""

    NAME = "name"
    EMAIL = "email"
    LANGUAGE = "language"
    TIMEZONE = "timezone"
    SOURCE = "source"
    SECTION = "section"
    JOINED = "joined"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an import, or an operator, says of some people: `attribute.KEY`."""

    key: str


Subject = Field | Attribute


class Kind(StrEnum):
    """What a field holds. A TAG is a language: `de` is also what begins with `de-`."""

    TEXT = "text"
    TAG = "tag"
    LIST = "list"
    DAY = "day"


KINDS: Mapping[Field, Kind] = {
    Field.NAME: Kind.TEXT,
    Field.EMAIL: Kind.TEXT,
    Field.LANGUAGE: Kind.TAG,
    Field.TIMEZONE: Kind.TEXT,
    Field.SOURCE: Kind.TEXT,
    Field.SECTION: Kind.LIST,
    Field.JOINED: Kind.DAY,
    Field.CONFIRMED: Kind.DAY,
}


@dataclass(frozen=True, slots=True)
class Text:
    """`"gold"`: never empty; letters A to Z are compared without regard to case."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """`42`, `-1.5`: at most 15 digits, so that every database reads the same number."""

    value: float


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Day:
    """`2024-11-21`."""

    value: date


class Unit(StrEnum):
    """What a distance is counted in."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Distance:
    """`30 days ago`, or `30 days from now` when it is `ahead`."""

    number: int
    unit: Unit
    ahead: bool = False


TODAY = Distance(0, Unit.DAYS)

Value = Text | Number | Truth | Day | Distance


class Operator(StrEnum):
    """How a subject is compared."""

    EQUAL = "="
    DIFFERS = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    CONTAINS = "contains"
    STARTS = "starts with"
    ENDS = "ends with"


_O = Operator
NEGATIVE: Mapping[Operator, Operator] = {_O.DIFFERS: _O.EQUAL, _O.NOT_IN: _O.IN}
"""Operators that hold exactly where another does not."""

_SAME = frozenset({_O.EQUAL, _O.DIFFERS, _O.IN, _O.NOT_IN})
_PARTS = frozenset({_O.CONTAINS, _O.STARTS, _O.ENDS})
_ORDER = frozenset({_O.LESS, _O.AT_MOST, _O.MORE, _O.AT_LEAST})
OPERATORS: Mapping[type[Value], frozenset[Operator]] = {
    Text: _SAME | _PARTS,
    Number: _SAME | _ORDER,
    Truth: _SAME,
    Day: _SAME | _ORDER,
    Distance: _SAME | _ORDER,
}
"""What can be asked with a value of each type."""

VALUES: Mapping[Kind, tuple[type[Value], ...]] = {
    Kind.TEXT: (Text,),
    Kind.TAG: (Text,),
    Kind.LIST: (Text,),
    Kind.DAY: (Day, Distance),
}
"""The types of value that a field is compared with; an attribute with any."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`SUBJECT OPERATOR VALUE`; several values for IN and NOT_IN alone."""

    subject: Subject
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsSet:
    """`SUBJECT is set`, or `is not set`."""

    subject: Subject
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """`not ...`."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class And:
    """Two or more, all of which hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more, one of which holds."""

    parts: tuple[Expression, ...]


Expression = Comparison | IsSet | Not | And | Or


def subjects(expression: Expression) -> Iterator[Subject]:
    """Everything that is asked about, as often as it is."""
    match expression:
        case And(parts) | Or(parts):
            for part in parts:
                yield from subjects(part)
        case Not(inner):
            yield from subjects(inner)
        case Comparison(subject) | IsSet(subject):
            yield subject
