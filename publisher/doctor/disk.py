"""Room on the disks that are written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.doctor.ports import Space

FULL = 50_000_000
"""Octets below which nothing should be begun."""

LOW = 500_000_000
"""Octets below which somebody should make room."""

FEWEST_FILES = 1_000

_REMEDY = "Make room there; never by removing files in var/journal, which say who was mailed"


def _look(ground: Ground) -> Iterator[Finding]:
    disks: dict[int, list[tuple[str, Path]]] = {}
    for name, folder in _folders(ground):
        disks.setdefault(folder.stat().st_dev, []).append((name, folder))
    for found in disks.values():
        names, folder = ", ".join(name for name, _ in found), found[0][1]
        yield _judge(names, folder, ground.machine.space(folder))


def _judge(names: str, folder: Path, space: Space) -> Finding:
    left = f"{names}: {space.free / 1e9:.1f} GB free of {space.octets / 1e9:.0f} GB at {folder}"
    if space.free_files is not None and space.free_files < FEWEST_FILES:
        return broken(f"{names}: room for {space.free_files} more files (inodes) at {folder}", _REMEDY)
    if space.free < FULL:
        return broken(left, _REMEDY)
    return warning(left, _REMEDY) if space.free < LOW else fine(left)


def _folders(ground: Ground) -> Iterator[tuple[str, Path]]:
    """Each folder that is written to; for one that is not made yet, the one that will hold it."""
    settings = ground.settings
    places = [("var", settings.path(Path("var")))]
    places += [(f"endpoint {each.name}", settings.path(each.path)) for each in settings.folders]
    for name, folder in places:
        yield name, next(path for path in (folder, *folder.parents) if path.is_dir())


CHECK = Check("disk", "there is room where database, journals and pages are", _look)
