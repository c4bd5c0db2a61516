"""The publisher's processes, to be started and killed: `run`, and the senders that it starts by command line.

`run` is forked from here: that spares it the imports.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.crash import processes
from tests.crash.processes import Victim
from tests.instance import Instance


class Fleet:
    """The processes of an instance.

    Args:
        instance: whose.
        port: of the mail server: what is connected there is counted.
    """

    def __init__(self, instance: Instance, port: int) -> None:
        self._parents: list[int] = []
        self._alive: set[int] = set()
        self._instance, self._port = instance, port
        self._folder = instance.root / "var" / "journal"
        self._run: int | None = None

    @property
    def runs(self) -> bool:
        """Whether there is a parent; one that ended by itself is reaped."""
        if self._run is not None and os.waitpid(self._run, os.WNOHANG)[0]:
            self._alive.discard(self._run)
            self._run = None
        return self._run is not None

    @property
    def parent(self) -> int:
        """The present parent, or the last one."""
        return self._parents[-1]

    @property
    def senders(self) -> list[int]:
        """The senders of the present parent, or of the last one."""
        return self.senders_of(self.parent)

    @property
    def all_senders(self) -> list[int]:
        """Those of every parent that there was."""
        return [pid for parent in self._parents for pid in self.senders_of(parent)]

    @property
    def journals(self) -> list[Path]:
        """Those that are there."""
        return list(self._folder.iterdir()) if self._folder.exists() else []

    def start(self, *, another: bool = False) -> None:
        """Have a parent; or `another`, who is the present one from now on."""
        if another or not self.runs:
            self._instance.environment = {processes.MARK: self._mark(len(self._parents))}
            self._run = self._instance.start("run")
            self._parents.append(self._run)
            self._alive.add(self._run)

    def senders_of(self, parent: int) -> list[int]:
        """The senders that a parent has begun, also when it is gone."""
        return processes.marked(self._mark(self._parents.index(parent)))

    def holds_journal(self, pid: int) -> bool:
        """Whether a process has a journal open: a sender its own, a rescuer that of a dead one."""
        return bool(processes.sender_of(pid, self._folder))

    def kill(self, senders: Sequence[int]) -> tuple[Victim, ...]:
        """Kill senders at one moment; gives what they held."""
        return processes.kill_all(senders, self._port, self._folder)

    def kill_parent(self, parent: int) -> None:
        """Kill a parent and not its senders."""
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        self._alive.discard(parent)
        if parent == self._run:
            self._run = None

    def end(self) -> None:
        """Nothing of it runs after this."""
        for parent in list(self._alive):
            self.kill_parent(parent)
        self.kill(self.all_senders)

    def _mark(self, number: int) -> str:
        return f"{number} {self._instance.root}"
