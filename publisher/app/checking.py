"""What the doctor is given of an instance, also of one that does not open."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.app.opening import Clock, load_settings, wall_clock
from publisher.app.work import App, open_app
from publisher.errors import StorageError

if TYPE_CHECKING:
    from publisher.doctor.model import Ground
    from publisher.doctor.outside import Surroundings

OPENING_SECONDS = 8
"""How long the doctor waits for a database to open."""


@contextmanager
def ground(config_file: Path, clock: Clock = wall_clock, around: Surroundings | None = None) -> Iterator[Ground]:
    """What the checks of an instance stand on; a database that does not open is one of the things to be told.

    Args:
        config_file: of the instance.
        clock: the present moment.
        around: the world; None is the one that there is.

    Raises:
        ConfigError: the configuration is wrong.
    """
    from publisher.doctor.model import Ground  # late: HTTP and DNS take their time to load
    from publisher.doctor.outside import Endpoints, surroundings
    from publisher.providers.trying import SECONDS, try_provider

    settings, around = load_settings(config_file), around or surroundings()
    app, trouble = _open_soon(config_file, clock)
    try:
        yield Ground(
            settings=settings,
            config_file=config_file,
            now=clock(),
            dns=around.dns,
            web=around.web,
            machine=around.machine,
            try_provider=lambda provider: try_provider(provider, settings, SECONDS / len(settings.provider)),
            try_endpoint=Endpoints(settings),
            opened=None if app is None else app.opened,
            trouble=trouble,
        )
    finally:
        if app is not None:
            app.close()


def _open_soon(config_file: Path, clock: Clock) -> tuple[App | None, StorageError | None]:
    """The instance, or why its database does not open: a server that says nothing keeps nobody from the rest.

    Raises:
        ConfigError: the configuration is wrong.
    """
    said: queue.SimpleQueue[App | Exception] = queue.SimpleQueue()

    def open_() -> None:
        try:
            said.put(open_app(config_file, clock))
        except Exception as error:  # noqa: BLE001 - raised, or told, where somebody listens
            said.put(error)

    threading.Thread(target=open_, name="open the database", daemon=True).start()
    try:
        found = said.get(timeout=OPENING_SECONDS)
    except queue.Empty:
        return None, StorageError(f"the database does not answer within {OPENING_SECONDS} s")
    if isinstance(found, App):
        return found, None
    if isinstance(found, StorageError):
        return None, found
    if isinstance(found, OSError):  # its folder cannot be made
        return None, StorageError(f"the database cannot be opened: {found.strerror}")
    raise found
