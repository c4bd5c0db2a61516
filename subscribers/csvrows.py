"""Rows of a CSV file as people's programs write it, one at a time: RFC 4180, with the usual departures from it.

Encodings: UTF-8 with or without a BOM, and Windows-1252 line by line where it is no UTF-8. Cells stand between
commas, semicolons or tabs, whichever makes sense of the header. A quote that is opened and never closed costs its
own line, not the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from publisher.errors import SubscriberError

LONGEST_LINE = 65_536
"""Bytes; a longer line is no row of a list of subscribers."""

MOST_LINES = 20
"""Lines that one row may go over, inside quotes."""

DELIMITERS = (",", ";", "\t")

_UNREADABLE = "\0"
"""Stands for a line that is too long; a line that holds this character is refused alike."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins at, counted from 1, and its cells, or the reason why it has none."""

    line: int
    cells: list[str]
    problem: str = ""


class CsvRows:
    """The rows of a file below its header, those without any text left out.

    Args:
        source: the file, opened for reading bytes, or its lines.
        wanted: a column that the header must have, by which the delimiter is known.

    Raises:
        SubscriberError: the file is empty, in UTF-16, or its first line does not name the wanted column.
    """

    def __init__(self, source: Iterable[bytes], wanted: str) -> None:
        self.bytes_read = 0
        self._lines = self._decoded(source)
        self._given_back: list[str] = []
        self._number = 0
        header = next((text for text in iter(self._take, None) if text.strip()), "")
        if not header:
            raise SubscriberError(
                "the file is empty", remedy=f'Its first line names columns, "{wanted}" among them'
            )
        self._delimiter = _delimiter(header, wanted)
        self.columns = column_names(_cells(header, self._delimiter))

    def __iter__(self) -> Iterator[Row]:
        while (text := self._take()) is not None:
            if text and not text.isspace():
                yield self._row(self._number, text)

    def _row(self, number: int, text: str) -> Row:
        if text.count('"') % 2 and _is_open(text, self._delimiter):
            whole = self._closed(text)
            if whole is None:
                return Row(number, [], "a quote is opened and never closed")
            text = whole
        if _UNREADABLE in text:
            return Row(number, [], "the line is too long, or holds zero bytes")
        try:
            return Row(number, _cells(text, self._delimiter))
        except csv.Error as error:
            return Row(number, [], f"not readable as a row: {error}")

    def _closed(self, text: str) -> str | None:
        """`text` with the lines that close its quote; None, and no line taken, when they are not near."""
        taken: list[str] = []
        while _is_open(text, self._delimiter):
            more = self._take() if len(taken) < MOST_LINES and len(text) < LONGEST_LINE else None
            if more is None:
                self._given_back = taken + self._given_back
                self._number -= len(taken)
                return None
            taken.append(more)
            text = f"{text}\n{more}"
        return text

    def _take(self) -> str | None:
        text = self._given_back.pop(0) if self._given_back else next(self._lines, None)
        self._number += text is not None
        return text

    def _decoded(self, source: Iterable[bytes]) -> Iterator[str]:
        """Lines without their ends, which are LF, CR LF, or CR."""
        for raw in _bounded(source):
            if not self.bytes_read:
                _refuse_utf_16(raw)
                raw = raw.removeprefix(codecs.BOM_UTF8)
            self.bytes_read += len(raw)
            if len(raw) >= LONGEST_LINE:
                yield _UNREADABLE
                continue
            text = _text(raw).rstrip("\r\n")
            if "\r" in text:
                yield from text.split("\r")
            else:
                yield text


def column_names(cells: Iterable[str]) -> tuple[str, ...]:
    """Names of columns as they are compared: lower case, and one word for what is written in several ways."""
    names = (" ".join(cell.replace("_", " ").replace("-", " ").split()).lower() for cell in cells)
    return tuple(_SYNONYMS.get(name, name) for name in names)


_SYNONYMS = {
    "e mail": "email",
    "email address": "email",
    "e mail address": "email",
    "time zone": "timezone",
    "lang": "language",
}


def _bounded(source: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of at most LONGEST_LINE bytes; what a longer one has beyond is passed over, never held."""
    readline = getattr(source, "readline", None)
    if readline is None:
        yield from source
        return
    while raw := readline(LONGEST_LINE):
        yield raw
        while len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            raw = readline(LONGEST_LINE)


def _refuse_utf_16(beginning: bytes) -> None:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in beginning[:4]:
        raise SubscriberError("the file is in UTF-16", remedy='Save it again as "CSV UTF-8"')


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter))


def _is_open(text: str, delimiter: str) -> bool:
    """Whether a quoted cell of `text` is still open at its end: only a quote at the end of a cell closes it."""
    quoted, before = False, delimiter
    for character, after in zip(text, f"{text[1:]}{delimiter}", strict=True):
        if quoted:
            quoted = character != '"' or after not in (delimiter, '"')
        elif character == '"':
            quoted = before in (delimiter, '"')  # a doubled quote inside a quoted cell opens it again
        before = character
    return quoted


def _delimiter(header: str, wanted: str) -> str:
    for delimiter in DELIMITERS:
        if wanted in column_names(_cells(header, delimiter)):
            return delimiter
    raise SubscriberError(
        f'the first line names no column "{wanted}"',
        remedy=f"Write the names of the columns there, such as {wanted},name,language",
        line=1,
    )
