"""config.toml itself: it was read, and nobody else reads the secrets that stand in it."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from publisher.config.referring import references
from publisher.doctor.model import Check, Finding, Ground, fine, warning


def _look(ground: Ground) -> Iterator[Finding]:
    yield fine(f"{ground.config_file} is read")
    spelled = references(ground.config_file).spelled_out
    mode = stat.S_IMODE(ground.config_file.stat().st_mode)
    if spelled and mode & (stat.S_IRGRP | stat.S_IROTH):
        yield warning(
            f"{', '.join(spelled)}: written into a file that other users can read (mode {mode:o})",
            f'Write {{ env = "NAME" }} or {{ file = "PATH" }} in its place, or chmod 600 {ground.config_file}',
        )


CHECK = Check("configuration", "config.toml is read, and others cannot read secrets in it", _look)
