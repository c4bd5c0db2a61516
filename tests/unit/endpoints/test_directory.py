"""What a folder adds to the contract of tests/contract/test_endpoints.py: files, modes, links, leftovers."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import config
from publisher.editions import Document
from publisher.endpoints.directory import DirectoryEndpoint
from publisher.endpoints.registry import build
from publisher.errors import EndpointError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def endpoint(root: Path) -> DirectoryEndpoint:
    return DirectoryEndpoint("site", root)


@pytest.fixture
def umask() -> Iterator[None]:
    """A strict one, so that a mode which forgets the umask shows."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def feed(data: bytes = b"<rss/>", path: str = "daily/rss.xml") -> Document:
    return Document(path, "application/rss+xml", data)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.usefixtures("umask")
def test_modes_are_what_the_umask_leaves(endpoint: DirectoryEndpoint, root: Path) -> None:
    endpoint.put(feed())
    assert stat.S_IMODE((root / "daily/rss.xml").stat().st_mode) == 0o640
    assert stat.S_IMODE((root / "daily").stat().st_mode) == 0o750


def test_nothing_but_the_document_is_left(endpoint: DirectoryEndpoint, root: Path) -> None:
    endpoint.put(feed())
    endpoint.put(feed(b"<rss>2</rss>"))
    assert names(root / "daily") == {"rss.xml"}


def test_bytes_are_synced_before_they_are_renamed_and_the_folder_after(
    endpoint: DirectoryEndpoint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "daily").mkdir(parents=True)
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def note_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    endpoint.put(feed())
    assert steps == ["file", "rename", "folder"]


def test_new_folders_are_synced_into_their_parents(
    endpoint: DirectoryEndpoint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    endpoint.put(feed(path="daily/one/index.html"))
    assert synced[:3] == [str(root.parent), str(root), str(root / "daily")]


def test_a_failed_write_leaves_no_file_behind(
    endpoint: DirectoryEndpoint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.put(feed())

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(EndpointError, match="read-only"):
        endpoint.put(feed(b"new"))
    assert names(root / "daily") == {"rss.xml"}


@pytest.mark.parametrize(
    ("number", "said", "remedy"),
    [
        (errno.ENOSPC, "the disk is full", "Free space"),
        (errno.EACCES, "permission denied", "Let the publisher's user write"),
        (errno.EROFS, "read-only", "Mount it writable"),
        (errno.EIO, "Input/output error", "Look at the folder"),
    ],
)
def test_errors_say_where_and_what_to_do(
    endpoint: DirectoryEndpoint, monkeypatch: pytest.MonkeyPatch, number: int, said: str, remedy: str
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(EndpointError) as failure:
        endpoint.put(feed())
    text = str(failure.value)
    assert text.startswith("site: daily/rss.xml")
    assert said in text
    assert remedy in text
    assert not failure.value.permanent
    assert isinstance(failure.value.__cause__, OSError)


def test_a_file_where_a_folder_has_to_be_is_an_error_with_a_remedy(
    endpoint: DirectoryEndpoint, root: Path
) -> None:
    root.mkdir()
    (root / "daily").write_text("mine")
    with pytest.raises(EndpointError, match="a file stands where a folder has to be"):
        endpoint.put(feed())
    assert (root / "daily").read_text() == "mine"


def test_a_folder_where_the_document_has_to_be_is_an_error_with_a_remedy(
    endpoint: DirectoryEndpoint, root: Path
) -> None:
    (root / "daily/rss.xml").mkdir(parents=True)
    with pytest.raises(EndpointError, match="a folder stands where the document has to be"):
        endpoint.put(feed())
    assert names(root / "daily") == {"rss.xml"}


@pytest.mark.parametrize("path", ["daily/rss.xml", "daily/more/rss.xml"])
def test_no_symlink_leads_out_of_the_root(endpoint: DirectoryEndpoint, root: Path, path: str) -> None:
    outside = root.parent / "outside"
    (outside / "more").mkdir(parents=True)
    (outside / "rss.xml").write_text("secret")
    root.mkdir()
    (root / "daily").symlink_to(outside)
    for act in (lambda: endpoint.put(feed(path=path)), lambda: endpoint.get(path)):
        with pytest.raises(EndpointError, match="symbolic link") as failure:
            act()
        assert failure.value.permanent
    assert (outside / "rss.xml").read_text() == "secret"


def test_a_document_that_is_a_link_out_of_the_root_is_not_read(endpoint: DirectoryEndpoint, root: Path) -> None:
    root.mkdir()
    (root.parent / "secret").write_text("secret")
    (root / "rss.xml").symlink_to(root.parent / "secret")
    with pytest.raises(EndpointError, match="symbolic link"):
        endpoint.get("rss.xml")


def test_links_in_a_circle_are_refused(endpoint: DirectoryEndpoint, root: Path) -> None:
    root.mkdir()
    (root / "daily").symlink_to(root / "daily")
    with pytest.raises(EndpointError):
        endpoint.put(feed())


def test_the_root_itself_and_folders_inside_may_be_links(root: Path) -> None:
    (root / "archive").mkdir(parents=True)
    (root / "daily").symlink_to(root / "archive")
    link = root.parent / "link"
    link.symlink_to(root)
    endpoint = DirectoryEndpoint("site", link)
    endpoint.put(feed())
    assert (root / "archive/rss.xml").read_bytes() == b"<rss/>"


_DIE = """
import os, signal, sys
from pathlib import Path
from publisher.editions import Document
from publisher.endpoints.directory import DirectoryEndpoint
Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
DirectoryEndpoint("site", Path(sys.argv[1])).put(Document("daily/rss.xml", "x", b"new"))
"""


def test_what_a_killed_process_left_is_swept_and_the_old_bytes_stood(
    endpoint: DirectoryEndpoint, root: Path
) -> None:
    DirectoryEndpoint("site", root).put(feed(b"old"))
    died = subprocess.run([sys.executable, "-c", _DIE, str(root)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(names(root / "daily")) == 2
    assert endpoint.get("daily/rss.xml") == b"old"
    endpoint.put(feed(b"new"))
    assert names(root / "daily") == {"rss.xml"}


def test_a_living_writers_file_is_not_swept(endpoint: DirectoryEndpoint, root: Path) -> None:
    (root / "daily").mkdir(parents=True)
    living = root / "daily" / ".publisher-0123456789abcdef.tmp"
    with living.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        endpoint.put(feed())
        assert living.exists()


def test_a_writer_whose_file_was_swept_before_it_was_locked_makes_another(
    endpoint: DirectoryEndpoint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    swept: list[str] = []

    def sweep_first(descriptor: int, operation: int) -> None:
        if not swept:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            swept.append(path.name)
            path.unlink()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    assert endpoint.put(feed()) is True
    assert swept
    assert names(root / "daily") == {"rss.xml"}


def test_foreign_files_are_never_touched(endpoint: DirectoryEndpoint, root: Path) -> None:
    folder = root / "daily"
    folder.mkdir(parents=True)
    foreign = {".publisher-notes.tmp", "rss.xml.tmp", ".publisher-0123456789abcdef.tmp.bak", ".htaccess"}
    for name in foreign:
        (folder / name).write_text("mine")
    linked = folder / ".publisher-00000000000000aa.tmp"
    linked.symlink_to(folder / ".htaccess")
    (folder / ".publisher-00000000000000bb.tmp").mkdir()
    endpoint.put(feed())
    assert names(folder) == foreign | {"rss.xml", linked.name, ".publisher-00000000000000bb.tmp"}
    assert (folder / ".htaccess").read_text() == "mine"


def test_a_file_system_without_locks_still_takes_documents(
    endpoint: DirectoryEndpoint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    left = root / "daily" / ".publisher-0123456789abcdef.tmp"
    left.parent.mkdir(parents=True)
    left.touch()
    assert endpoint.put(feed()) is True
    assert left.exists()  # nobody can tell whether its writer lives


def test_a_file_system_that_cannot_sync_folders_still_takes_documents(
    endpoint: DirectoryEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    assert endpoint.put(feed()) is True


def test_names_of_temporary_files_are_no_documents(endpoint: DirectoryEndpoint) -> None:
    with pytest.raises(EndpointError, match="temporary"):
        endpoint.put(feed(path="daily/.publisher-0123456789abcdef.tmp"))


def test_the_registry_builds_from_the_configuration(tmp_path: Path) -> None:
    endpoint = build(config.DirectoryEndpoint(name="site", path=Path("var/site")), tmp_path)
    assert not (tmp_path / "var").exists()
    endpoint.put(feed())
    assert endpoint.name == "site"
    assert (tmp_path / "var/site/daily/rss.xml").exists()
