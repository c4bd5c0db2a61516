"""From the text of an expression to its tree; every error says where, and what to write instead."""

from __future__ import annotations

import re
from datetime import date

from publisher.errors import SegmentError, SubscriberError
from subscribers.profile import clean_language
from subscribers.segments.lexing import Sort, Token, tokens
from subscribers.segments.model import (
    KINDS,
    OPERATORS,
    TODAY,
    VALUES,
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

DEEPEST = 20
"""Levels of brackets and `not`."""

_FIELDS = ", ".join([*Field, "attribute.NAME"])
_NAMES = frozenset(map(str, Field))
_WORDS = frozenset({"and", "or", "not", "in", "is", "set", "contains", "starts", "ends", "with"})
_FARTHEST = {Unit.DAYS: 36_500, Unit.WEEKS: 5_200, Unit.MONTHS: 1_200, Unit.YEARS: 100}
_UNITS = {name: unit for unit in Unit for name in (str(unit), str(unit)[:-1])}
_SIGNS = {str(operator): operator for operator in Operator if not str(operator)[0].isalpha()}
_EXAMPLES = {
    Kind.TEXT: 'with a text: = "...", contains "..."',
    Kind.TAG: 'with a language: = "de"',
    Kind.LIST: 'with a section\'s slug: = "sport"',
    Kind.DAY: "with a day: > 2024-11-21, >= 30 days ago",
}
"""How each kind of field is compared, for whoever did it otherwise."""


def parse(source: str) -> Expression:
    """The tree of an expression.

    Raises:
        SegmentError: it is none.
    """
    return _Parser(source).whole()


class _Parser:
    """Reads tokens from left to right. `_depth` counts brackets and `not`s around the place it is at."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._place = 0
        self._depth = 0

    # --- and, or, not, brackets --------------------------------------------------------------------------------

    def whole(self) -> Expression:
        if len(self._tokens) == 1:
            raise self._error(self._next, "there is nothing to read", 'Write something like language = "de"')
        found = self._any()
        if self._next.text == ")":
            raise self._error(self._next, "this bracket was never opened", "Take it out, or open it")
        if self._next.sort is not Sort.END:
            raise self._error(self._next, f'expected "and" or "or", not {self._next.shown}', self._hint_after())
        return found

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self) -> Expression:
        begin = self._next
        if not (self._take("not") or self._take("(")):
            return self._comparison()
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(begin, f"it nests deeper than {DEEPEST}", "Make several segments of it")
        found: Expression
        if begin.text == "(":
            found = self._any()
            self._close(begin)
        else:
            found = Not(self._one())
        self._depth -= 1
        return found

    def _close(self, begin: Token) -> None:
        if self._take(")"):
            return
        if self._next.sort is Sort.END:
            raise self._error(begin, "this bracket is never closed", 'Write ")" where it ends')
        raise self._error(self._next, f'expected ")", not {self._next.shown}', self._hint_after())

    # --- one comparison ----------------------------------------------------------------------------------------

    def _comparison(self) -> Expression:
        subject = self._subject()
        if self._take("is"):
            negated = self._take("not")
            if not self._take("set"):
                raise self._error(
                    self._next, f'expected "set", not {self._next.shown}', 'Write "is set" or "is not set"'
                )
            return IsSet(subject, negated)
        begin, operator = self._next, self._operator()
        if operator in (Operator.IN, Operator.NOT_IN):
            values = self._values(subject, operator, begin)
        else:
            values = (self._value(subject, operator, begin),)
        return Comparison(subject, operator, values)

    def _subject(self) -> Subject:
        token = self._advance()
        word = token.text.lower()
        if token.sort is not Sort.WORD or word in _WORDS:
            raise self._error(
                token, f"expected something to compare, not {token.shown}", f"Write one of: {_FIELDS}"
            )
        if word == "attribute":
            if not self._take("."):
                raise self._error(self._next, "it is not said which attribute", "Write attribute.NAME")
            key = self._advance()
            if key.sort not in (Sort.WORD, Sort.TEXT) or not key.text:
                raise self._error(
                    key, f"expected the attribute's name, not {key.shown}", 'Write it in quotes: attribute."2024"'
                )
            return Attribute(key.text)
        if word in _NAMES:
            return Field(word)
        raise self._error(token, f"{token.shown} is not known of anybody", f"Write one of: {_FIELDS}")

    def _operator(self) -> Operator:
        token = self._advance()
        word = token.text.lower()
        if token.sort is Sort.SIGN and word in _SIGNS:
            return _SIGNS[word]
        if token.sort is Sort.WORD:
            if word in ("in", "contains"):
                return Operator(word)
            if word in ("starts", "ends") and self._take("with"):
                return Operator(f"{word} with")
            if word == "not" and self._take("in"):
                return Operator.NOT_IN
            if word == "not":
                raise self._error(token, '"not" stands in front', 'Write: not name contains "..."')
        raise self._error(
            token,
            f"expected a comparison, not {token.shown}",
            "Write one of: = != < <= > >=, in (...), contains, starts with, ends with, is set, is not set",
        )

    # --- values ------------------------------------------------------------------------------------------------

    def _values(self, subject: Subject, operator: Operator, begin: Token) -> tuple[Value, ...]:
        opened = self._next
        if not self._take("("):
            raise self._error(opened, f'expected "(", not {opened.shown}', 'Write: in ("gold", "silver")')
        values = [self._value(subject, operator, begin)]
        while self._take(","):
            values.append(self._value(subject, operator, begin))
        self._close(opened)
        return tuple(values)

    def _value(self, subject: Subject, operator: Operator, begin: Token) -> Value:
        token = self._advance()
        value = self._read(token, subject)
        kind = None if isinstance(subject, Attribute) else KINDS[subject]
        if kind is not None and not isinstance(value, VALUES[kind]):
            raise self._error(token, f"{subject} is not compared with that", f"Compare it {_EXAMPLES[kind]}")
        if operator not in OPERATORS[type(value)]:
            remedy = {
                Text: "Texts have =, !=, in, contains, starts with, ends with; numbers and days have an order",
                Truth: "Write = true or = false",
            }.get(type(value), "Numbers and days have = != < <= > >= and in (...)")
            raise self._error(begin, f'"{operator}" does not go with {self._shown(token)}', remedy)
        if kind is Kind.TAG and isinstance(value, Text) and operator not in (Operator.CONTAINS, Operator.ENDS):
            self._check_language(token, value.value)
        return value

    def _read(self, token: Token, subject: Subject) -> Value:
        word = token.text.lower()
        if token.sort is Sort.TEXT:
            if not token.text:
                raise self._error(token, "an empty text is nobody's", "Write: is set, or is not set")
            return Text(token.text)
        if token.sort is Sort.DATE:
            return Day(self._date(token))
        if token.sort is Sort.NUMBER:
            return self._distance(token) if self._next.text.lower() in _UNITS else self._number(token)
        if token.sort is Sort.WORD and word in ("true", "false"):
            return Truth(word == "true")
        if token.sort is Sort.WORD and word == "today":
            return TODAY
        if token.sort is Sort.WORD and word not in _WORDS:
            raise self._error(token, f"expected a value, not {token.shown}", f'Write it in quotes: "{token.text}"')
        example = {Kind.LIST: '"sport"', Kind.TAG: '"de"', Kind.DAY: "2024-11-21"}
        shown = '"gold"' if isinstance(subject, Attribute) else example.get(KINDS[subject], '"..."')
        raise self._error(token, f"expected a value, not {token.shown}", f"Write one, like {shown}")

    def _date(self, token: Token) -> date:
        try:
            day = date.fromisoformat(token.text)
        except ValueError:
            raise self._error(token, f"{token.shown} is no day", "Write it 2024-11-21") from None
        if not 1000 <= day.year <= 2999:
            raise self._error(token, f"{token.shown} is too far away", "Days are of the years 1000 to 2999")
        return day

    def _number(self, token: Token) -> Number:
        if not re.fullmatch(r"-?([0-9]{1,15}|[0-9]{1,9}\.[0-9]{1,6})", token.text):
            remedy = "Up to 15 digits, or 9 before and 6 after the point; write longer ones in quotes, as text"
            raise self._error(token, f"{token.shown} has too many digits", remedy)
        return Number(float(token.text))

    def _distance(self, token: Token) -> Distance:
        unit = _UNITS[self._advance().text.lower()]
        ahead = not self._take("ago")
        if ahead and not (self._take("from") and self._take("now")):
            raise self._error(
                self._next, f'expected "ago", not {self._next.shown}', 'Write "30 days ago" or "30 days from now"'
            )
        if not re.fullmatch("[0-9]{1,6}", token.text) or int(token.text) > _FARTHEST[unit]:
            raise self._error(
                token, f"{token.text} {unit} are no distance", f"Write a whole number up to {_FARTHEST[unit]}"
            )
        return Distance(int(token.text), unit, ahead) if int(token.text) else TODAY

    def _check_language(self, token: Token, tag: str) -> None:
        try:
            clean_language(tag)
        except SubscriberError as error:
            raise self._error(token, error.message, error.remedy) from error

    # --- tokens ------------------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _advance(self) -> Token:
        token = self._next
        if token.sort is not Sort.END:
            self._place += 1
        return token

    def _take(self, text: str) -> bool:
        """Go past the next token when it is this word or sign; never when it is a text that says the same."""
        if self._next.sort not in (Sort.WORD, Sort.SIGN) or self._next.text.lower() != text:
            return False
        self._place += 1
        return True

    def _hint_after(self) -> str:
        """What may be meant by something that follows a whole comparison."""
        if self._next.sort in (Sort.TEXT, Sort.NUMBER, Sort.DATE) or self._next.text == ",":
            return 'Several values stand in brackets: in ("gold", "silver")'
        return "Join two comparisons by one of them"

    def _shown(self, token: Token) -> str:
        return f'"{token.text}"' if token.sort is Sort.TEXT else token.text

    def _error(self, token: Token, message: str, remedy: str) -> SegmentError:
        return SegmentError(message, remedy=remedy, source=self._source, offset=token.offset)
