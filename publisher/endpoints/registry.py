"""From the configuration's `[[endpoint]]` to an endpoint: one row for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from publisher import config
from publisher.editions import Document
from publisher.endpoints.directory import DirectoryEndpoint
from publisher.errors import ConfigError


class Endpoint(Protocol):
    """What every kind can do; the contract is at `directory.DirectoryEndpoint`, and in tests/contract."""

    name: str

    def put(self, document: Document, *, again: bool = False) -> bool:
        """Store a document so that readers see the old bytes or the new ones; False when nothing was written."""

    def get(self, path: str) -> bytes | None:
        """The stored bytes, or None."""


class RemoteEndpoint(Endpoint, Protocol):
    """One that is asked over the network."""

    def remove(self, path: str) -> None:
        """Remove a document; it need not be there."""


def _directory(settings: config.DirectoryEndpoint, root: Path) -> Endpoint:
    return DirectoryEndpoint(settings.name, root / settings.path)


def _s3(settings: config.S3Endpoint, _root: Path) -> RemoteEndpoint:
    from publisher.endpoints.s3 import S3Endpoint  # late: the library takes its time to load, and few need it

    return S3Endpoint(settings)


def _webdav(settings: config.WebDavEndpoint, _root: Path) -> RemoteEndpoint:
    from publisher.endpoints.webdav import WebDavEndpoint  # late: HTTP takes its time to load, too

    return WebDavEndpoint(settings)


FACTORIES: Mapping[str, Callable[[Any, Path], Endpoint]] = {
    "directory": _directory,
    "s3": _s3,
    "webdav": _webdav,
}
REMOTE: Mapping[str, Callable[[Any, Path], RemoteEndpoint]] = {"s3": _s3, "webdav": _webdav}
"""Those that a document can be removed from, for a trial."""


def build(settings: config.AnyEndpoint, root: Path) -> Endpoint:
    """The endpoint that `settings` describe; nothing is touched before its first use.

    Args:
        settings: one `[[endpoint]]`.
        root: the folder that relative paths start from, `Settings.root`.

    Raises:
        ConfigError: the kind is not known.
    """
    factory = FACTORIES.get(settings.kind)
    if factory is None:
        known = ", ".join(FACTORIES)
        raise ConfigError(f'endpoint.kind: "{settings.kind}" is not known', remedy=f"Known: {known}")
    return factory(settings, root)
