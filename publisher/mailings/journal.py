"""A sender's journal: what it did since its last commit, in a file that survives `kill -9`.

One line a fact, appended by a plain write(): a killed process loses nothing that write() took. Nothing is fsynced:
a lost machine may lose lines, and the journal says so itself, because its head names the boot it was written in.
The sender holds an flock on it; a free lock is a dead sender (flock(2): the kernel frees it with the process).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from publisher.errors import LedgerError, one_line
from publisher.ledger import Answer, Mark

_HEAD = "publisher-journal-1"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal says. `answers` are last words, `begun` and `returned` have none.

    `calls` are the calls that deliveries were begun in, where it was said.
    `whole` False: lines may be missing (another boot, no head, rubbish inside), so that silence proves nothing;
    what is there is true all the same.
    """

    whole: bool
    begun: frozenset[int] = frozenset()
    returned: frozenset[int] = frozenset()
    answers: Mapping[int, Answer] = field(default_factory=dict)
    calls: Mapping[int, str] = field(default_factory=dict)

    def answer(self, delivery_id: int) -> Answer | None:
        """The last word about a delivery."""
        return self.answers.get(delivery_id)


class Journal:
    """The open journal of a living sender.

    Raises:
        LedgerError: the file cannot be made or written; the sender must not hand anything over.
    """

    def __init__(self, folder: Path, sender_id: str) -> None:
        self.path = folder / sender_id
        self._broken = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = _locked(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._head = len(self._append(f"{_HEAD}\t{boot_id()}\n".encode()))

    def write(
        self, mark: Mark, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = ""
    ) -> None:
        """Append one fact; when this returns, it survives the process."""
        if mark is Mark.BEGUN:
            call = f"\t{provider_id}" if provider_id else ""
            self._append(f"b\t{delivery_id}{call}\n".encode())
            return
        words = (mark, str(delivery_id), str(code or ""), one_line(provider_id), one_line(text))
        self._append(("\t".join(words) + "\n").encode(errors="backslashreplace"))

    def clear(self) -> None:
        """Forget everything: the database has it now. A journal holds one window at most.

        Raises:
            LedgerError: it cannot be shortened. What it says is true all the same.
        """
        try:
            os.ftruncate(self._descriptor, self._head)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def close(self, *, remove: bool) -> None:
        """Let it go; `remove` when nothing is left to settle.

        Raises:
            LedgerError: it cannot be removed; whoever finds it has nothing to settle.
        """
        try:
            if remove:
                discard(self.path)
        finally:
            os.close(self._descriptor)

    def _append(self, line: bytes) -> bytes:
        if self._broken:
            raise _unwritable(self.path, OSError("an earlier line could not be written"))
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            self._broken = True
            raise _unwritable(self.path, error) from error
        if written != len(line):  # the disk is full; the torn line stays the last one
            self._broken = True
            raise _unwritable(self.path, OSError("no space left on the disk"))
        return line


@contextmanager
def dead(path: Path) -> Iterator[Replay | None]:
    """A dead sender's journal, with its lock held for the block; None when the sender lives or it is gone.

    Raises:
        LedgerError: it cannot be read. What it would say is not known, and nothing may be guessed.
    """
    with _opened(path) as descriptor:
        if descriptor is None or not _try_lock(path, descriptor) or os.fstat(descriptor).st_nlink == 0:
            yield None  # alive, or settled by another rescuer since
        else:
            yield parse(_content(path, descriptor), boot_id())


def alive(path: Path) -> bool:
    """Whether a living sender holds this journal.

    Raises:
        LedgerError: it cannot be opened.
    """
    with _opened(path) as descriptor:
        return descriptor is not None and not _try_lock(path, descriptor)


def discard(path: Path) -> None:
    """Remove a journal that has nothing more to settle.

    Raises:
        LedgerError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unreadable(path, "removed", error) from error


def found(folder: Path) -> list[Path]:
    """The journals in a folder, of the living and the dead; none when there is no such folder yet.

    Raises:
        LedgerError: it cannot be looked into.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in entries if entry.name[0] != "." and entry.is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, "read", error) from error


def parse(data: bytes, boot: str) -> Replay:
    """Read a journal's bytes; `boot` is the present boot, "" when that is unknown. Pure."""
    lines = data.split(b"\n")[:-1]  # what follows the last line break was torn: its write() never returned
    whole = bool(lines and boot) and lines[0] == f"{_HEAD}\t{boot}".encode()
    begun: set[int] = set()
    returned: set[int] = set()
    answers: dict[int, Answer] = {}
    calls: dict[int, str] = {}
    for line in lines[1:]:
        try:
            mark, delivery_id, answer = _fact(line)
        except ValueError:
            whole = False
            continue
        begun.discard(delivery_id)
        returned.discard(delivery_id)
        if mark is Mark.BEGUN:
            begun.add(delivery_id)
            calls |= {delivery_id: answer.provider_id} if answer.provider_id else {}
        elif mark is Mark.RETURNED:
            returned.add(delivery_id)
        else:
            answers[delivery_id] = answer
    silent = answers.keys()
    return Replay(whole, frozenset(begun - silent), frozenset(returned - silent), answers, calls)


def boot_id() -> str:
    """What names this run of the machine; "" where the kernel does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _fact(line: bytes) -> tuple[Mark, int, Answer]:
    mark, delivery_id, *rest = line.decode().split("\t")
    if mark == Mark.BEGUN and len(rest) < 2:
        return Mark.BEGUN, int(delivery_id), Answer(Mark.BEGUN, provider_id="".join(rest))
    code, provider_id, text = rest
    return Mark(mark), int(delivery_id), Answer(Mark(mark), int(code) if code else None, text, provider_id)


def _locked(path: Path) -> int:
    """Make the file and lock it. A rescuer may take a file before it is locked, and remove it: then again."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            os.close(descriptor)
            raise
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """A journal's descriptor for the block; None when it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise _unreadable(path, "read", error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _content(path: Path, descriptor: int) -> bytes:
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise _unreadable(path, "read", error) from error


def _try_lock(path: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system without locks
        raise _unreadable(path, "locked", error) from error
    return True


def _unreadable(path: Path, wanted: str, error: OSError) -> LedgerError:
    return LedgerError(
        f"a journal cannot be {wanted}: {error.strerror or error}",
        remedy="It says who was mailed: keep it, let the publisher's user read and write it, then run it again",
        file=str(path),
        permanent=False,
    )


def _unwritable(path: Path, error: OSError) -> LedgerError:
    return LedgerError(
        f"the journal cannot be written: {error.strerror or error}",
        remedy="Nothing more was handed over; make room or mend its folder, then run it again",
        file=str(path),
        permanent=False,
    )
