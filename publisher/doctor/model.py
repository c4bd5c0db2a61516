"""What checks are given, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from publisher.config import Newsletter, Settings
from publisher.doctor.ports import Dns, EndpointTrial, Machine, ProviderTrial, Records, Rehearsal, Web
from publisher.errors import StorageError
from publisher.publishing.ports import Store


class Level(StrEnum):
    """What becomes of a look. UNCHECKED: it could not be found out, which is neither good nor bad."""

    BROKEN = "broken"
    WARNING = "warning"
    UNCHECKED = "unchecked"
    FINE = "fine"


class UncheckedError(Exception):
    """A check cannot find out what it is for: this machine is offline, or what it needs is not there.

    Args:
        why: one line.
        remedy: what helps, when anything does.
    """

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, each text one line. What is not fine has a remedy."""

    level: Level
    message: str
    remedy: str = ""


def fine(message: str) -> Finding:
    """As it should be; `message` says what was seen."""
    return Finding(Level.FINE, message)


def warning(message: str, remedy: str) -> Finding:
    """It works, and should be mended."""
    return Finding(Level.WARNING, message, remedy)


def broken(message: str, remedy: str) -> Finding:
    """It does not work, or receivers will not take it."""
    return Finding(Level.BROKEN, message, remedy)


def unchecked(message: str, remedy: str = "") -> Finding:
    """It was not looked at, or nothing came of it."""
    return Finding(Level.UNCHECKED, message, remedy)


@dataclass(frozen=True, slots=True)
class Opened:
    """What there is only when the database opens."""

    store: Store
    records: Records
    rehearse: Rehearsal
    secret: Callable[[], object] = field(repr=False)
    """Raises ConfigError when the instance's secret is gone."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What checks stand on. `trouble` is why the database does not open, when it does not."""

    settings: Settings
    config_file: Path
    now: datetime
    dns: Dns
    web: Web
    machine: Machine
    try_provider: ProviderTrial
    try_endpoint: EndpointTrial
    opened: Opened | None = None
    trouble: StorageError | None = None

    @property
    def database(self) -> Opened:
        """What the open database gives.

        Raises:
            UncheckedError: it does not open; the check `database` says why.
        """
        if self.opened is None:
            raise UncheckedError("the database does not open")
        return self.opened

    @property
    def journals(self) -> Path:
        """The folder of this machine's journals."""
        return self.settings.path(Path("var/journal"))

    @property
    def newsletters(self) -> tuple[Newsletter, ...]:
        """Every newsletter."""
        return self.settings.newsletter


Look = Callable[[Ground], Iterable[Finding]]
"""Looks. Raises UncheckedError for what cannot be known, and errors of the family for what does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, and what it looks at, for the manual and for `--json`."""

    name: str
    what: str
    look: Look


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: always something."""

    check: Check
    findings: tuple[Finding, ...]

    def of(self, level: Level) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(finding for finding in self.findings if finding.level is level)
