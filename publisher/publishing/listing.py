"""The list of a resend as CSV (RFC 4180, UTF-8): everybody it concerns, what is decided about them, and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from publisher.ledger import Standing
from publisher.mailings.verdicts import Verdict
from publisher.publishing.resends import Listed
from subscribers.exporting import FORMULA

COLUMNS = ("email", "name", "decision", "reason", "latest", "code", "words")


def write_list(listed: Iterable[Listed], target: TextIO) -> int:
    """Write the list as it comes, header first; how many people are in it. Open `target` with `newline=""`.

    A text that a spreadsheet would run as a formula gets an apostrophe in front: names are written by strangers,
    and the server's words by their servers.
    """
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = 0
    for written, one in enumerate(listed, 1):  # noqa: B007 - the last one is how many there are
        writer.writerow(_cells(one))
    return written


def _cells(one: Listed) -> tuple[str, ...]:
    person, is_mailed = one.person, one.verdict is Verdict.MAIL
    return (
        _harmless(person.email),
        _harmless(person.name),
        "mail" if is_mailed else "left out",
        "" if is_mailed else str(one.verdict),
        _latest(person.standing),
        "" if person.code is None else str(person.code),
        _harmless(person.reason),
    )


def _latest(standing: Standing) -> str:
    if standing.state is None:
        return ""
    return f"{standing.state}: {standing.skipped}" if standing.skipped else str(standing.state)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
