"""Connections that are answered at once: kept, closed in time, and never holding more than they should."""

from __future__ import annotations

import gc
import logging
import socket
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

import pytest

from publisher.web.documents import Documents
from tests.integration.test_serve import until
from tests.unit.web.conftest import TOKEN, FakePublic
from tests.unit.web.test_protocol import FEED, asks
from tests.unit.web.wire import PATIENCE, everything, wired

LARGE = b"<rss>" + bytes(range(1, 127)) * 4_000 + b"</rss>"
"""Half a megabyte: more than the system takes for a reader that does not read."""
HIGH_WATER = 64 * 1024
REST = 1.0
"""Seconds; long enough for a machine that is busy with other things."""


class Held(FakePublic):
    """A page that is not made before it may be."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.leave = threading.Event(), threading.Event()

    def unsubscribe_page(self, token: str) -> bytes | None:
        self.entered.set()
        self.leave.wait(PATIENCE)
        return super().unsubscribe_page(token)


def answered(connection: socket.socket, body: bytes = FEED) -> None:
    """Take one answer in."""
    found = b""
    while not found.endswith(body):
        piece = connection.recv(1 << 20)
        assert piece, found
        found += piece


def flooded(connection: socket.socket, number: int) -> threading.Thread:
    """Ask so often without a look at the answers, a kilobyte a question."""
    questions = asks(f"X-Filling: {'x' * 900}", "Accept-Encoding: identity") * number

    def ask() -> None:
        with suppress(OSError):  # it may be closed on us
            connection.sendall(questions)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_a_connection_is_kept_while_it_asks_and_closed_when_it_rests(root: Path) -> None:
    with wired(root, at_once=True, rest=REST, feed=FEED) as wire, wire.opened() as connection:
        for _ in range(4):
            connection.sendall(asks())
            answered(connection)
            time.sleep(REST * 0.4)
        connection.sendall(asks())
        answered(connection)
        began = time.monotonic()
        assert connection.recv(1) == b""
        assert REST * 0.8 <= time.monotonic() - began < PATIENCE


def test_a_page_that_takes_long_is_not_cut_by_the_rest_of_the_answer_before(root: Path) -> None:
    public = Held()
    with (
        wired(root, at_once=True, rest=REST, feed=FEED, public=public) as wire,
        wire.opened() as connection,
    ):
        wire.said(asks("Connection: close"))
        connection.sendall(asks() + asks(target=f"/u/{TOKEN}"))
        answered(connection)
        assert public.entered.wait(PATIENCE)
        time.sleep(REST * 1.2)
        public.leave.set()
        assert b"Unsubscribe" in everything(connection)


def test_who_does_not_read_is_not_written_to_nor_read_from_without_end(root: Path) -> None:
    number = 1_500
    with wired(root, at_once=True, feed=LARGE[:100_000]) as wire, wire.opened(window=4096) as connection:
        wire.said(asks("Connection: close"))
        thread = flooded(connection, number)
        (protocol,) = until(lambda: wire.connections)
        until(lambda: protocol.flow.write_paused and protocol.flow.read_paused)
        taken, most, waiting = 0, 0, 0
        while taken < 10_000_000:
            taken += len(connection.recv(1 << 16))
            most = max(most, protocol.transport.get_write_buffer_size())
            waiting = max(waiting, len(protocol.pipeline))
        assert most <= HIGH_WATER + 2 * 100_000
        assert waiting <= 512  # what one look at the socket brings: 256 kB
        rest = 0
        while taken + rest < number * 100_000:
            rest += len(connection.recv(1 << 20))
        thread.join()
        assert protocol.server_state.total_requests >= number - 10


def test_a_reader_that_goes_away_leaves_nothing(root: Path) -> None:
    with wired(root, at_once=True, rest=3600, feed=LARGE) as wire:
        wire.said(asks("Connection: close"))
        with wire.opened(window=4096) as connection:
            connection.sendall(asks())
            answered(connection, LARGE)
            (left,) = [weakref.ref(each) for each in wire.connections]
            thread = flooded(connection, 500)
            until(lambda: [each for each in wire.connections if each.flow.write_paused])
            connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        until(lambda: not wire.connections and not wire.server._server.server_state.tasks)
        until(lambda: gc.collect() >= 0 and left() is None)


def test_a_connection_that_lasts_is_told_the_time_anew(root: Path) -> None:
    with wired(root, at_once=True, feed=FEED) as wire, wire.opened() as connection:

        def date() -> bytes:
            connection.sendall(asks(method="HEAD", target="/daily/atom.xml"))
            return next(line for line in connection.recv(1 << 16).split(b"\r\n") if line.startswith(b"date: "))

        date()
        first = date()
        assert until(lambda: found if (found := date()) != first else None) > b"date: "


def test_the_server_stops_at_once_for_readers_that_rest(root: Path) -> None:
    with wired(root, at_once=True, feed=FEED) as wire, wire.opened() as connection:
        connection.sendall(asks())
        answered(connection)
        connection.sendall(asks())
        answered(connection)
        began = time.monotonic()
        wire.server.stop()
        assert time.monotonic() - began < 3
        assert connection.recv(1) == b""


def test_a_slow_reader_has_the_whole_answer_when_the_server_stops(root: Path) -> None:
    with wired(root, at_once=True, feed=LARGE) as wire:
        wire.said(asks("Connection: close"))
        with wire.opened(window=4096) as connection:
            connection.sendall(asks())
            found, number = connection.recv(1000), 1
            (protocol,) = wire.connections
            while not protocol.transport.get_write_buffer_size():  # the system takes more
                connection.sendall(asks())
                found, number = found + connection.recv(1000), number + 1
                time.sleep(0.01)
            stopping = threading.Thread(target=wire.server.stop)
            stopping.start()
            until(lambda: protocol.transport.is_closing())
            found += everything(connection)
            stopping.join()
    assert found.count(b"\r\n\r\n" + LARGE) == number


def test_a_fault_of_ours_is_500_and_told_of_and_the_server_goes_on(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wired(root, at_once=True, feed=FEED) as wire:
        wire.said(asks("Connection: close"))

        def broken(*_: object) -> None:
            raise KeyError("broken")

        with monkeypatch.context() as patch:
            patch.setattr(Documents, "ready", broken)
            assert wire.said(asks("Connection: close")).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert wire.said(asks("Connection: close")).startswith(b"HTTP/1.1 200 OK\r\n")
    (told,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert told.exc_info
    assert "KeyError: 'broken'" in str(caplog.text)


def test_what_is_wrong_behind_a_question_is_refused_behind_its_answer(root: Path) -> None:
    """uvicorn refuses first, and the answer is lost."""
    with wired(root, at_once=True, feed=FEED) as wire:
        wire.said(asks("Connection: close"))
        first, _, second = wire.said(asks("Accept-Encoding: identity") + b"NONSENSE\r\n\r\n").partition(FEED)
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 400 Bad Request\r\n")
