"""The composition root: the one place that builds adapters and hands them to the use cases.

Everything above (command line, web, scheduling) opens an `App` and calls what hangs on it; everything below knows
only Protocols. A sender process opens only the `Foundation`, and loads no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publisher.app.checking import OPENING_SECONDS, ground
    from publisher.app.opening import (
        Clock,
        load_settings,
        sample_configuration,
        secrets_of_instance,
        upgrade_database,
        wall_clock,
    )
    from publisher.app.sender import open_sender
    from publisher.app.work import App, open_app

__all__ = [
    "OPENING_SECONDS",
    "App",
    "Clock",
    "ground",
    "load_settings",
    "open_app",
    "open_sender",
    "sample_configuration",
    "secrets_of_instance",
    "upgrade_database",
    "wall_clock",
]

_HOMES = {
    "checking": ("OPENING_SECONDS", "ground"),
    "opening": (
        "Clock",
        "load_settings",
        "sample_configuration",
        "secrets_of_instance",
        "upgrade_database",
        "wall_clock",
    ),
    "sender": ("open_sender",),
    "work": ("App", "open_app"),
}
"""Which module a name is loaded from when it is first asked for: the whole takes a second."""


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"publisher.app.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
