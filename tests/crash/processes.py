"""What a process group consists of, and what a process holds at the very moment of its death: from /proc."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)  # the last: of one that waits to be reaped


@dataclass(frozen=True, slots=True)
class Victim:
    """A sender as it was when it was killed; no `sender` (the name of its journal): it had not begun."""

    pid: int
    sender: str
    connections: int


def group(leader: int) -> list[int]:
    """The living processes of a group but its leader, also when that is gone."""
    return [pid for pid in _pids() if pid != leader and _stat(pid)[2] == str(leader) and living(pid)]


def living(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    return _stat(pid)[0] not in ("", "Z", "X")


def kill_all(pids: list[int], port: int, journals: Path) -> tuple[Victim, ...]:
    """Kill processes with -9 at one moment; gives what each held in it.

    They are stopped for as long as it takes to look: nothing happens between the look and the death.
    """
    found = []
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        with suppress(*_GONE):
            while _stat(pid)[0] not in ("T", "t", "", "Z", "X"):
                time.sleep(0.0002)
            links = list(_links(pid))
            names = [Path(link).name for link in links if Path(link).parent == journals]
            found.append(Victim(pid, names[0] if names else "", _connections(pid, links, port)))
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return tuple(found)


def _connections(pid: int, links: list[str], port: int) -> int:
    """Sockets of a process whose other end is at `port`. One that is held by two descriptors counts once."""
    rows = (line.split() for line in (_PROC / str(pid) / "net" / "tcp").read_text().splitlines()[1:])
    ours = {f"socket:[{row[9]}]" for row in rows if int(row[2].partition(":")[2], 16) == port}
    return len(ours & set(links))


def _links(pid: int) -> Iterator[str]:
    for path in (_PROC / str(pid) / "fd").iterdir():
        with suppress(*_GONE):
            yield str(path.readlink())


def _pids() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdigit())


def _stat(pid: int) -> list[str]:
    """State, parent and group of a process; empty texts when it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except _GONE:
        return ["", "", ""]
    return text.rpartition(")")[2].split()[:3]
