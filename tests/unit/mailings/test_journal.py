"""A journal outlives its process, and says no more than it knows."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.errors import LedgerError
from publisher.ledger import Answer, Mark
from publisher.mailings import journal
from publisher.mailings.journal import Journal, alive, boot_id, dead, parse

BOOT = "3f1c"
HEAD = b"publisher-journal-1\t3f1c\n"


@pytest.fixture(autouse=True)
def _same_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A boot that every system knows."""
    (tmp_path / "boot_id").write_text(BOOT + "\n", encoding="ascii")
    monkeypatch.setattr(journal, "_BOOT_ID", tmp_path / "boot_id")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_what_was_written_is_replayed_with_its_last_words(folder: Path) -> None:
    open_journal = Journal(folder, "s1")
    open_journal.write(Mark.BEGUN, 1)
    open_journal.write(Mark.ACCEPTED, 1, 250, "2.0.0 ok\tqueued\nas  17", "17")
    open_journal.write(Mark.BEGUN, 2)
    open_journal.write(Mark.DEFERRED, 3, 451, "später")
    open_journal.write(Mark.BEGUN, 4)
    open_journal.write(Mark.RETURNED, 4, None, "lost")
    open_journal.close(remove=False)
    with dead(folder / "s1") as said:
        assert said is not None
        assert said.whole
        assert said.begun == {2}
        assert said.returned == {4}
        assert said.answers == {
            1: Answer(Mark.ACCEPTED, 250, "2.0.0 ok queued as 17", "17"),
            3: Answer(Mark.DEFERRED, 451, "später"),
        }


def test_a_held_lock_is_a_living_sender(folder: Path) -> None:
    open_journal = Journal(folder, "s1")
    assert alive(folder / "s1")
    with dead(folder / "s1") as said:
        assert said is None
    open_journal.close(remove=False)
    assert not alive(folder / "s1")
    with dead(folder / "s1") as said:
        assert said is not None


def test_a_journal_is_rescued_by_one_at_a_time_and_not_after_it_is_gone(folder: Path) -> None:
    Journal(folder, "s1").close(remove=False)
    with dead(folder / "s1") as first:
        assert first is not None
        with dead(folder / "s1") as second:
            assert second is None
        (folder / "s1").unlink()
    with dead(folder / "s1") as third:
        assert third is None


def test_a_journal_removed_between_opening_and_locking_it_is_not_rescued_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    Journal(folder, "s1").close(remove=False)

    def removed_first(descriptor: int, operation: int) -> None:
        (folder / "s1").unlink()
        (folder / "s1").touch()  # whatever stands there now, it is not the file that was opened
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with dead(folder / "s1") as said:
        assert said is None


def test_a_sender_whose_new_file_was_taken_for_dead_makes_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    removed: list[bool] = []

    def remove_first(descriptor: int, operation: int) -> None:
        if not removed:
            removed.append(True)
            (folder / "s1").unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    Journal(folder, "s1").write(Mark.BEGUN, 1)
    assert parse((folder / "s1").read_bytes(), boot_id()).begun == {1}


def test_a_cleared_journal_knows_nothing_and_goes_on(folder: Path) -> None:
    open_journal = Journal(folder, "s1")
    open_journal.write(Mark.BEGUN, 1)
    open_journal.clear()
    open_journal.write(Mark.BEGUN, 2)
    said = parse((folder / "s1").read_bytes(), boot_id())
    assert (said.whole, set(said.begun)) == (True, {2})


def test_after_a_full_disk_nothing_more_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_journal = Journal(folder, "s1")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    with pytest.raises(LedgerError, match="no space left"):
        open_journal.write(Mark.BEGUN, 1)
    monkeypatch.setattr(os, "write", write)
    with pytest.raises(LedgerError):
        open_journal.write(Mark.BEGUN, 2)
    said = parse((folder / "s1").read_bytes(), boot_id())
    assert (said.whole, said.begun) == (True, frozenset())


@pytest.mark.parametrize(
    ("data", "whole", "begun"),
    [
        (b"", False, set()),
        (HEAD, True, set()),
        (HEAD + b"b\t1\nb\t2", True, {1}),  # torn: its write() never returned
        (HEAD.replace(b"3f1c", b"another"), False, set()),
        (HEAD.replace(b"3f1c", b"another") + b"b\t1\n", False, {1}),  # what is there is true
        (HEAD + b"b\t1\n\0\0\0\0\nb\t2\n", False, {1, 2}),
        (b"b\t1\nb\t2\n", False, {2}),
        (HEAD + b"z\t1\t\t\t\n", False, set()),
    ],
)
def test_silence_proves_something_only_in_a_whole_journal_of_this_boot(
    data: bytes, whole: bool, begun: set[int]
) -> None:
    said = parse(data, BOOT)
    assert (said.whole, set(said.begun)) == (whole, begun)


def test_where_the_kernel_names_no_boot_silence_proves_nothing() -> None:
    assert not parse(b"publisher-journal-1\t\n", "").whole


@settings(max_examples=80, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200), cut=st.integers(min_value=0, max_value=200))
def test_no_bytes_and_no_cut_make_parsing_fail(data: bytes, cut: int) -> None:
    parse(data, BOOT)
    whole = HEAD + b"b\t1\na\t1\t250\t\tok\nb\t2\n"
    said = parse(whole[:cut], BOOT)
    assert said.begun | said.answers.keys() <= {1, 2}


UNREADABLE = ["open", "flock", "read"]


@pytest.mark.parametrize("call", UNREADABLE)
def test_a_journal_that_cannot_be_read_is_one_line_and_nothing_is_guessed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    Journal(folder, "s1").close(remove=False)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    name = {"open": "os.open", "flock": "fcntl.flock", "read": "os.fdopen"}[call]
    monkeypatch.setattr(name, refuse)
    with (
        pytest.raises(LedgerError, match=r"Input/output error\. It says who was mailed: keep it"),
        dead(folder / "s1"),
    ):
        pytest.fail("it was taken for something")
    if call != "read":
        with pytest.raises(LedgerError, match="Input/output error"):
            alive(folder / "s1")


def test_journals_are_found_where_they_are_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert journal.found(folder) == []
    for name in ("s2", "s1"):
        Journal(folder, name).close(remove=False)
    (folder / ".hidden").touch()
    (folder / "sub").mkdir()
    assert journal.found(folder) == [folder / "s1", folder / "s2"]

    def refuse(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(LedgerError, match="a journal cannot be read: Permission denied"):
        journal.found(folder)


def test_a_journal_that_cannot_be_cleared_or_removed_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Journal(folder, "s1")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("os.ftruncate", refuse)
        with pytest.raises(LedgerError, match="Read-only file system"):
            written.clear()
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(LedgerError, match="cannot be removed: Read-only file system"):
            written.close(remove=True)
    assert not alive(folder / "s1")  # the lock is free all the same
