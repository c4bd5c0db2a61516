"""How much room is left where we write."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from publisher.notices.situation import Space


def spaces(folders: Iterable[Path]) -> tuple[Space, ...]:
    """What is free on each disk, named by the first of the folders on it. One that is not there yet counts as the
    folder it would be made in; one that cannot be looked at is left out: whoever writes there says so."""
    found: dict[int, Space] = {}
    for folder in folders:
        there = next((each for each in (folder, *folder.parents) if each.exists()), None)
        try:
            if there is not None and there.stat().st_dev not in found:
                found[there.stat().st_dev] = Space(str(folder), shutil.disk_usage(there).free)
        except OSError:
            continue
    return tuple(found.values())
