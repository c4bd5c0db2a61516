"""The composition root: the one place that builds adapters and hands them to the use cases.

Everything above (command line, web, scheduling) opens an `App` and calls what hangs on it; everything below knows
only Protocols.
"""

from publisher.app.checking import OPENING_SECONDS, ground
from publisher.app.opening import (
    Clock,
    load_settings,
    sample_configuration,
    secrets_of_instance,
    upgrade_database,
    wall_clock,
)
from publisher.app.work import App, open_app

__all__ = [
    "OPENING_SECONDS",
    "App",
    "Clock",
    "ground",
    "load_settings",
    "open_app",
    "sample_configuration",
    "secrets_of_instance",
    "upgrade_database",
    "wall_clock",
]
