"""The inbox: a folder into which people and programs drop digests. With `assets`, all that touches files here.

Digests lie in the folder itself or in a subfolder that is named like their newsletter; pictures may lie deeper.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath

from publisher.digests.assets import ENDINGS, gather, local_paths
from publisher.digests.characters import MAX_BYTES, check_size
from publisher.digests.files import read_regular
from publisher.digests.findings import Finding, LocalPicture, Observation, Scan, Stamp
from publisher.digests.identity import Home, home_of, settle
from publisher.digests.readers import READERS, read_file, suffix_of
from publisher.errors import DigestError, one_line

Clock = Callable[[], datetime]
Sleep = Callable[[float], object]
FirstSeen = Callable[[str, str], date]
"""The day a file was first seen, in its newsletter's zone, from the newsletter's slug and the file's path."""

_UNFINISHED = (".part", ".tmp", "~")
_MAX_FOLDERS = 1


def observe(directory: Path) -> Observation:
    """The files of the inbox; dotfiles, `*.part`, `*.tmp` and `*~` do not count as such.

    Raises:
        DigestError: the inbox is not there or cannot be read.
    """
    files: dict[str, Stamp] = {}
    refused: list[DigestError] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        for entry in _entries(directory, folder, refused):
            path = f"{folder}{entry.name}"
            problem = _problem(entry)
            if problem:
                refused.append(DigestError(problem[0], remedy=problem[1], file=_printable(path)))
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # gone since the folder was listed
            if stat.S_ISDIR(found.st_mode):
                waiting.append(f"{path}/")
            else:
                files[path] = (found.st_size, found.st_mtime_ns)
    refused.sort(key=str)
    return Observation(dict(sorted(files.items())), tuple(refused))


def _entries(directory: Path, folder: str, refused: list[DigestError]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(directory / folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if not folder:
            raise DigestError(
                f"the inbox cannot be read: {error.strerror}",
                remedy="Make the folder, or set [inbox] directory in the configuration",
                file=str(directory),
            ) from error
        refused.append(DigestError(f"the folder cannot be read: {error.strerror}", file=_printable(folder)))
        return
    for entry in found:
        if not entry.name.startswith(".") and not entry.name.endswith(_UNFINISHED):
            yield entry


def _problem(entry: os.DirEntry[str]) -> tuple[str, str] | None:
    """Why something in the inbox can be nothing for it, and what to do."""
    if any(map(_is_no_text, entry.name)):
        return "the name of this file is no text", "Rename it"
    if entry.is_symlink():
        return "symbolic links are not followed", "Put the file itself here"
    if not entry.is_file(follow_symlinks=False) and not entry.is_dir(follow_symlinks=False):
        return "this is no ordinary file", "Remove it"
    return None


def _is_no_text(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"}


def _printable(path: str) -> str:
    return "".join(c.encode("unicode_escape").decode() if _is_no_text(c) else c for c in path)


def settled(before: Observation, after: Observation) -> frozenset[str]:
    """The files that both observations saw with the same size and mtime."""
    return frozenset(path for path, stamp in after.files.items() if before.files.get(path) == stamp)


def wait_for_settled(
    directory: Path, settle: timedelta, *, clock: Clock = lambda: datetime.now(UTC), sleep: Sleep = time.sleep
) -> Observation:
    """The inbox, once its younger files had `settle` to grow; `unsettled` are those that still changed.

    When every mtime is older than `settle`, it does not wait. A file from the future counts as young.

    Raises:
        DigestError: the inbox is not there or cannot be read.
    """
    before = observe(directory)
    newest = (clock() - settle).timestamp() * 1e9
    if all(mtime <= newest for _, mtime in before.files.values()):
        return before
    sleep(settle.total_seconds())
    after = observe(directory)
    return Observation(after.files, after.refused, frozenset(after.files) - settled(before, after))


def scan(directory: Path, observation: Observation, newsletters: Sequence[Home], first_seen: FirstSeen) -> Scan:
    """Read every settled digest. A file that cannot be taken becomes one error, and the rest goes on.

    Args:
        newsletters: in configured order; at least one.
    """
    findings: list[Finding] = []
    errors: list[DigestError] = list(observation.refused)
    unsettled = set(observation.unsettled)
    for path, stamp in observation.files.items():
        if path in observation.unsettled or suffix_of(path) in ENDINGS:
            continue
        try:
            found = _find(directory, path, stamp, observation, newsletters, first_seen)
        except DigestError as error:
            errors.append(error)
            continue
        except Exception as error:  # noqa: BLE001 - a fault of ours: it is said, and the others' digests go on
            errors.append(_ours(error, path))
            continue
        if found is None:
            unsettled.add(path)
        else:
            findings.append(found)
    return Scan(tuple(findings), tuple(errors), frozenset(unsettled), frozenset(observation.files))


def _find(
    directory: Path,
    path: str,
    stamp: Stamp,
    observation: Observation,
    newsletters: Sequence[Home],
    first_seen: FirstSeen,
) -> Finding | None:
    """The digest of one file; None when it, or a picture of it, is still changing."""
    _check_place(path)
    check_size(stamp[0], name=path)
    data = _bytes_of(directory / path, path)
    if len(data) != stamp[0]:
        return None
    manuscript = read_file(data, name=path)
    home = home_of(manuscript, path=path, newsletters=newsletters)
    day = first_seen(home.slug, path)
    digest = settle(manuscript, path=path, newsletters=newsletters, first_seen=day)
    parent = PurePosixPath(path).parent
    text = data.decode("utf-8", "replace")
    if any(str(parent / name) in observation.unsettled for name in local_paths(digest, file=path, text=text)):
        return None
    gathered = gather(digest, folder=directory / parent, file=path, text=text)
    return Finding(path, gathered.digest, manuscript.draft, gathered.pictures, _hash(data, gathered.pictures))


def _ours(error: Exception, path: str) -> DigestError:
    said = one_line(f"reading it failed with {type(error).__name__}: {error}")[:200]
    said = said.encode("utf-8", "backslashreplace").decode()
    refused = DigestError(
        said, remedy="This is a fault of the publisher: please report it, with the file", file=path
    )
    refused.__cause__ = error
    return refused


def _hash(data: bytes, pictures: Sequence[LocalPicture]) -> str:
    """Of each part's own hash, so that a byte that moves from one part to the next makes a difference."""
    parts = dict.fromkeys(bytes.fromhex(picture.sha256) for picture in pictures)
    return hashlib.sha256(b"".join((hashlib.sha256(data).digest(), *parts))).hexdigest()


def _check_place(path: str) -> None:
    if suffix_of(path) not in READERS:
        endings = ", ".join([*READERS, *sorted(ENDINGS)])
        raise DigestError("nothing reads files with this ending", remedy=f"The inbox takes {endings}", file=path)
    if len(PurePosixPath(path).parts) - 1 > _MAX_FOLDERS:
        raise DigestError(
            "a digest lies in the inbox or in its newsletter's folder, not deeper",
            remedy="Move it up",
            file=path,
        )


def _bytes_of(file: Path, path: str) -> bytes:
    try:
        return read_regular(file, MAX_BYTES + 1)
    except OSError as error:
        raise DigestError(
            f"the file cannot be read: {error.strerror}", remedy="Check its permissions", file=path
        ) from error
