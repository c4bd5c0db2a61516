"""The folder that digests are dropped into."""

from __future__ import annotations

import os
from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, broken, fine


def _look(ground: Ground) -> Iterator[Finding]:
    folder = ground.settings.path(ground.settings.inbox.directory)
    if not folder.is_dir():
        yield broken(f"there is no folder {folder}", "Make the folder, or name another in [inbox] directory")
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield broken(f"{folder} cannot be read", "Let the publisher's user read it (chmod, chown)")
    else:
        yield fine(f"{folder} can be read")


CHECK = Check("inbox", "the folder of digests is there and can be read", _look)
