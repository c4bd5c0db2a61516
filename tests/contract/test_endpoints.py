"""What every endpoint guarantees, whatever its kind. A new kind joins with a class beside those in `CASES`."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import pytest

from publisher.editions import Document
from publisher.endpoints.directory import DirectoryEndpoint
from publisher.errors import EndpointError
from tests.fakes.endpoint import MemoryEndpoint

ROUNDS = 60
"""How often the document is replaced under its readers' eyes."""


class Endpoint(Protocol):
    """What the publisher asks of an endpoint."""

    name: str

    def put(self, document: Document) -> bool: ...

    def get(self, path: str) -> bytes | None: ...


class Case(ABC):
    """An endpoint, and what a test has to know of it beside the contract."""

    endpoint: Endpoint

    @abstractmethod
    def stamp(self, path: str) -> object:
        """Something that changes when the document is written, even with the same bytes."""

    @abstractmethod
    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on writing fails half-way."""


class DirectoryCase(Case):
    def __init__(self, folder: Path) -> None:
        self.root = folder / "deep" / "site"
        self.endpoint = DirectoryEndpoint("site", self.root)

    def stamp(self, path: str) -> object:
        status = (self.root / path).stat()
        return status.st_ino, status.st_mtime_ns

    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)


class MemoryCase(Case):
    def __init__(self, folder: Path) -> None:
        self.memory = MemoryEndpoint()
        self.endpoint = self.memory

    def stamp(self, path: str) -> object:
        return self.memory.written.count(path)

    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.memory, "refuse", True)


CASES: tuple[type[DirectoryCase] | type[MemoryCase], ...] = (DirectoryCase, MemoryCase)


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    made = request.param(tmp_path)
    assert isinstance(made, Case)
    return made


def page(data: bytes, path: str = "daily/index.html") -> Document:
    return Document(path, "text/html; charset=utf-8", data)


@pytest.mark.parametrize("data", [b"", b"<p>words</p>", bytes(range(256)) * 5000], ids=["empty", "text", "binary"])
def test_what_was_put_is_got_back_byte_for_byte(case: Case, data: bytes) -> None:
    assert case.endpoint.put(page(data)) is True
    assert case.endpoint.get("daily/index.html") == data


def test_what_was_never_put_is_none(case: Case) -> None:
    assert case.endpoint.get("daily/index.html") is None
    case.endpoint.put(page(b"a"))
    assert case.endpoint.get("daily") is None
    assert case.endpoint.get("daily/index.html/more") is None


def test_new_bytes_take_the_place_of_old_ones(case: Case) -> None:
    case.endpoint.put(page(b"longer old words"))
    assert case.endpoint.put(page(b"new")) is True
    assert case.endpoint.get("daily/index.html") == b"new"


def test_same_bytes_are_not_written_again(case: Case) -> None:
    case.endpoint.put(page(b"same"))
    before = case.stamp("daily/index.html")
    assert case.endpoint.put(page(b"same")) is False
    assert case.stamp("daily/index.html") == before


def test_other_bytes_of_the_same_length_are_written(case: Case) -> None:
    case.endpoint.put(page(b"abcd"))
    assert case.endpoint.put(page(b"abce")) is True
    assert case.endpoint.get("daily/index.html") == b"abce"


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "a/b/c/d/e/f/index.html",
        ".well-known/x",
        "daily/digest-%C3%BC/i.html",
        "de/straße/ø.html",
        "a b/c",
    ],
)
def test_nested_and_foreign_names_are_kept_apart(case: Case, path: str) -> None:
    case.endpoint.put(page(b"here", path))
    case.endpoint.put(page(b"there", f"other/{path}"))
    assert case.endpoint.get(path) == b"here"


ODD = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../up",
    "a/../../up",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "..\\up",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "\ud800",
    "x" * 300,
]


@pytest.mark.parametrize("path", ODD, ids=ascii)
def test_odd_paths_are_refused_for_good(case: Case, path: str) -> None:
    with pytest.raises(EndpointError) as put:
        case.endpoint.put(page(b"x", path))
    with pytest.raises(EndpointError) as got:
        case.endpoint.get(path)
    for error in (put.value, got.value):
        assert error.permanent
        assert error.remedy
        assert error.ids["endpoint"] == case.endpoint.name
        assert "\n" not in str(error)


def test_a_failure_keeps_the_old_bytes_and_can_be_tried_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.endpoint.put(page(b"old"))
    with monkeypatch.context() as patch:
        case.break_writing(patch)
        with pytest.raises(EndpointError) as failure:
            case.endpoint.put(page(b"new"))
    assert not failure.value.permanent
    assert failure.value.remedy
    assert case.endpoint.name in str(failure.value)
    assert case.endpoint.get("daily/index.html") == b"old"
    assert case.endpoint.put(page(b"new")) is True


def test_a_reader_sees_old_or_new_but_never_a_mixture(case: Case) -> None:
    versions = (b"a" * 200_000, b"b" * 300_000)
    case.endpoint.put(page(versions[0]))
    seen: list[bytes | None] = []
    done = Event()

    def look() -> None:
        while not done.is_set():
            got = case.endpoint.get("daily/index.html")
            if got not in versions:
                seen.append(got)

    readers = [Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, ROUNDS):
            case.endpoint.put(page(versions[number % 2]))
    finally:
        done.set()
        for reader in readers:
            reader.join(timeout=30)
    assert seen == []


def test_two_writers_at_once_leave_one_whole_document(case: Case) -> None:
    versions = [bytes([number]) * (100_000 + number) for number in range(4)]

    def write(data: bytes) -> None:
        for _ in range(5):
            case.endpoint.put(page(data))
            case.endpoint.put(page(data[::-1] + b"!"))

    writers = [Thread(target=write, args=(data,)) for data in versions]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert case.endpoint.get("daily/index.html") in {data + b"!" for data in versions}
