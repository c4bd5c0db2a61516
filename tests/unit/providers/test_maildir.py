"""The Maildir provider: exactly one file, whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from publisher.errors import ProviderError
from publisher.ledger import Message
from publisher.providers.maildir import STALE_SECONDS, Maildir, file_name
from tests.fakes.provider import Recorder

FIRST = Message(7, "news@example.org", "a@example.org", "<7@example.org>", b"Subject: One\r\n\r\nfirst\r\n")
AGAIN = Message(7, "news@example.org", "a@example.org", "<7@example.org>", b"Subject: One\r\n\r\nagain\r\n", 2)


def never() -> bool:
    return False


def files(path: Path) -> list[str]:
    return sorted(str(found.relative_to(path)) for found in path.glob("*/*"))


@pytest.mark.parametrize("moved_to", ["new/{}", "cur/{}:2,", "cur/{}:2,FS"])
def test_a_repetition_finds_the_file_where_a_mail_reader_has_put_it(tmp_path: Path, moved_to: str) -> None:
    Maildir(tmp_path).send([FIRST], Recorder(), never)
    name = file_name(FIRST)
    (tmp_path / "new" / name).rename(tmp_path / moved_to.format(name))
    report = Recorder()
    Maildir(tmp_path).send([AGAIN], report, never)
    assert report.marks(7) == "ba"
    assert files(tmp_path) == [moved_to.format(name)]


def test_what_a_killed_process_left_in_tmp_is_no_mail(tmp_path: Path) -> None:
    Maildir(tmp_path).send([], Recorder(), never)
    left = tmp_path / "tmp" / f"{file_name(FIRST)}.1"
    left.write_bytes(b"half")
    Maildir(tmp_path).send([AGAIN], Recorder(), never)
    assert (tmp_path / "new" / file_name(FIRST)).read_bytes() == AGAIN.data
    assert left.exists()
    os.utime(left, (0, left.stat().st_mtime - STALE_SECONDS - 60))
    Maildir(tmp_path).send([], Recorder(), never)
    assert not left.exists()


def test_a_file_that_another_sender_moves_meanwhile_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Maildir(tmp_path).send([], Recorder(), never)
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter([folder / "gone since it was listed"]))
    report = Recorder()
    Maildir(tmp_path).send([FIRST], report, never)
    assert report.marks(7) == "ba"


def test_two_deliveries_never_share_a_file(tmp_path: Path) -> None:
    other_edition = Message(7, "news@example.org", "a@example.org", "<8@example.org>", b"\r\n")
    resend = Message(8, "news@example.org", "a@example.org", "<7@example.org>", b"\r\n")
    assert len({file_name(FIRST), file_name(other_edition), file_name(resend)}) == 3


def test_accepted_is_said_after_file_and_folder_reached_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Maildir(tmp_path)
    provider.send([], Recorder(), never)
    synced: list[Path] = []
    report = Recorder()

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        assert report.marks(7) == "b"

    monkeypatch.setattr(os, "fsync", fsync)
    provider.send([FIRST], report, never)
    assert [path.parent.name for path in synced] == ["tmp", tmp_path.name]
    assert report.marks(7) == "ba"


def test_a_full_disk_accepts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    provider = Maildir(tmp_path)
    provider.send([], Recorder(), never)
    monkeypatch.setattr(os, "fsync", fsync)
    report = Recorder()
    with pytest.raises(ProviderError, match="No space left on device"):
        provider.send([FIRST], report, never)
    assert report.marks(7) == "b"
    assert list((tmp_path / "new").iterdir()) == []
