"""Files about people: readable for their owner alone, and whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from publisher.errors import UsageError


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """A CSV file to write, in UTF-8; it takes its place when it is complete.

    Raises:
        UsageError: it cannot be written; nothing was.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    except OSError as error:
        raise _unwritable(path, error) from error
    made = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        made.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be written: {error.strerror}", remedy="Name a file in a folder that can be")
