"""One family of errors: each says what happened, where, and what the person should do about it.

An error carries the ids of what it is about (`digest`, `endpoint`, `delivery`, ...), the cause it was raised
from, and whether trying again can help (`permanent`). `str(error)` is the one line people see.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta


class PublisherError(Exception):
    """Root of the family.

    Args:
        message: what happened, one line, no full stop at the end.
        remedy: what the person should do, one sentence; may be empty.
        file: the file it is about, when there is one.
        line: the line in it, counted from 1.
        permanent: False when the same call may succeed later.
        ids: what it is about, by the words of docs/design (digest="daily/x", endpoint="site").
    """

    exit_code = 1
    """What the command line exits with when nothing handles the error."""

    permanent_by_default = True

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        file: str = "",
        line: int | None = None,
        permanent: bool | None = None,
        **ids: object,
    ) -> None:
        super().__init__(message)
        self.message = one_line(message)
        self.remedy = one_line(remedy)
        self.file = file
        self.line = line
        self.permanent = self.permanent_by_default if permanent is None else permanent
        self.ids = ids

    @property
    def place(self) -> str:
        """`file:line`, `file`, or nothing."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        return f"{head}. {self.remedy}" if self.remedy else head

    def __repr__(self) -> str:
        ids = "".join(f", {key}={value!r}" for key, value in self.ids.items())
        return f"{type(self).__name__}({self.message!r}{ids})"


class UsageError(PublisherError):
    """The person asked for something that cannot be done as asked."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration is wrong; the message names the dotted path of the key."""


class DigestError(PublisherError):
    """A file of the inbox cannot be taken as a digest."""


class RenderError(PublisherError):
    """A template or an edition cannot be rendered."""


class FeedError(PublisherError):
    """A feed document failed its own check; the old document stays."""


class EndpointError(PublisherError):
    """An endpoint did not store or return a document."""

    permanent_by_default = False


class EndpointDownError(EndpointError):
    """An endpoint takes nothing at all now: it does not answer, or refuses whoever asks."""


class HubError(PublisherError):
    """A hub did not take our word that a feed has changed.

    `retry_in` is how long it wants to be left alone, when it says so.
    """

    permanent_by_default = False
    retry_in: timedelta | None = None


class ProviderError(PublisherError):
    """A provider cannot be used at all: wrong login, not reachable, refusing everything.

    `retry_in` is how long it wants to be left alone, when it says so.
    """

    permanent_by_default = False
    retry_in: timedelta | None = None


class StorageError(PublisherError):
    """The database cannot be used; the message says what to run."""


class LedgerError(PublisherError):
    """A delivery was asked to make a transition that the ledger does not know."""


class SubscriberError(PublisherError):
    """A subscriber's data, or a row of an import, cannot be taken."""


class SegmentError(UsageError):
    """A segment's expression cannot be taken.

    Args:
        message: as for the family; the place stands in front of it.
        remedy: as for the family.
        source: the expression.
        offset: where in it the fault begins, counted from 0.
        permanent: as for the family.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        source: str = "",
        offset: int = 0,
        permanent: bool | None = None,
    ) -> None:
        before = source[:offset].split("\n")
        self.row, self.column = len(before), len(before[-1]) + 1
        self._text = (source.split("\n") or [""])[self.row - 1]
        place = f"line {self.row}, column {self.column}" if "\n" in source else f"column {self.column}"
        said = f"{place}: {message}" if source else message
        super().__init__(said, remedy=remedy, permanent=permanent)

    @property
    def excerpt(self) -> tuple[str, str]:
        """The line of the expression and, below it, a caret where the fault begins; for a fixed-width screen."""
        widths = (_width(character) for character in self._text[: self.column - 1])
        return self._text.replace("\t", " "), f"{' ' * sum(widths)}^"


def one_line(text: str) -> str:
    """`text` with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def _width(character: str) -> int:
    """The columns that a character takes on a screen."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What would steer a terminal, turn a line around, or is no text. Tabs and line breaks are none of it."""


def visible(text: str) -> str:
    """`text` as it can be printed and stored anywhere: what cannot be seen is named, `[U+202E]`."""
    return _INVISIBLE.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)
