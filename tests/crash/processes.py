"""Which processes there are, and what one of them holds at the very moment of its death: from /proc."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "PUBLISHER_CRASH_RUN"
"""Set in the environment, where every process that is begun from there has it."""

_PROC = Path("/proc")
_ENDED = ("", "Z", "X")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)  # the last: of one that waits to be reaped


@dataclass(frozen=True, slots=True)
class Victim:
    """A sender as it was when it was killed; no `sender` (the name of its journal): it had not begun."""

    pid: int
    sender: str
    connections: int


def marked(mark: str) -> list[int]:
    """The living processes that were begun with MARK set to this, by whomever and whoever their parent is now."""
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in _pids() if wanted in _environment(pid) and living(pid)]


def living(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    return _state(pid) not in _ENDED


def sender_of(pid: int, journals: Path) -> str:
    """The name of the journal that a process has open, its own as a sender or another's as a rescuer."""
    with suppress(*_GONE):
        return next((Path(link).name for link in _links(pid) if Path(link).parent == journals), "")
    return ""


def kill_all(pids: Sequence[int], port: int, journals: Path) -> tuple[Victim, ...]:
    """Kill processes with -9 at one moment; gives what each held in it.

    They are stopped for as long as it takes to look: nothing happens between the look and the death.
    """
    found = []
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        with suppress(*_GONE):
            while _state(pid) not in ("T", "t", *_ENDED):
                time.sleep(0.0002)
            found.append(Victim(pid, sender_of(pid, journals), _connections(pid, port)))
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return tuple(found)


def _connections(pid: int, port: int) -> int:
    """Sockets of a process whose other end is at `port`. One that is held by two descriptors counts once."""
    rows = (line.split() for line in (_PROC / str(pid) / "net" / "tcp").read_text().splitlines()[1:])
    ours = {f"socket:[{row[9]}]" for row in rows if int(row[2].partition(":")[2], 16) == port}
    return len(ours & set(_links(pid)))


def _links(pid: int) -> Iterator[str]:
    for path in (_PROC / str(pid) / "fd").iterdir():
        with suppress(*_GONE):
            yield str(path.readlink())


def _pids() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdigit())


def _environment(pid: int) -> list[bytes]:
    """What a process was begun with."""
    with suppress(*_GONE):
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return []


def _state(pid: int) -> str:
    """A letter, see proc(5); empty when it is gone."""
    with suppress(*_GONE):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    return ""
