"""An expression as people write it: `parse(printed(tree))` is the tree again."""

from __future__ import annotations

import re

from subscribers.segments.model import (
    TODAY,
    And,
    Attribute,
    Comparison,
    Day,
    Distance,
    Expression,
    IsSet,
    Not,
    Number,
    Operator,
    Or,
    Subject,
    Text,
    Truth,
    Value,
)


def printed(expression: Expression) -> str:
    """The expression in one line, brackets wherever they help to read it."""
    match expression:
        case And(parts):
            return " and ".join(map(_inner, parts))
        case Or(parts):
            return " or ".join(map(_inner, parts))
        case Not(inner):
            return f"not {_inner(inner)}"
        case IsSet(subject, negated):
            return f"{shown_subject(subject)} is {'not ' if negated else ''}set"
        case Comparison(subject, operator, values):
            listed = ", ".join(map(_value, values))
            many = operator in (Operator.IN, Operator.NOT_IN)
            return f"{shown_subject(subject)} {operator} {f'({listed})' if many else listed}"


def _inner(expression: Expression) -> str:
    text = printed(expression)
    return f"({text})" if isinstance(expression, And | Or) else text


def shown_subject(subject: Subject) -> str:
    """A field or an attribute as it is written."""
    if not isinstance(subject, Attribute):
        return str(subject)
    bare = re.fullmatch(r"[^\W\d][\w-]*", subject.key)
    return f"attribute.{subject.key if bare else _quoted(subject.key)}"


def _value(value: Value) -> str:
    match value:
        case Text(text):
            return _quoted(text)
        case Number(number):
            return f"{number:.6f}".rstrip("0").rstrip(".")
        case Truth(truth):
            return "true" if truth else "false"
        case Day(day):
            return day.isoformat()
        case Distance(number, unit, ahead):
            if value == TODAY:
                return "today"
            one = str(unit)[:-1] if number == 1 else str(unit)
            return f"{number} {one} {'from now' if ahead else 'ago'}"


def _quoted(text: str) -> str:
    return '"{}"'.format(re.sub(r'(["\\])', r"\\\1", text))
