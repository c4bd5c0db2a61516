"""Random expressions, and random people for them to be about: small worlds, so that things often match."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert

from subscribers.segments.evaluating import Ground, Person
from subscribers.segments.model import (
    KINDS,
    OPERATORS,
    TODAY,
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
from subscribers.tables import subscribers, subscriptions

NOW = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)
"""In Berlin it is the first of April already, and summer time has just begun."""
NEWSLETTER = "daily"

WORDS = [
    "Gold",
    "gold",
    "golden",
    "ÄÖ",
    "äö",
    "İ",
    "straße",
    "50%",
    "a_b",
    "it's",
    'say "x"',
    "back\\slash",
    "東京",
    "é",
]
KEYS = ["plan", "favourite colour", "Größe", 'q"uote', "ключ", "a.b", "50%", "in"]
LANGUAGES = ["de", "DE", "de-AT", "den", "pt-BR", "pt"]
DATES = [
    "2024-04-01",
    "2024-03-31",
    "2024-03-31T10:00",
    "2024-03-31 late",
    "2024-03-31x",
    "2024-3-31",
    "9999-99-99",
]
NUMBERS: list[Any] = [
    0,
    1,
    -1,
    42,
    1.5,
    0.1,
    0.30000000000000004,
    -0.0,
    1e16,
    1e-7,
    10**15,
    10**15 + 1,
    10**20,
    5e-324,
]
NUMERALS = [
    "42",
    "042",
    "1.5",
    "-1",
    "--1",
    "1.",
    ".5",
    "1.5.2",
    "1e3",
    "",
    "-",
    "123456789012345",
    "1234567890123456",
    "٤",
]
GROUNDS = [
    Ground(NOW, "Europe/Berlin", "de"),
    Ground(NOW, "UTC", "pt-BR"),
    Ground(NOW, "America/Santiago", ""),
]

_scalars = st.one_of(
    st.sampled_from([*WORDS, *DATES, *NUMERALS, *NUMBERS, True, False, None, "true", "False"]),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4),
)
_said = st.one_of(
    _scalars,
    st.lists(_scalars, max_size=3),
    st.just({}),
    st.dictionaries(st.sampled_from(KEYS), _scalars, max_size=2),
    st.lists(st.one_of(_scalars, st.lists(_scalars, max_size=1)), max_size=2),
)
_moments = st.one_of(
    st.sampled_from(
        [
            datetime(2024, 3, 30, 23, tzinfo=UTC),
            datetime(2024, 3, 31, 22, tzinfo=UTC),
            datetime(2024, 3, 1, tzinfo=UTC),
        ]
    ).flatmap(lambda moment: st.sampled_from([moment, moment - timedelta(microseconds=1)])),
    st.integers(0, 800 * 86400).map(lambda seconds: NOW + timedelta(days=30, seconds=-seconds)),
)

persons = st.builds(
    Person,
    name=st.sampled_from(["", *WORDS]),
    email=st.sampled_from(["ada@example.org", "Ben@EXAMPLE.com", "zoë@example.org"]),
    language=st.sampled_from(["", *LANGUAGES]),
    timezone=st.sampled_from(["", "Europe/Berlin", "Europe/Paris", "UTC"]),
    source=st.sampled_from(["", "import a.csv", "form"]),
    section=st.none() | st.lists(st.sampled_from(["sport", "world", "sports"]), unique=True, max_size=2),
    joined=_moments,
    confirmed=st.none() | _moments,
    attributes=st.dictionaries(st.sampled_from(KEYS), _said, max_size=4),
)

_days = st.one_of(
    st.dates(date(2024, 3, 28), date(2024, 4, 2)).map(Day),
    st.dates(date(1000, 1, 1), date(2999, 12, 31)).map(Day),
    st.just(TODAY),
    st.builds(Distance, st.integers(1, 40), st.sampled_from(Unit), st.booleans()),
)
_texts = st.sampled_from(
    [*WORDS, *DATES, "sport", "sports", "old", "@example", "Europe/", "import", "a", "e"]
).map(Text) | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=3).map(
    lambda text: Text(_nfc(text))
)
_numbers = st.one_of(
    st.sampled_from([0, 1, 42, -1, 1.5, 0.1, 0.3, 10**14]),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(-(10**12), 10**12).map(lambda number: number / 1000).filter(lambda number: abs(number) < 10**9),
).map(lambda number: Number(float(number)))
_truths = st.booleans().map(Truth)
_languages = st.sampled_from(LANGUAGES).map(Text)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _values(subject: Subject) -> st.SearchStrategy[Value]:
    if isinstance(subject, Attribute):
        return st.one_of(_texts, _numbers, _truths, _days)
    found: dict[Kind, st.SearchStrategy[Any]] = {Kind.TAG: _languages, Kind.DAY: _days}
    return found.get(KINDS[subject], _texts)


subjects: st.SearchStrategy[Subject] = st.one_of(
    st.sampled_from(Field), st.sampled_from(KEYS).map(Attribute), st.sampled_from(KEYS).map(Attribute)
)


@st.composite
def _comparisons(draw: st.DrawFn) -> Expression:
    subject = draw(subjects)
    if draw(st.integers(0, 5)) == 0:
        return IsSet(subject, draw(st.booleans()))
    value = draw(_values(subject))
    operator = draw(st.sampled_from(sorted(OPERATORS[type(value)])))
    if operator not in (Operator.IN, Operator.NOT_IN):
        return Comparison(subject, operator, (value,))
    return Comparison(subject, operator, (value, *draw(st.lists(_values(subject), max_size=2))))


def _joined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(And), several.map(Or), inner.map(Not))


expressions: st.SearchStrategy[Expression] = st.recursive(_comparisons(), _joined, max_leaves=6)


def store(connection: Connection, people: list[Person]) -> None:
    """Replace everybody by these; the first gets id 1."""
    for table in (subscriptions, subscribers):
        connection.execute(delete(table))
    for number, person in enumerate(people, 1):
        row = {name: getattr(person, name) for name in ("name", "email", "language", "timezone", "attributes")}
        row |= {"id": number, "email_key": f"{number}", "created_at": NOW}
        connection.execute(insert(subscribers).values(row))
        mine = {
            "subscriber_id": number,
            "newsletter": NEWSLETTER,
            "state": "active",
            "sections": None if person.section is None else list(person.section),
            "source": person.source,
            "created_at": person.joined,
            "confirmed_at": person.confirmed,
        }
        connection.execute(insert(subscriptions).values(mine))
