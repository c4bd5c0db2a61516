"""From the inbox into the database: what `digests.intake` decides is carried out, one transaction a digest."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from publisher.digests import inbox, intake
from publisher.digests.assets import illustrate
from publisher.digests.findings import Finding, Illustrated, Observation, Stamp
from publisher.digests.identity import Home
from publisher.digests.model import Asset, DigestState
from publisher.errors import DigestError, PublisherError, UsageError
from publisher.publishing.ports import Store, Unit


@dataclass(frozen=True, slots=True)
class Taking:
    """What one look at the inbox changed.

    `lines` tell what was taken in, `notes` what somebody should know, one line each. `busy` are files whose
    newest revision could not be taken: what the database has of them is out of date and must not leave.
    """

    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[PublisherError, ...] = ()
    busy: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """One file that was read: as it lies there, and made ready. `inside` tells whether it lies in the inbox."""

    finding: Finding
    ready: Illustrated
    inside: bool


_Sight = tuple[dict[str, Stamp], tuple[str, ...]]
"""An observation as far as it can be compared: the files, and the words about what is no file."""


class _Revision(TypedDict):
    """Where a revision of a digest comes from, as storage wants to know it."""

    source: str
    source_hash: str
    assets: tuple[Asset, ...]


class Intake:
    """Takes digests in.

    Args:
        store: opens transactions.
        directory: the inbox.
        homes: the newsletters, in the order of the configuration.
        settle: how long a file must not have changed.
    """

    def __init__(self, store: Store, directory: Path, homes: Sequence[Home], settle: timedelta) -> None:
        self._store = store
        self._directory = directory
        self._homes = homes
        self._settle = settle
        self._last: tuple[_Sight, frozenset[str]] | None = None

    def take_in(self, clock: Callable[[], datetime], sleep: Callable[[float], object]) -> Taking:
        """Look once, wait for younger files, and take in what is new. One bad file never stops the rest."""
        try:
            seen = inbox.wait_for_settled(self._directory, self._settle, clock=clock, sleep=sleep)
        except DigestError as error:
            return Taking(errors=(error,))
        return self.take(seen, clock())

    def read(self, file: Path, now: datetime) -> Illustrated:
        """The digest of one file as the inbox would take it, wherever it lies.

        Raises:
            UsageError: there is no such file.
            DigestError: it cannot be taken as a digest.
        """
        return self.found(file, now).ready

    def found(self, file: Path, now: datetime) -> Found:
        """The same, with what tells it apart from other files.

        Raises:
            UsageError: there is no such file.
            DigestError: it cannot be taken as a digest.
        """
        named = file
        if not os.path.isfile(file):  # noqa: PTH113 - unlike Path.is_file, False for a name no file can have
            file = self._directory / file  # as the inbox itself calls it
        try:
            file, inbox_folder = file.resolve(), self._directory.resolve()
            stamp = file.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _no_such_file(named, self._directory) from error
        except OSError as error:
            raise DigestError(
                f"the file cannot be read: {error.strerror}", remedy="Check its permissions", file=str(file)
            ) from error
        if stat.S_ISDIR(stamp.st_mode):
            raise _no_such_file(named, self._directory)
        folder = inbox_folder if file.is_relative_to(inbox_folder) else file.parent
        seen = Observation({file.relative_to(folder).as_posix(): (stamp.st_size, stamp.st_mtime_ns)})
        scan = inbox.scan(folder, seen, self._homes, self._first_seen(now))
        for refused in scan.errors:
            raise refused
        if not scan.findings:
            raise DigestError("this file is still changing, or is no digest", remedy="Try again", file=str(file))
        finding = scan.findings[0]
        return Found(finding, illustrate(finding, inbox=folder), inside=folder == inbox_folder)

    def take(self, seen: Observation, now: datetime) -> Taking:
        """Take in what an observation of the inbox holds; one that was taken in already costs nothing."""
        sight = dict(seen.files), tuple(map(str, seen.refused))
        if self._last is not None and self._last[0] == sight and not seen.unsettled:
            return Taking(busy=self._last[1])
        scan = inbox.scan(self._directory, seen, self._homes, self._first_seen(now))
        with self._store.read() as unit:
            known, earlier = unit.digests.all(), unit.digests.earlier_files()
        lines: list[str] = []
        notes: list[str] = []
        errors: list[PublisherError] = list(scan.errors)
        refused: list[PublisherError] = []
        failures: list[PublisherError] = []
        for intent in intake.decide(scan, known, earlier):
            try:
                self._carry_out(intent, now)
            except PublisherError as error:
                # a picture that cannot be taken stays so until a file changes; anything else is tried again
                (refused if isinstance(error, DigestError) and error.permanent else failures).append(error)
                continue
            if isinstance(intent, intake.Conflict):
                errors.append(intent.error)
            elif isinstance(intent, (intake.Ignore, intake.ChangedAfterPublication)):
                notes += [intent.message] if intent.message else []
            else:
                lines.append(intent.message)
        busy = _busy(scan.unsettled, (*scan.errors, *refused, *failures))
        self._last = None if failures or scan.unsettled else (sight, busy)
        notes += [f"{path}: still changing, left for the next pass" for path in sorted(scan.unsettled)]
        return Taking(tuple(lines), tuple(notes), (*errors, *refused, *failures), busy)

    def _first_seen(self, now: datetime) -> Callable[[str, str], date]:
        zones = {home.slug: home.zone for home in self._homes}

        def first_seen(newsletter: str, path: str) -> date:
            with self._store.read() as unit:
                record = unit.digests.by_source(newsletter, path)
            return (record.seen_at if record else now).astimezone(zones[newsletter]).date()

        return first_seen

    def _carry_out(self, intent: intake.Intent, now: datetime) -> None:
        match intent:
            case intake.Take() | intake.Replace():
                ready = illustrate(intent.finding, inbox=self._directory)
                with self._store.write() as unit:
                    self._keep(unit, intent, ready, now)
            case intake.Vanished(record=record):
                self._move(record.id, DigestState.HELD, "digest.held", now, held_because=intake.LEFT)
            case intake.Restore(record=record):
                self._move(record.id, DigestState.FINALIZED, "digest.restored", now)

    def _keep(self, unit: Unit, intent: intake.Take | intake.Replace, ready: Illustrated, now: datetime) -> None:
        finding, held_because = intent.finding, ""
        revision: _Revision = {
            "source": finding.path,
            "source_hash": finding.source_hash,
            "assets": ready.assets,
        }
        if isinstance(intent, intake.Replace):
            digest_id, held_because = intent.record_id, intent.held_because
            unit.digests.replace(digest_id, ready.digest, state=intent.state, now=now, **revision)
        else:
            digest_id = unit.digests.add(ready.digest, state=intent.state, now=now, **revision)
        if held_because:
            unit.digests.set_state(
                digest_id, DigestState.HELD, held_because=held_because, from_states={DigestState.HELD}, now=now
            )
        unit.events.append(
            "digest.taken",
            at=now,
            actor="inbox",
            digest_id=digest_id,
            data={"source": finding.path, "state": intent.state},
        )

    def _move(
        self, digest_id: int, state: DigestState, event: str, now: datetime, *, held_because: str = ""
    ) -> None:
        allowed = {DigestState.FINALIZED, DigestState.HELD} - {state}
        with self._store.write() as unit:
            if unit.digests.set_state(digest_id, state, held_because=held_because, from_states=allowed, now=now):
                unit.events.append(
                    event, at=now, actor="inbox", digest_id=digest_id, data={"reason": held_because}
                )


def _busy(unsettled: frozenset[str], errors: Iterable[PublisherError]) -> frozenset[str]:
    return unsettled | {error.file for error in errors if error.file}


def _no_such_file(named: Path, inbox_folder: Path) -> UsageError:
    """Nothing of this name can hold a digest."""
    return UsageError(
        f"{named}: there is no such file, here or in {inbox_folder}",
        remedy="Name the file that holds the digest's text, with the path to it",
    )
