"""A dry run that cannot differ from the real one: everything is done, and undone transaction by transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from sqlalchemy import Connection

Write = Callable[[], AbstractContextManager[Connection]]


class _UndoneError(Exception):
    """Ends a transaction by undoing it."""


def rehearsed(write: Write) -> Write:
    """The same transactions, none of which is kept.

    Right where the parts of a work do not build upon each other, as the batches of an import.
    """

    @contextmanager
    def undone() -> Iterator[Connection]:
        with suppress(_UndoneError), write() as connection:
            yield connection
            raise _UndoneError

    return undone
