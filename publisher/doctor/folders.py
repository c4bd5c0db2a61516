"""Folders that the publisher writes to beside its endpoints: journals, and whatever else is in var/."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from publisher.doctor.model import Check, Finding, Ground, broken, fine


def _look(ground: Ground) -> Iterator[Finding]:
    for name, folder in (("var", ground.settings.path(Path("var"))), ("journals", ground.journals)):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=existing):
                yield fine(f"{name}: {existing} can be written to")
        except OSError as error:
            yield broken(
                f"{name}: nothing can be written to {existing}: {error.strerror}",
                "Let the publisher's user write there (chown, chmod); a file in its place has to go",
            )


CHECK = Check("folders", "var/ and its journals can be written to", _look)
