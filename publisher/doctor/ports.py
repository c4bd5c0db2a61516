"""What checks need of the world, declared here and fulfilled by probes, providers, endpoints and storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from publisher.config import AnyEndpoint, Newsletter, Provider
from publisher.editions import Publication
from publisher.http import Answer
from publisher.preflight.model import Finding as PreflightFinding
from publisher.providers.trials import Seen


class Dns(Protocol):
    """The DNS. Each question raises `probes.names.UnansweredError` when nobody says whether there is a record."""

    def texts(self, name: str) -> tuple[str, ...]: ...
    def mail_hosts(self, name: str) -> tuple[tuple[int, str], ...]: ...
    def addresses(self, name: str) -> tuple[str, ...]: ...
    def pointers(self, address: str) -> tuple[str, ...]: ...
    def answers(self) -> bool: ...


class Web(Protocol):
    """Asks over HTTP; see `publisher.http.Client`."""

    def ask(self, method: str, address: str, *, data: bytes | None = None) -> Answer: ...


class Space(Protocol):
    """How much room a file system has, in octets and in files."""

    @property
    def octets(self) -> int: ...
    @property
    def free(self) -> int: ...
    @property
    def free_files(self) -> int | None: ...


class Machine(Protocol):
    """This machine."""

    def space(self, folder: Path) -> Space: ...
    def own_address(self) -> str:
        """The address that it goes out from; empty without a network."""


class Records(Protocol):
    """What the database says of itself and of the work in it; the contracts are at `storage.health.Health`."""

    @property
    def is_sqlite(self) -> bool: ...
    def version(self) -> tuple[int, ...]: ...
    def journal_mode(self) -> str: ...
    def damage(self, seconds: float) -> tuple[str, ...] | None: ...
    def has_checksums(self) -> bool: ...
    def newest(self) -> datetime | None: ...
    def senders(self) -> Sequence[tuple[str, str, datetime]]: ...
    def unsent(self, now: datetime) -> Sequence[int]: ...
    def open_publications(self) -> Sequence[tuple[str, Publication, datetime]]: ...


class ProviderTrial(Protocol):
    """Gets ready to mail, and mails nobody."""

    def __call__(self, provider: Provider) -> Sequence[Seen]:
        """What was seen. Raises ProviderError or ConfigError."""


class EndpointTrial(Protocol):
    """Writes a small document that no reader is shown, reads it back, and removes it."""

    def __call__(self, endpoint: AnyEndpoint) -> str:
        """Where, for people. Raises EndpointError."""

    def first_page(self, endpoint: AnyEndpoint) -> bytes | None:
        """The first page as it is stored there. Raises EndpointError."""


class Rehearsal(Protocol):
    """Looks at a small digest of a newsletter that is sent to nobody."""

    def __call__(self, newsletter: Newsletter) -> Sequence[PreflightFinding]: ...
