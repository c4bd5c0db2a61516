"""The local engine, with real processes that are not senders."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publisher.engines import local
from publisher.engines.local import MOST_DEATHS, Engine, EngineReport


def command(program: str) -> list[str]:
    return [sys.executable, "-S", "-c", program]


def batches(*counts: int) -> Callable[[], int]:
    """What `work` says, call by call; then 0."""
    left = list(counts)
    return lambda: left.pop(0) if left else 0


def test_no_batch_starts_no_sender(tmp_path: Path) -> None:
    engine = Engine(command(f"open({str(tmp_path / 'ran')!r}, 'w')"), 4)
    assert engine.run(batches()) == EngineReport()
    assert not (tmp_path / "ran").exists()


def test_never_more_senders_than_batches_or_than_configured(tmp_path: Path) -> None:
    program = f"import os; open({str(tmp_path)!r} + f'/{{os.getpid()}}', 'w')"
    Engine(command(program), 2).run(batches(5))
    assert len(list(tmp_path.iterdir())) == 2
    Engine(command(program), 4).run(batches(1))
    assert len(list(tmp_path.iterdir())) == 3


def test_senders_run_again_as_long_as_there_is_work() -> None:
    calls = []

    def work() -> int:
        calls.append(1)
        return 1 if len(calls) <= 3 else 0

    assert Engine(command("pass"), 1).run(work) == EngineReport()
    assert len(calls) == 4


def test_what_senders_of_a_killed_process_give_back_is_sent(tmp_path: Path) -> None:
    theirs = [True, True, False]
    counts = [0, 1, 0]  # nothing is open while they have it; then it is
    program = f"open({str(tmp_path / 'ran')!r}, 'w')"

    ended = Engine(command(program), 1).run(
        lambda: counts.pop(0), others=lambda: theirs.pop(0) if theirs else False
    )

    assert ended == EngineReport()
    assert (tmp_path / "ran").exists()


def test_senders_that_work_on_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.3)

    assert Engine(command("pass"), 1).run(batches(), others=lambda: True) == EngineReport()


def test_who_is_told_to_stop_does_not_wait_for_other_senders() -> None:
    assert Engine(command("pass"), 1).run(batches(), stop=lambda: True, others=lambda: True).stopped


def test_what_a_sender_notes_is_told_once_and_is_no_error() -> None:
    program = "import sys; print('note: it goes another way', 'some noise', sep='\\n', file=sys.stderr)"
    assert Engine(command(program), 2).run(batches(2, 2)) == EngineReport(notes=("it goes another way",))
    failing = f"{program}; sys.exit('the server is down')"
    report = Engine(command(failing), 1).run(batches(1, 1))
    assert report == EngineReport(("the server is down",), notes=("it goes another way",))


def test_a_senders_last_words_are_reported_once_and_end_the_run() -> None:
    calls = []

    def work() -> int:
        calls.append(1)
        return 2

    program = "import sys; sys.exit('some noise\\nthe server is down')"
    assert Engine(command(program), 2).run(work) == EngineReport(("the server is down",))
    assert len(calls) == 2  # before, and once more to settle


def test_a_sender_without_a_word_still_counts_as_failed() -> None:
    report = Engine(command("import sys; sys.exit(3)"), 1).run(batches(1))
    assert report.errors == ("a sender ended with code 3 and no word",)


def test_a_killed_sender_is_replaced_but_not_for_ever() -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    report = Engine(command(kill), 1).run(lambda: 1)
    assert report == EngineReport(("senders are killed again and again (signal 9)",), MOST_DEATHS)
    assert Engine(command(kill), 1).run(batches(1)) == EngineReport((), 1)


def test_stop_tells_senders_by_signal_and_by_the_end_of_their_input(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: open({str(tmp_path / 'told')!r}, 'w'))\n"
        f"open({str(tmp_path / 'up')!r}, 'w')\n"
        "sys.stdin.read()\n"
        f"while not __import__('os').path.exists({str(tmp_path / 'told')!r}): time.sleep(0.01)\n"
    )
    report = Engine(command(program), 1).run(lambda: 1, stop=(tmp_path / "up").exists)
    assert report == EngineReport(stopped=True)
    assert (tmp_path / "told").exists()


def test_progress_that_cannot_be_told_cuts_no_sender_off(tmp_path: Path) -> None:
    """Killed, it would leave an uncertain delivery a connection, because of a bar."""
    program = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: open({str(tmp_path)!r} + '/told', 'w'))\n"
        f"open({str(tmp_path / 'up')!r}, 'w')\n"
        "sys.stdin.read()\n"
        f"while not __import__('os').path.exists({str(tmp_path / 'told')!r}): time.sleep(0.01)\n"
        "time.sleep(0.1)\n"
        f"open({str(tmp_path / 'settled')!r}, 'w')\n"
    )

    def tick() -> None:
        if (tmp_path / "up").exists():
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        Engine(command(program), 1).run(lambda: 1, tick=tick)
    assert (tmp_path / "settled").exists()


def test_a_sender_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.3)
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    seen: list[int] = []
    report = Engine(command(program), 1).run(lambda: 1, stop=lambda: len(seen) > 3, tick=lambda: seen.append(1))
    assert (report.errors, report.stopped) == ((), True)


def test_senders_hear_of_their_parents_end_however_it_ends(tmp_path: Path) -> None:
    sender = f"import sys; sys.stdin.read(); open({str(tmp_path / 'heard')!r}, 'w')"
    parent = (
        "import os, signal\n"
        "from publisher.engines.local import Engine\n"
        f"engine = Engine({command(sender)!r}, 1)\n"
        "engine.run(lambda: 1, tick=lambda: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=Path(__file__).parents[2])
    assert process.wait(60) == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while not (tmp_path / "heard").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "heard").exists()


def test_a_sender_that_cannot_be_started_is_one_line_and_no_loop(tmp_path: Path) -> None:
    (error,) = Engine([str(tmp_path / "nothing")], 2).run(lambda: 2).errors
    assert error.startswith("a sender cannot be started: No such file or directory. Make room")


def test_senders_that_do_start_work_though_another_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = subprocess.Popen
    started: list[Any] = []

    def scarce(*arguments: Any, **options: Any) -> Any:
        if started:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(start(*arguments, **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", scarce)
    program = f"open({str(tmp_path / 'ran')!r}, 'w')"
    (error,) = Engine(command(program), 2).run(batches(2)).errors
    assert error.startswith("a sender cannot be started: Resource temporarily unavailable. Make room")
    assert (tmp_path / "ran").exists()


def test_senders_that_leave_everything_open_are_not_started_for_ever() -> None:
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        return 3

    (error,) = Engine(command("pass"), 1).run(work).errors
    assert error.startswith("senders end without a word and leave 3 batches open. Look whether")
    assert len(calls) == local.MOST_IDLE + 2
