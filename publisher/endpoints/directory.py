"""A folder as an endpoint: a web server serves it, or a browser opens it from disk.

Readers and crashes see a document's old bytes or its new ones, never a mixture: a temporary file in the same
folder is written and synced, renamed over the document, and the folder synced.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.editions import Document
from publisher.endpoints.paths import parts_of
from publisher.errors import EndpointError

_TEMPORARY = re.compile(r"\.publisher-[0-9a-f]{16}\.tmp")

_REASONS: Mapping[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free space there; it is tried again"),
    errno.EDQUOT: ("the quota is used up", "Free space there or raise the quota; it is tried again"),
    errno.EROFS: ("the file system is read-only", "Mount it writable; it is tried again"),
    errno.EACCES: ("permission denied", "Let the publisher's user write there; it is tried again"),
    errno.EPERM: ("not permitted", "Let the publisher's user write there; it is tried again"),
    errno.ENOTDIR: ("a file stands where a folder has to be", "Move that file away; it is tried again"),
    errno.EEXIST: ("a file stands where a folder has to be", "Move that file away; it is tried again"),
    errno.EISDIR: ("a folder stands where the document has to be", "Move that folder away; it is tried again"),
    errno.EMFILE: ("too many open files", "Raise the limit of open files; it is tried again"),
}
"""What went wrong in words, and the remedy, by the system's error number."""

_NO_SUCH_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})
"""Some network file systems cannot sync a folder and say so with these; the rename is all they offer."""


class DirectoryEndpoint:
    """Documents as files under `root`, which is made when it is missing."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self._root = root
        self._swept: set[Path] = set()

    def put(self, document: Document, *, again: bool = False) -> bool:
        """Store a document atomically and durably; False when the same bytes are there and nothing was touched.

        Args:
            document: what to store.
            again: write it in any case.

        Raises:
            EndpointError: the path is odd or leads out of the root, or the system refused; the old bytes stay.
        """
        parts = parts_of(document.path, self.name)
        with self._explained(document.path):
            target = self._locate(parts)
            if not again and _read(target, len(document.data)) == document.data:
                return False
            self._make_folder(target.parent)
            self._sweep(target.parent)
            _replace(target, document.data)
        return True

    def get(self, path: str) -> bytes | None:
        """The stored bytes, or None when there is no such document.

        Raises:
            EndpointError: the path is odd or leads out of the root, or the system refused.
        """
        parts = parts_of(path, self.name)
        with self._explained(path):
            return _read(self._locate(parts))

    def _locate(self, parts: tuple[str, ...]) -> Path:
        """The file of a path, after a look that no symlink on the way leads out of the root."""
        if any(_TEMPORARY.fullmatch(part) for part in parts):
            raise self._refusal("/".join(parts), "has a name that is kept for temporary files")
        target = self._root.joinpath(*parts)
        try:
            inside = target.resolve().is_relative_to(self._root.resolve())
        except RuntimeError:  # Python's word for links in a circle, until 3.13
            inside = False
        if not inside:
            raise self._refusal("/".join(parts), "leads out of the folder through a symbolic link")
        return target

    def _refusal(self, path: str, problem: str) -> EndpointError:
        return EndpointError(
            f"{self.name}: the path {path!a} {problem}",
            remedy=f"Look at what stands there under {self._root}",
            permanent=True,
            endpoint=self.name,
            document=path,
        )

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """The system's errors as the family's, with the endpoint, the document and what to do."""
        try:
            yield
        except OSError as error:
            said = error.strerror or str(error)
            reason, remedy = _REASONS.get(error.errno or 0, (said, "Look at the folder; it is tried again"))
            raise EndpointError(
                f"{self.name}: {path} under {self._root}: {reason}",
                remedy=remedy,
                endpoint=self.name,
                document=path,
            ) from error

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, each durable in the one that holds it."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            _sync_folder(folder.parent)

    def _sweep(self, folder: Path) -> None:
        """Remove what killed processes left in a folder; once per folder, for a long archive costs a look."""
        if folder in self._swept:
            return
        with os.scandir(folder) as found:
            names = [entry.name for entry in found if _TEMPORARY.fullmatch(entry.name)]
        for name in names:
            _remove_if_left(folder / name)
        self._swept.add(folder)


def _read(path: Path, length: int | None = None) -> bytes | None:
    """The bytes of a plain file; None when there is none, or when it has not `length` bytes."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or (length is not None and status.st_size != length):
            return None
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _replace(target: Path, data: bytes) -> None:
    """Put `data` in the target's place by way of a synced temporary file beside it."""
    temporary, descriptor = _new_temporary(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(target)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell; a later sweep finds the file
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _new_temporary(folder: Path) -> tuple[Path, int]:
    """A new file in `folder`, open for writing and locked as long as it is open.

    The lock says that its writer lives. Another process may take the file for a leftover in the moment between
    making and locking; then it has no name any more, and the next one is made. Its mode is what the umask leaves
    of 0666, so that a web server may read it.
    """
    while True:
        path = folder / f".publisher-{secrets.token_hex(8)}.tmp"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        if not _lock(descriptor, fcntl.LOCK_EX) or os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)


def _remove_if_left(path: Path) -> None:
    """Remove a temporary file unless its writer lives. One of another user, or no plain file, is not ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return  # gone, a link, or not readable: it harms nobody
    try:
        plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if plain and _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
            with suppress(FileNotFoundError, PermissionError):
                path.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int, operation: int) -> bool:
    """Whether the lock was taken; False also where the file system has none, so that nothing there is swept."""
    try:
        fcntl.flock(descriptor, operation)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make names in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_SYNC:
            raise
    finally:
        os.close(descriptor)
