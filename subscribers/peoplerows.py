"""Rows of a list as people: each checked, with what the list says of them; those that are none are counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from publisher.errors import SubscriberError
from subscribers.addresses import normalise
from subscribers.csvrows import Row, column_names
from subscribers.exporting import COLUMNS, FORMULA
from subscribers.model import NewSubscriber, Standing
from subscribers.profile import clean_language, clean_name, clean_sections, clean_timezone
from subscribers.shapes import OURS, judge_of, recognise

PROBLEMS_KEPT = 1000
"""So many bad rows are told one by one; beyond, they are counted."""

Read = tuple[NewSubscriber, Standing]
"""A person, and what the file says of them."""

_OUR_COLUMNS = frozenset(COLUMNS) | frozenset(column_names(COLUMNS))
"""Columns that are no attributes: those of our own export, as they are written and as they are compared."""

_PLAIN = ("email", "name", "language", "timezone", "sections")


class PeopleReader:
    """Rows into people; keeps count of those that are none.

    Args:
        columns: of the list, as `csvrows.column_names` gives them.
        newsletter: rows of another one are left out.
        file_name: what some products tell by.

    Raises:
        SubscriberError: a column that matters is there twice.
    """

    def __init__(self, columns: tuple[str, ...], newsletter: str, file_name: str = "") -> None:
        self.shape = shape = recognise(columns)
        ours = shape is OURS
        known = {*_PLAIN, *shape.names, shape.timezone} | (_OUR_COLUMNS if ours else frozenset())
        twice = next((name for name in columns if name in known and columns.count(name) > 1), None)
        if twice is not None:
            raise SubscriberError(f'the column "{twice}" is there twice', remedy="Rename or remove one", line=1)

        def place(name: str) -> int:
            return columns.index(name) if name in columns else -1

        self._email, self._language, self._timezone = map(place, ("email", "language", shape.timezone))
        self._names = [place(name) for name in shape.names]
        self._sections, self._of = (place("sections"), place("newsletter")) if ours else (-1, -1)
        own_data = not ours or "state" in columns  # else it is somebody's own column of that name
        self._data = place(shape.data) if own_data else -1
        rules = {rule.column for rule in shape.rules}
        if self._data < 0:
            known -= {shape.data}
        aside = known | shape.dropped | rules | ({shape.data} if self._data >= 0 else set())
        self._others = [(index, name) for index, name in enumerate(columns) if name and name not in aside]
        self._judge = judge_of(shape, columns, file_name)
        self._width = len(columns)
        self._newsletter = newsletter
        self.left_out = 0
        self.bad = 0
        self.problems: list[tuple[int, str]] = []

    def people(self, rows: Iterable[Row]) -> Iterator[Read]:
        """Each person of the file that concerns this newsletter, and what it says of them."""
        for row in rows:
            try:
                found = self._person(row)
            except SubscriberError as error:
                self.bad += 1
                if len(self.problems) < PROBLEMS_KEPT:
                    self.problems.append((row.line, error.message))
                continue
            if found is None:
                self.left_out += 1
            else:
                yield found

    def _person(self, row: Row) -> Read | None:
        """A person of the file; None for one whom it calls no subscriber of this newsletter."""
        cells = self.cells(row)
        email, key = normalise(cells[self._email])
        if cells[self._of] not in ("", self._newsletter):
            return None
        standing = Standing.AGREED if self._judge is None else self._judge(cells)
        attributes: dict[str, Any] = {name: said for index, name in self._others if (said := cells[index].strip())}
        if self._data >= 0:
            attributes |= attributes_of(cells[self._data])
        if self.shape.lenient:
            language = _if_any(clean_language, cells[self._language])
            timezone = _if_any(clean_timezone, cells[self._timezone])
        else:
            language, timezone = clean_language(cells[self._language]), clean_timezone(cells[self._timezone])
        name = self._name(cells)
        person = NewSubscriber(
            email, key, name, language, timezone, clean_sections(cells[self._sections]), attributes
        )
        return person, standing

    def cells(self, row: Row) -> list[str]:
        """The cells of a row, one for each column and an empty one more: what index -1 finds.

        Raises:
            SubscriberError: it cannot be read, has too many, or no address.
        """
        if row.problem:
            raise SubscriberError(row.problem)
        cells = row.cells
        missing = self._width - len(cells)
        if missing < 0 and any(cells[self._width :]):
            raise SubscriberError(f"the row has {len(cells)} cells, the header {self._width}")
        cells += [""] * (missing + 1)
        if not cells[self._email].strip():
            raise SubscriberError("the row has no address")
        return cells

    def _name(self, cells: Sequence[str]) -> str:
        if len(self._names) == 1:
            return clean_name(unescaped(cells[self._names[0]]))
        return clean_name(" ".join(unescaped(cells[index]).strip() for index in self._names))


def unescaped(text: str) -> str:
    """A text without the apostrophe that keeps spreadsheets from running it."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


def attributes_of(text: str) -> dict[str, Any]:
    """What a cell of JSON says of a person; nothing for an empty one.

    Raises:
        SubscriberError: it is no JSON object, or holds what is no text.
    """
    if not text.strip():
        return {}
    try:
        found = json.loads(text, parse_constant=_refused)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise SubscriberError("the attributes are no JSON") from error
    if not isinstance(found, dict) or "\\u0000" in text:
        raise SubscriberError("the attributes are no JSON object")
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _if_any(clean: Callable[[str], str], text: str) -> str:
    try:
        return clean(text)
    except SubscriberError:
        return ""
