"""From the tree of an expression to SQLAlchemy: a criterion over `subscribers` joined with `subscriptions`.

It says of everybody what `evaluating.holds` says, on SQLite and on PostgreSQL. It is never NULL, so it can be
negated; values are parameters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, and_, exists, func, literal, not_, null, or_, select

from subscribers.segments.evaluating import Ground, compare, folded, limit_of
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
    Value,
)
from subscribers.segments.spelling import (
    date_of,
    entries,
    kind_of,
    list_of,
    lowered,
    members,
    number_of,
    place_in,
    text_of,
)
from subscribers.tables import subscribers, subscriptions

Criterion = ColumnElement[bool]

_COLUMNS = {
    Field.NAME: (subscribers, "name"),
    Field.EMAIL: (subscribers, "email"),
    Field.LANGUAGE: (subscribers, "language"),
    Field.TIMEZONE: (subscribers, "timezone"),
    Field.SOURCE: (subscriptions, "source"),
    Field.SECTION: (subscriptions, "sections"),
    Field.JOINED: (subscriptions, "created_at"),
    Field.CONFIRMED: (subscriptions, "confirmed_at"),
}


def criterion(
    expression: Expression,
    ground: Ground,
    person: FromClause = subscribers,
    row: FromClause = subscriptions,
) -> Criterion:
    """Whether an expression holds for a row of `person` and the subscription `row` of theirs.

    Args:
        expression: what is asked.
        ground: the moment, and the newsletter's time zone and language.
        person: `subscribers`, or an alias of it.
        row: `subscriptions`, or an alias of it.
    """
    return _Compiler(ground, person, row).whole(expression)


class _Compiler:
    def __init__(self, ground: Ground, person: FromClause, row: FromClause) -> None:
        self._ground = ground
        self._person = person
        self._row = row

    def whole(self, expression: Expression) -> Criterion:
        match expression:
            case And(parts):
                return and_(*map(self.whole, parts))
            case Or(parts):
                return or_(*map(self.whole, parts))
            case Not(inner):
                return not_(self.whole(inner))
            case IsSet(subject, negated):
                found = self._is_set(subject)
                return not_(found) if negated else found
            case Comparison(subject, operator, values):
                positive = NEGATIVE.get(operator)
                if positive is not None:
                    return not_(self.whole(Comparison(subject, positive, values)))
                asked = Operator.EQUAL if operator is Operator.IN else operator
                return self._compare(subject, asked, values)

    def _column(self, field: Field) -> ColumnElement[Any]:
        table, name = _COLUMNS[field]
        column: ColumnElement[Any] = (self._person if table is subscribers else self._row).c[name]
        return column

    def _is_set(self, subject: Subject) -> Criterion:
        if isinstance(subject, Attribute):
            return self._attribute(subject, _is_something, also_object=True)
        column = self._column(subject)
        nullable = KINDS[subject] in (Kind.LIST, Kind.DAY)
        return column.is_not(null()) if nullable else column != ""

    def _compare(self, subject: Subject, operator: Operator, values: tuple[Value, ...]) -> Criterion:
        """Whether it holds for one of the values."""
        if isinstance(subject, Attribute):
            return self._attribute(
                subject, lambda type_, value: self._member(type_, value, operator, values), also_object=False
            )
        column, kind = self._column(subject), KINDS[subject]
        if kind is Kind.DAY:
            moments = [
                self._moment(column, operator, value) for value in values if isinstance(value, Day | Distance)
            ]
            return and_(column.is_not(null()), or_(*moments))
        texts = [value.value for value in values if isinstance(value, Text)]
        if kind is Kind.LIST:
            member = members(column).table_valued("value", "type")
            found = _texts(text_of(member.c.type, member.c.value), operator, texts)
            return or_(column.is_(null()), exists(select(1).select_from(member).where(found)))
        return self._plain(subject, column, operator, texts)

    def _plain(self, field: Field, column: ColumnElement[Any], operator: Operator, texts: list[str]) -> Criterion:
        if field is Field.TIMEZONE:
            column = func.coalesce(func.nullif(column, ""), literal(self._ground.timezone, String))
        if field is Field.LANGUAGE:
            column = func.coalesce(func.nullif(column, ""), literal(self._ground.language, String))
            if operator is Operator.EQUAL:
                longer = [_texts(column, Operator.STARTS, [f"{text}-"]) for text in texts]
                return or_(_texts(column, operator, texts), *longer)
        return _texts(column, operator, texts)

    def _moment(self, column: ColumnElement[Any], operator: Operator, value: Day | Distance) -> Criterion:
        day = self._ground.day(value)
        begin, end = self._ground.begin(day), self._ground.begin(day + timedelta(days=1))
        if operator is Operator.EQUAL:
            return and_(column >= begin, column < end)
        found: Criterion = compare(column, *limit_of(operator, begin, end))
        return found

    def _attribute(self, attribute: Attribute, found: Any, *, also_object: bool) -> Criterion:
        """Whether `found(type, value)` holds for what an attribute says, or for a member of its list."""
        each = entries(self._person.c.attributes).table_valued("key", "value", "type")
        type_, value = each.c.type, each.c.value
        member = members(list_of(type_, value)).table_valued("value", "type")
        inside = exists(select(1).select_from(member).where(found(member.c.type, member.c.value)))
        kinds = [found(type_, value), inside]
        if also_object:
            kinds.append(kind_of(type_, value) == "object")
        return exists(select(1).select_from(each).where(each.c.key == attribute.key, or_(*kinds)))

    def _member(
        self, type_: ColumnElement[Any], value: ColumnElement[Any], operator: Operator, values: tuple[Value, ...]
    ) -> Criterion:
        """Whether one value of an attribute compares with one of these."""
        asked: list[Criterion] = []
        kind, text = kind_of(type_, value), text_of(type_, value)
        if texts := [each.value for each in values if isinstance(each, Text)]:
            asked.append(and_(kind == "string", _texts(text, operator, texts)))
        for each in values:
            match each:
                case Truth(truth):
                    said = lowered(text) == ("true" if truth else "false")
                    asked.append(and_(kind.in_(["string", "boolean"]), said))
                case Number(number):
                    asked.append(compare(number_of(type_, value), operator, number))
                case Day() | Distance():
                    asked.append(compare(date_of(type_, value), operator, self._ground.day(each).isoformat()))
        return or_(*asked)


def _is_something(type_: ColumnElement[Any], value: ColumnElement[Any]) -> Criterion:
    kind = kind_of(type_, value)
    text = and_(kind == "string", text_of(type_, value) != "")
    return or_(kind.in_(["number", "boolean"]), text)


def _texts(column: ColumnElement[Any], operator: Operator, texts: list[str]) -> Criterion:
    """Whether a text compares with one of these."""
    own, wanted = lowered(column), [folded(text) for text in texts]
    match operator:
        case Operator.EQUAL:
            return own.in_(wanted) if len(wanted) > 1 else own == wanted[0]
        case Operator.CONTAINS:
            return place_in(own, wanted[0]) > 0
        case Operator.STARTS:
            return func.substr(own, 1, len(wanted[0])) == wanted[0]
        case Operator.ENDS:
            at_least = func.length(own) >= len(wanted[0])
            return and_(at_least, func.substr(own, func.length(own) - len(wanted[0]) + 1) == wanted[0])
    raise ValueError(f"{operator} is no comparison of texts")
