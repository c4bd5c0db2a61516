"""The site as a folder on this machine, usually the one that a `directory` endpoint fills."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from publisher.errors import EndpointError
from publisher.web.ports import SiteFile

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})


class Folder:
    """Files below `root`, read anew each time: an endpoint replaces them whole, by renaming."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> SiteFile | None:
        """The plain file at a relative path; None when there is none, or when it lies outside the root.

        Raises:
            EndpointError: it is there, and the system does not let us read it.
        """
        file = self._root / path
        try:
            if not file.resolve().is_relative_to(self._root.resolve()):
                return None
            # Non-blocking, so that a named pipe which somebody put there keeps no thread waiting.
            with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
                status = os.fstat(opened.fileno())
                if not stat.S_ISREG(status.st_mode):
                    return None
                return SiteFile(opened.read(), datetime.fromtimestamp(int(status.st_mtime), UTC))
        except (ValueError, RuntimeError):  # a null byte; links in a circle, until Python 3.13
            return None
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise EndpointError(
                f"{path} in {self._root} cannot be read: {error.strerror}",
                remedy="Let the publisher's user read the site's folder",
            ) from error
