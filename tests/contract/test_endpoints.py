"""What every endpoint guarantees, whatever its kind. A new kind joins with a class beside those in `CASES`.

S3 is moto's server, WebDAV is WsgiDAV: both on 127.0.0.1, both asked over HTTP.
"""

from __future__ import annotations

import errno
import gzip
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Any, cast

import pytest

from publisher.config import S3Endpoint, WebDavEndpoint
from publisher.editions import Document
from publisher.endpoints.directory import DirectoryEndpoint
from publisher.endpoints.registry import Endpoint, build
from publisher.errors import EndpointError
from tests.fakes import bucket, dav
from tests.fakes.endpoint import MemoryEndpoint

ROUNDS = 20
"""How often the document is replaced under its readers' eyes."""

PUBLICATIONS, READS = 200, 10_000
"""The same in the long form."""


@dataclass
class Servers:
    """The servers of all tests here, each begun when it is first asked for. Every test has a folder of its own."""

    stack: ExitStack
    folder: Path

    @cached_property
    def bucket(self) -> bucket.Bucket:
        return self.stack.enter_context(bucket.serving())

    @cached_property
    def dav(self) -> dav.Dav:
        return self.stack.enter_context(dav.serving(self.folder))


class Case(ABC):
    """An endpoint, and what a test has to know of it beside the contract."""

    endpoint: Endpoint

    @abstractmethod
    def __init__(self, folder: Path, servers: Servers) -> None: ...

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """What a reader gets, who knows nothing of endpoints."""

    @abstractmethod
    def stamp(self, path: str) -> object:
        """Something that changes when the document is written, even with the same bytes."""

    @abstractmethod
    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on writing fails half-way."""


class DirectoryCase(Case):
    def __init__(self, folder: Path, servers: Servers) -> None:
        self.root = folder / "deep" / "site"
        self.endpoint = DirectoryEndpoint("site", self.root)

    def read(self, path: str) -> bytes | None:
        return (self.root / path).read_bytes()

    def stamp(self, path: str) -> object:
        status = (self.root / path).stat()
        return status.st_ino, status.st_mtime_ns

    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)


class MemoryCase(Case):
    def __init__(self, folder: Path, servers: Servers) -> None:
        self.memory = MemoryEndpoint()
        self.endpoint = self.memory

    def read(self, path: str) -> bytes | None:
        return self.memory.get(path)

    def stamp(self, path: str) -> object:
        return self.memory.written.count(path)

    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.memory, "refuse", True)


class S3Case(Case):
    changes: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, folder: Path, servers: Servers) -> None:
        self.bucket = replace(servers.bucket, prefix=folder.name)
        self.endpoint = build(S3Endpoint(**self.bucket.settings(**self.changes)), folder)

    def read(self, path: str) -> bytes | None:
        answer = self.bucket.read(path)
        return answer.raw.read(decode_content=True) if answer.status_code == 200 else None

    def stamp(self, path: str) -> object:
        return self.bucket.stored(path).last_modified

    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bucket.refuse_writing(monkeypatch)


class PackedS3Case(S3Case):
    """Moto shows an object for a moment before its headers, so what is packed is told by its first octets."""

    changes = MappingProxyType({"gzip": True})

    def read(self, path: str) -> bytes | None:
        return gzip.decompress(self.bucket.read(path).raw.read(decode_content=False))


class WebDavCase(Case):
    changes: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, folder: Path, servers: Servers) -> None:
        self.dav = replace(servers.dav, folder=folder.name)
        self.endpoint = build(WebDavEndpoint(**self.dav.settings(**self.changes)), folder)

    def read(self, path: str) -> bytes | None:
        return (self.dav.site / path).read_bytes()  # as the web server does that shows the folder

    def stamp(self, path: str) -> object:
        status = (self.dav.site / path).stat()
        return status.st_ino, status.st_mtime_ns

    def break_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dav.PromptFile, "begin_write", dav.begin_on_a_full_disk)


CASES: tuple[type[Case], ...] = (DirectoryCase, MemoryCase, S3Case, PackedS3Case, WebDavCase)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack, tmp_path_factory.mktemp("dav"))


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def case(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Case:
    return cast(Callable[[Path, Servers], Case], request.param)(tmp_path, servers)


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


def test_same_bytes_are_written_again_when_that_is_asked_for(case: Case) -> None:
    case.endpoint.put(page(b"same"))
    before = case.stamp("daily/index.html")
    assert case.endpoint.put(page(b"same"), again=True) is True
    assert case.stamp("daily/index.html") != before
    assert case.endpoint.get("daily/index.html") == b"same"


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


def publish_under_readers(case: Case, publications: int, reads: int) -> list[bytes | None]:
    """Replace a feed while two readers poll it, until it was read so often; what was neither old nor new."""
    versions = (b"a" * 60_000, b"b" * 90_000)
    case.endpoint.put(page(versions[0]))
    wrong: list[bytes | None] = []
    counts, enough, published = [0, 0], Event(), Event()

    def look(number: int) -> None:
        try:
            while not (published.is_set() and enough.is_set()):
                got = case.read("daily/index.html")
                if got not in versions:
                    wrong.append(got)
                counts[number] += 1
                if sum(counts) >= reads:
                    enough.set()
        except Exception:  # noqa: BLE001 - a reader that found nothing
            wrong.append(None)
            enough.set()

    readers = [Thread(target=look, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, publications + 1):
            case.endpoint.put(page(versions[number % 2]))
    finally:
        published.set()
        for reader in readers:
            reader.join(timeout=300)
    assert sum(counts) >= reads or wrong
    return wrong


def test_a_reader_sees_old_or_new_but_never_a_mixture_and_never_nothing(case: Case) -> None:
    assert publish_under_readers(case, ROUNDS, 100) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [DirectoryCase, S3Case, WebDavCase], indirect=True, ids=lambda case: case.__name__
)
def test_ten_thousand_reads_during_two_hundred_publications_are_whole(case: Case) -> None:
    assert publish_under_readers(case, PUBLICATIONS, READS) == []


def test_two_writers_at_once_leave_one_whole_document(case: Case) -> None:
    versions = [bytes([number]) * (100_000 + number) for number in range(4)]

    def write(data: bytes) -> None:
        for _ in range(3):
            case.endpoint.put(page(data))
            case.endpoint.put(page(data[::-1] + b"!"))

    writers = [Thread(target=write, args=(data,)) for data in versions]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert case.endpoint.get("daily/index.html") in {data + b"!" for data in versions}
