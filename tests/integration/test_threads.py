"""Corrections as a mail program shows them: neomutt, its messages sorted by threads, on a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fcntl import ioctl
from mailbox import Maildir
from pathlib import Path

import pytest

from publisher.editions import EditionFacts
from publisher.ledger import Delivery
from publisher.mailings.composing import EditionComposer
from tests.browser.tools import command
from tests.unit.mailings.test_composing import DELIVERY, EDITION, NEWSLETTER, NOW, SECRET, SITE

pytestmark = pytest.mark.system

HOUR = timedelta(hours=1)
RC = """
set sort=threads
set ascii_chars
set index_format="#%s#%b#"
set folder=""
set spoolfile=""
set header_cache=""
unset help
set nostrict_threads
"""
ROWS, COLUMNS, PATIENCE = 40, 120, 60.0


def mail(number: int, delivery: Delivery) -> bytes:
    """The mail of an edition for a reader; each edition has a subject of its own, so that nothing else threads."""
    facts = [EditionFacts(each, each, "", "", NOW + each * HOUR, NOW) for each in range(1, number)]
    rendered = replace(EDITION.rendered, subject=f"Edition {number} for {delivery.subscriber_id}")
    edition = replace(EDITION, id=number, number=number, created_at=NOW + number * HOUR, rendered=rendered)
    made = EditionComposer(edition, NEWSLETTER, SITE, SECRET, facts)
    sent = NOW + number * HOUR + delivery.subscriber_id * timedelta(minutes=1)
    return made.compose(delivery, sent).data


def shown(folder: Path, mails: Sequence[bytes]) -> list[str]:
    """The lines of neomutt's index, its tree drawn in ASCII."""
    box = Maildir(folder / "box", create=True)
    for data in mails:
        box.add(data.replace(b"\r\n", b"\n"))
    (folder / "rc").write_text(RC)
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {"TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(folder), "PATH": os.environ["PATH"]}
        os.execvpe("neomutt", ["neomutt", "-F", str(folder / "rc"), "-R", "-f", str(folder / "box")], environment)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    seen, over = b"", time.monotonic() + PATIENCE
    try:
        while len(lines := _lines(seen)) < len(mails) and time.monotonic() < over:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 65536)
        os.write(terminal, b"x")  # leave
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return lines


def _lines(seen: bytes) -> list[str]:
    text = re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|[=>])", "", seen.decode(errors="replace"))
    return [line.rstrip() for line in re.findall(r"#([^#\r\n]*)#[^#\r\n]*#", text)]


def test_a_correction_hangs_under_the_mail_that_its_reader_has(tmp_path: Path) -> None:
    command("neomutt")
    other = replace(DELIVERY, subscriber_id=8)
    answer = replace(DELIVERY, replies_to=1)
    mails = [
        mail(1, DELIVERY),
        mail(1, other),
        mail(2, answer),
        mail(3, replace(answer, replies_to=2)),
        mail(3, replace(other, replies_to=1)),  # never got the second
        mail(3, replace(DELIVERY, subscriber_id=9, replies_to=2)),  # joined for the second, and lost it
    ]
    assert shown(tmp_path, mails) == [
        "Edition 1 for 7",
        "`->Edition 2 for 7",
        "  `->Edition 3 for 7",
        "Edition 1 for 8",
        "`->Edition 3 for 8",
        "Edition 3 for 9",
    ]


def test_editions_that_answer_nothing_are_threads_of_their_own(tmp_path: Path) -> None:
    command("neomutt")
    assert shown(tmp_path, [mail(1, DELIVERY), mail(2, DELIVERY)]) == ["Edition 1 for 7", "Edition 2 for 7"]
