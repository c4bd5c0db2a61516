"""Long work is a bar on a terminal and plain lines elsewhere, with the rate and the time left."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from publisher.cli.progress import MEGABYTES, Bar, MailingBar, Told, Unit, words
from publisher.ledger import DeliveryState
from tests.instance import Instance

_S = DeliveryState


class Clock:
    """Seconds that go forward when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("done", "total", "rate", "unit", "told"),
    [
        (412_000, 1_000_000, 4_000.0, Unit(), "412 000 of 1 000 000 (41 %), 4 000/s, 2:27 left"),
        (0, 1_000_000, 10.0, Unit(), "0 of 1 000 000 (0 %), 10/s, 1 day, 3:46:40 left"),
        (1_000, 40_000, 5.0, Unit(), "1 000 of 40 000 (2 %), 5/s, 2:10:00 left"),
        (999_999, 1_000_000, 4_000.0, Unit(), "999 999 of 1 000 000 (99 %), 4 000/s, 0:00 left"),
        (5, 10, 0.0, Unit(), "5 of 10 (50 %), 0/s"),
        (5, 10, None, Unit(), "5 of 10 (50 %)"),
        (10, 10, 5.0, Unit(), "10 of 10 (100 %), 5/s"),
        (0, 0, None, Unit(), "0 of 0 (0 %)"),
        (12_300_000, 45_600_000, 1.9e6, MEGABYTES, "12.3 of 45.6 MB (26 %), 1.9 MB/s, 0:18 left"),
    ],
)
def test_a_line_says_how_much_how_fast_and_how_long(
    done: int, total: int, rate: float | None, unit: Unit, told: str
) -> None:
    assert words(done, total, rate, unit) == told


@pytest.mark.parametrize(
    ("passed", "done", "is_over"),
    [(4.9, 900, False), (5, 199, False), (5, 200, True), (29.9, 199, False), (30, 100, True), (30, 0, True)],
)
def test_a_line_at_each_tenth_and_every_half_minute(passed: float, done: int, is_over: bool) -> None:
    assert Told(100, 100).is_over(100 + passed, done, 1_000) is is_over


def test_lines_where_there_is_no_terminal(clock: Clock) -> None:
    stream = io.StringIO()
    with Bar("Sending", 1_000, stream=stream, clock=clock) as bar:
        bar(200)  # of an earlier run
        for done in range(220, 1_001, 20):
            clock.now += 1
            bar(done)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Sending      300 of 1 000 (30 %), 20/s, 0:35 left"
    assert [line.split()[1] for line in lines] == ["300", "400", "500", "600", "700", "800", "900", "1"]


def test_what_takes_no_time_says_nothing(clock: Clock) -> None:
    stream = io.StringIO()
    with Bar("Sending", 1_000, stream=stream, clock=clock) as bar:
        for done in range(0, 1_001, 100):
            bar(done)
            clock.now += 0.4
    assert stream.getvalue() == ""


def all_of(descriptor: int) -> str:
    """Everything that was written to the other end, which is closed by now."""
    told = b""
    with os.fdopen(descriptor, "rb", buffering=0) as reader:
        try:
            while part := reader.read(100_000):
                told += part
        except OSError:  # what Linux says of a terminal without another end
            pass
    return told.decode()


def test_a_bar_on_a_terminal(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream, Bar("Sending", 1_000, stream=stream, clock=clock) as bar:
        for done in (0, 100, 200):
            bar(done)
            clock.now += 1
    shown = all_of(ours)
    assert "━" in shown
    assert "200 of 1 000 (20 %), 100/s, 0:08 left" in shown
    assert shown.count("\n") < 5  # one line, drawn again, and erased at the end


class Rooms:
    """A mailroom whose mailings stand as they are told to."""

    def __init__(self, *counts: Mapping[DeliveryState, int]) -> None:
        self.counts = counts
        self.asked = 0

    def facts(self, mailing_id: int) -> Any:
        self.asked += 1
        return SimpleNamespace(counts=self.counts[mailing_id])


def test_a_mailing_is_asked_for_as_often_as_it_is_told(clock: Clock) -> None:
    room, stream = Rooms({_S.PENDING: 70, _S.ACCEPTED: 20, _S.SKIPPED: 10}, {_S.DEFERRED: 100}), io.StringIO()
    both: Any = [SimpleNamespace(id=0), SimpleNamespace(id=1)]
    mailroom: Any = room
    with MailingBar(mailroom, both, stream=stream, clock=clock) as bar:
        for _ in range(40):  # ten times a second, as the engine does
            bar.tick()  # type: ignore[attr-defined]
            clock.now += 0.1
        assert room.asked == 2
        room.counts = ({_S.FAILED: 60, _S.SENDING: 20, _S.ACCEPTED: 20}, {_S.ACCEPTED: 100})
        clock.now += 2
        bar.tick()  # type: ignore[attr-defined]
    assert stream.getvalue() == "Sending      180 of 200 (90 %), 25/s, 0:01 left\n"


@pytest.mark.parametrize("terminal", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_an_import_shows_its_bar_to_a_person_and_its_result_to_a_pipe(tmp_path: Path, terminal: bool) -> None:
    instance = Instance(tmp_path / "instance")
    people = instance.root / "people.csv"
    people.write_text("email\n" + "".join(f"reader{number}@example.org\n" for number in range(100)))
    command = [sys.executable, "-m", "publisher", "subscriber", "import", "people.csv", "--newsletter", "daily"]
    ours, theirs = pty.openpty() if terminal else os.pipe()
    ended = subprocess.run(
        [*command, "--json"],
        cwd=instance.root,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        check=True,
    )
    os.close(theirs)
    told = all_of(ours)
    assert b'"added": 100' in ended.stdout
    assert bool(re.search(r"Importing.*0\.0 of 0\.0 MB \(100 %\)", told, re.DOTALL)) is terminal
    assert terminal or told == ""
