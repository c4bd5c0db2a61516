"""SIGTERM and Ctrl-C in the middle of a mailing: what is in flight is settled, the rest given back, nobody twice.

Whoever stops us, an init system or a person, waits ten seconds and kills then. What may be waited for adds up to
less; no test measures it, on a machine that may have better to do.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from publisher.engines import local
from publisher.providers import smtp
from publisher.web import serve
from tests.fakes.smtp import HANG, WAIT, FakeSmtp, Rule, Step
from tests.instance import Ended, Instance

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""What does not end then hangs; it is killed, and has no exit code of its own."""

READERS = 150
BEFORE = 40
"""Messages that are taken before the server becomes slow."""

CONNECTIONS = 2


def instance_of(server: FakeSmtp, folder: Path) -> Instance:
    instance = Instance(
        folder / "instance",
        provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        f"connections = {CONNECTIONS}\n",
        newsletter="[web]\nport = 0\n",
    )
    instance.digest("2024-11-21")
    instance.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    return instance


def stopped(instance: Instance, server: FakeSmtp, command: str, number: int) -> Ended:
    """The command, with this signal once every connection waits; killed when that takes too long."""
    pid = instance.start(command)
    give_up = time.monotonic() + 60
    while server.silences < CONNECTIONS:
        assert time.monotonic() < give_up, "it never came to that"
        time.sleep(0.01)
    late = threading.Timer(PATIENCE, os.kill, (pid, signal.SIGKILL))
    late.start()
    os.kill(pid, number)
    server.released.set()
    ended = instance.wait(pid)
    late.cancel()
    return ended


def assert_adds_up(instance: Instance, server: FakeSmtp, uncertain: int) -> None:
    """Everybody has it once, or is uncertain, and those are so many at most."""
    shown = json.loads(instance("mailing", "show", "1", "--json").out)
    assert shown["accepted"] + shown["uncertain"] == READERS
    assert shown["uncertain"] <= uncertain
    assert set(Counter(server.recipients).values()) == {1}
    assert len(server.recipients) == READERS


COMMANDS = [
    pytest.param("run", signal.SIGTERM, 143, id="run, SIGTERM"),
    pytest.param("run", signal.SIGINT, 130, id="run, Ctrl-C"),
    pytest.param("serve", signal.SIGTERM, 0, id="serve, SIGTERM"),
]


@pytest.mark.parametrize(("command", "number", "code"), COMMANDS)
def test_a_stopped_command_settles_what_is_in_flight_and_gives_the_rest_back(
    tmp_path: Path, command: str, number: int, code: int
) -> None:
    with FakeSmtp([Rule(Step.DOT, WAIT, after=BEFORE)]) as server:
        instance = instance_of(server, tmp_path)
        ended = stopped(instance, server, command, number)
        assert ended.code == code, ended
        assert "Traceback" not in ended.err
        left = READERS - len(server.recipients)  # 0 where the word to stop was slower than all the mail
        if command == "run":
            assert ended.err.splitlines()[-1] == "publisher: stopped; run it again to go on"
            assert f" {left} pending" in ended.out or not left
        assert instance("run").code == 0
        assert_adds_up(instance, server, 0)


def test_whatever_is_waited_for_ends_within_ten_seconds() -> None:
    sender = smtp.GRACE_SECONDS + 2 * smtp.POLL_SECONDS + smtp.QUIT_SECONDS
    assert sender + 1 <= local.GRACE_SECONDS <= 9  # a second to settle, and one for the parent
    assert serve.GRACE_SECONDS <= local.GRACE_SECONDS  # at the same time


@pytest.mark.slow
@pytest.mark.parametrize(("command", "number", "code"), [COMMANDS[0], COMMANDS[2]])
def test_a_server_that_never_answers_keeps_nobody_and_leaves_one_in_doubt_a_connection(
    tmp_path: Path, command: str, number: int, code: int
) -> None:
    with FakeSmtp([Rule(Step.DOT, HANG, after=BEFORE)]) as server:
        instance = instance_of(server, tmp_path)
        ended = stopped(instance, server, command, number)
        assert ended.code == code, ended
        assert "Traceback" not in ended.err
        server.rules.clear()
        assert instance("run").code == 1  # some are uncertain
        assert_adds_up(instance, server, CONNECTIONS)
