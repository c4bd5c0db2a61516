"""The site as a folder on this machine, usually the one that a `directory` endpoint fills."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from publisher.errors import EndpointError
from publisher.web.ports import SiteFile, Stamp

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})

T = TypeVar("T")


class Folder:
    """Files below `root`: an endpoint replaces them whole, by renaming."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def stamp(self, path: str) -> Stamp | None:
        """What the plain file at a relative path is now; None when there is none, or it lies outside the root.

        Raises:
            EndpointError: the system does not let us see.
        """
        return self._explained(path, lambda file: stamp_of(file.stat()))

    def open(self, path: str) -> SiteFile | None:
        """The plain file at a relative path, open for reading; None as above.

        Raises:
            EndpointError: it is there, and the system does not let us read it.
        """
        return self._explained(path, _opened)

    def _explained(self, path: str, look: Callable[[Path], T | None]) -> T | None:
        file = self._root / path
        try:
            return look(file) if file.resolve().is_relative_to(self._root.resolve()) else None
        except (ValueError, RuntimeError):  # a null byte; links in a circle, until Python 3.13
            return None
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise EndpointError(
                f"{path} in {self._root} cannot be read: {error.strerror}",
                remedy="Let the publisher's user read the site's folder",
            ) from error


def stamp_of(status: os.stat_result) -> Stamp | None:
    """The stamp of a file, None when it is no plain one."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _opened(file: Path) -> SiteFile | None:
    # Non-blocking, so that a named pipe which somebody put there keeps no thread waiting.
    opened = os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    stamp = stamp_of(os.fstat(opened.fileno()))
    if stamp is None:
        opened.close()
        return None
    return SiteFile(opened, stamp)
