"""From the configuration's `[[endpoint]]` to an endpoint: one row for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from publisher import config
from publisher.endpoints.directory import DirectoryEndpoint
from publisher.errors import ConfigError

Endpoint = DirectoryEndpoint
"""Every kind there is."""


def _directory(settings: config.Endpoint, root: Path) -> Endpoint:
    return DirectoryEndpoint(settings.name, root / settings.path)


FACTORIES: Mapping[str, Callable[[config.Endpoint, Path], Endpoint]] = {"directory": _directory}


def build(settings: config.Endpoint, root: Path) -> Endpoint:
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
