"""A whole mailing of a million through the real commands: init, import, run, over SMTP into Postfix's sink.

What an operator would see: how long it took, what the processes held in memory after the first tenth and at their
end, and whether the ledger adds up. It takes minutes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from publisher.ledger import UNFINISHED
from publisher.storage.database import connect
from publisher.storage.mailings import Mailings
from tests.bench import letters, processes
from tests.bench.importing import lines
from tests.bench.measuring import Row
from tests.bench.sink import find, sink

SAMPLE_SECONDS = 2.0
MAILING = 1
CHANGES = {
    r'kind = "maildir".*\npath = .*': r'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"',
    r"\[preflight\].*": r'[preflight]\nrules = {{ links-answer = "off" }}',  # the sample's links lead nowhere
}
"""What is written into the configuration that `publisher init` made."""


@dataclass
class Memory:
    """The most megabytes that a process held: the largest sender after a tenth and at last, and the command."""

    tenth: float = 0.0
    sender: float = 0.0
    command: float = 0.0

    def look(self, pid: int, *, tenth_is_done: bool) -> None:
        """Look at the command and its children."""
        senders = [child for child in processes.children(pid) if "sender" in processes.words(child)]
        self.sender = max([self.sender, *(processes.memory(child, "VmHWM") for child in senders)])
        self.command = max(self.command, processes.memory(pid, "VmHWM"))
        if not tenth_is_done:
            self.tenth = self.sender


def rows(number: int) -> Iterator[Row]:
    """One mailing to so many, or why there is none."""
    command = find("smtp-sink")
    if command is None:
        yield Row("a whole mailing into smtp-sink", "skipped: Debian's postfix is not installed")
        return
    with tempfile.TemporaryDirectory() as name, sink(command) as port:
        folder = Path(name)
        _instance(folder, port, number)
        took, memory = _run(folder, number)
        sums = json.loads(_publisher(folder, "mailing", "show", str(MAILING), "--json"))
    assert sums["mails"] == sums["accepted"] == number, sums
    yield Row(
        f"`publisher run` with a mailing to {number:,} (SQLite)",
        f"{took:.0f} s, {number / took:.0f}/s, all accepted",
    )
    yield Row(
        "memory of the largest sender",
        f"{memory.tenth:.0f} MB after the first tenth, {memory.sender:.0f} MB at most",
        "flat, ≤ 150 MB",
    )
    yield Row("memory of `publisher run` itself", f"{memory.command:.0f} MB at most")


def _instance(folder: Path, port: int, number: int) -> None:
    """A new instance with its subscribers and a digest that is due."""
    _publisher(folder, "init", str(folder))
    config = folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    for before, after in CHANGES.items():
        text, changes = re.subn(before, after.format(port=port), text)
        assert changes == 1, before
    config.write_text(text, encoding="utf-8")
    (folder / "digests" / letters.NAME).write_bytes(letters.source())
    people = folder / "people.csv"
    with people.open("wb") as file:
        file.writelines(lines(number))
    _publisher(folder, "subscriber", "import", str(people), "--newsletter", "daily", "--confirmed")


def _publisher(folder: Path, *words: str) -> str:
    """What a command prints."""
    ended = subprocess.run(_command(folder, *words), stdout=subprocess.PIPE, text=True, check=True)
    return ended.stdout


def _command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "publisher", *words, "--config", str(folder / "config.toml")]


def _run(folder: Path, number: int) -> tuple[float, Memory]:
    """`publisher run` to its end: seconds, and what its processes held."""
    memory, begun = Memory(), time.perf_counter()
    database = connect("sqlite:///var/publisher.db", folder)
    with subprocess.Popen(_command(folder, "run"), stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            with database.read() as connection:
                sums = Mailings(connection).counts(MAILING)
            left = sum(sums.get(state, 0) for state in UNFINISHED)
            memory.look(process.pid, tenth_is_done=bool(sums) and left <= number * 9 // 10)
            time.sleep(SAMPLE_SECONDS)
        took = time.perf_counter() - begun
        assert process.stdout is not None
        assert process.returncode == 0, process.stdout.read()
    database.close()
    return took, memory
