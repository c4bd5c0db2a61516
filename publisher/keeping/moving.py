"""Taking people along: everything about them as a folder of three files, and such a folder taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.errors import PublisherError, SubscriberError, UsageError
from publisher.keeping.blocking import Connections
from publisher.keeping.private import private_file
from publisher.keeping.rehearsing import rehearsed
from subscribers import listing
from subscribers.blocklist import BlockReport, export_suppressions, import_suppressions
from subscribers.exporting import export_consents, export_csv
from subscribers.restoring import RestoreReport, restore_consents, restore_subscriptions

SUPPRESSIONS, SUBSCRIBERS, CONSENTS = "suppressions.csv", "subscribers.csv", "consents.csv"
FILES = (SUPPRESSIONS, SUBSCRIBERS, CONSENTS)
"""In the order in which they are taken back: first who must not be mailed."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows there are in each file."""

    subscriptions: int
    suppressions: int
    consents: int


class Moving:
    """Writes and reads folders with everything about people.

    Args:
        connections: the database.
        secret: the instance's.
        newsletters: the slugs that there are.
    """

    def __init__(self, connections: Connections, secret: bytes, newsletters: Collection[str]) -> None:
        self._connections = connections
        self._secret = secret
        self._newsletters = newsletters

    def export(self, folder: Path, newsletter: str | None) -> Exported:
        """Write subscriptions, suppressions and consents, of one moment and for nobody else's eyes.

        Raises:
            UsageError: the folder cannot be made or written.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be made: {error.strerror}", remedy="Name a folder") from error
        with self._connections.read() as connection:
            with private_file(folder / SUBSCRIBERS) as target:
                subscriptions = export_csv(listing.every_line(connection, newsletter), target)
            with private_file(folder / SUPPRESSIONS) as target:
                suppressions = export_suppressions(connection, target)
            with private_file(folder / CONSENTS) as target:
                consents = export_consents(connection, newsletter, target)
        return Exported(subscriptions, suppressions, consents)

    def restore(self, folder: Path, now: datetime, *, dry_run: bool) -> Mapping[str, BlockReport | RestoreReport]:
        """Take an export back; a report for each file. What is here stays as it is, and again changes nothing.

        Raises:
            UsageError: it is no export, or cannot be read.
        """
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise UsageError(
                f"{folder} is no export: {missing[0]} is missing", remedy="Name a folder of an export"
            )
        reports: dict[str, BlockReport | RestoreReport] = {}
        for name in FILES:
            try:
                reports[name] = self._take(folder, name, now, dry_run=dry_run)
            except SubscriberError as error:
                raise PublisherError(error.message, remedy=error.remedy, file=str(folder / name)) from error
            except OSError as error:
                raise UsageError(f"{folder / name} cannot be read: {error.strerror}") from error
        return reports

    def _take(self, folder: Path, name: str, now: datetime, *, dry_run: bool) -> BlockReport | RestoreReport:
        write = rehearsed(self._connections.write) if dry_run else self._connections.write
        with (folder / name).open("rb") as source:
            if name == SUPPRESSIONS:
                return import_suppressions(write, source, secret=self._secret, detail="", now=now)
            if name == CONSENTS:
                return restore_consents(write, source)
            return restore_subscriptions(
                write, source, newsletters=self._newsletters, secret=self._secret, now=now
            )
