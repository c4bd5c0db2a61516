"""Addresses that must not be mailed: forbidding, lifting with a reason, taking lists of them in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from publisher.errors import SubscriberError, UsageError
from publisher.keeping.private import private_file
from publisher.keeping.rehearsing import rehearsed
from subscribers import suppression
from subscribers.addresses import normalise
from subscribers.blocklist import BlockReport, export_suppressions, import_suppressions
from subscribers.hashing import keyed
from subscribers.model import SuppressionReason
from subscribers.traces import traces_of

Write = Callable[[], AbstractContextManager[Connection]]


class Connections(Protocol):
    """Opens transactions."""

    def read(self) -> AbstractContextManager[Connection]: ...  # noqa: D102 - see the class
    def write(self) -> AbstractContextManager[Connection]: ...  # noqa: D102 - see the class


class Blocking:
    """Acts on suppressions.

    Args:
        connections: the database.
        secret: the instance's, by which erased addresses are recognised.
    """

    def __init__(self, connections: Connections, secret: bytes) -> None:
        self._connections = connections
        self._secret = secret

    def suppress(
        self,
        email: str,
        *,
        newsletter: str | None,
        reason: SuppressionReason,
        detail: str,
        actor: str,
        now: datetime,
    ) -> bool:
        """Forbid mailing an address; False when it was forbidden already, by the hash of somebody erased too.

        Raises:
            UsageError: it is no address.
        """
        key = _key(email)
        with self._connections.write() as connection:
            if suppression.standing(connection, [keyed(self._secret, key)]):
                return False
            said = f"{actor}: {detail}" if detail else actor
            return suppression.suppress(
                connection, key, newsletter=newsletter, reason=reason, detail=said, now=now
            )

    def unsuppress(self, email: str, *, newsletter: str | None, reason: str, actor: str, now: datetime) -> int:
        """Lift what forbids mailing an address, for one newsletter or (None) for all; how many were lifted.

        Raises:
            UsageError: it is no address, or no reason is given.
        """
        key = _key(email)
        if not reason.strip():
            raise UsageError("a suppression is lifted for a reason", remedy="Add --reason")
        said = {key: reason, keyed(self._secret, key): traces_of(email).removed(reason)}
        with self._connections.write() as connection:
            return sum(
                suppression.unsuppress(connection, form, newsletter=newsletter, by=f"{actor}: {words}", now=now)
                for form, words in said.items()
            )

    def import_file(self, source: Iterable[bytes], name: str, now: datetime, *, dry_run: bool) -> BlockReport:
        """Forbid mailing every address of a file; `dry_run` only counts. See `subscribers.blocklist`.

        Raises:
            SubscriberError: the file as a whole cannot be taken.
        """
        write = rehearsed(self._connections.write) if dry_run else self._connections.write
        return import_suppressions(write, source, secret=self._secret, detail=f"import {name}", now=now)

    def export_file(self, path: Path) -> int:
        """Write every suppression into a CSV file; how many there were.

        Raises:
            UsageError: it cannot be written.
        """
        with private_file(path) as target, self._connections.read() as connection:
            return export_suppressions(connection, target)


def _key(email: str) -> str:
    try:
        return normalise(email)[1]
    except SubscriberError as error:
        raise UsageError(error.message, remedy=error.remedy or "Nothing was changed") from error
