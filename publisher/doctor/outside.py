"""What checks reach the world with: the DNS, the web, this machine, its endpoints."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from publisher.config import AnyEndpoint, DirectoryEndpoint, Settings
from publisher.doctor.ports import Dns, Machine, Web
from publisher.endpoints import registry
from publisher.endpoints.trying import try_folder, try_remote
from publisher.http import Client, Limits
from publisher.probes.names import Names
from publisher.publishing.site import FIRST_PAGE

_ANSWER = timedelta(seconds=8)
_DNS = timedelta(seconds=10)
"""A little less than everything may take, so that what was found out is still heard."""

_SOMEWHERE = "198.51.100.1"
"""An address for documentation (RFC 5737): the way to it is looked up, and nothing is sent."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much room a file system has for this user; `free_files` is None where files are not counted."""

    octets: int
    free: int
    free_files: int | None


class ThisMachine:
    """See `ports.Machine`."""

    def space(self, folder: Path) -> Room:
        """The room where a folder is."""
        usage, counts = shutil.disk_usage(folder), os.statvfs(folder)
        return Room(usage.total, usage.free, counts.f_favail if counts.f_files else None)

    def own_address(self) -> str:
        """The address that connections to elsewhere come from; empty without a network."""
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect((_SOMEWHERE, 25))
            return str(asking.getsockname()[0])
        return ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world as checks see it; tests put another one in its place."""

    dns: Dns
    web: Web
    machine: Machine


def surroundings() -> Surroundings:
    """The world as it is. Nothing is asked yet."""
    return Surroundings(Names(_DNS), Client(limits=Limits(total=_ANSWER)), ThisMachine())


class Endpoints:
    """Tries endpoints; see `ports.EndpointTrial`.

    Args:
        settings: where they are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, endpoint: AnyEndpoint) -> str:
        """Write, read back and remove a small document; gives where.

        Raises:
            EndpointError: it does not work.
        """
        if isinstance(endpoint, DirectoryEndpoint):
            return try_folder(endpoint.name, self._settings.path(endpoint.path))
        soon = endpoint.model_copy(update={"timeout": min(endpoint.timeout, _ANSWER / 4)})
        try_remote(registry.REMOTE[endpoint.kind](soon, self._settings.root))
        return endpoint.url

    def first_page(self, endpoint: AnyEndpoint) -> bytes | None:
        """The first page as it is stored there.

        Raises:
            EndpointError: it cannot be read.
        """
        return registry.build(endpoint, self._settings.root).get(FIRST_PAGE)
