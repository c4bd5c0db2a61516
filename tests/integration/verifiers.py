"""Two programs that are not ours, and say of each signature of a mail whether it is one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path

import dkim

from tests.browser.tools import needed

OPENDKIM = Path("/usr/sbin/opendkim")
_RESULT = re.compile(r"^\tdkim=(\w+) ")
_END = re.compile(r"^opendkim: ([0-9]+): ")
_SIGNATURE = re.compile(rb"^DKIM-Signature:", re.MULTILINE | re.IGNORECASE)


def dkimpy(data: bytes, records: Mapping[str, str]) -> list[bool]:
    """What dkimpy says of each signature, from the top; of a mail that it refuses to read, that none is good."""

    def answer(name: bytes | str, timeout: float = 5) -> bytes:
        asked = (name.decode() if isinstance(name, bytes) else name).rstrip(".")
        return records.get(asked, "").encode()

    count = len(_SIGNATURE.findall(data.partition(b"\r\n\r\n")[0]))
    try:
        found = dkim.DKIM(data)
        return [found.verify(idx=number, dnsfunc=answer) for number in range(count)]
    except dkim.DKIMException:  # a field that is there twice, or is none
        return [False] * count


def opendkim(folder: Path, mails: Sequence[bytes], records: Mapping[str, str]) -> list[list[bool]]:
    """What Debian's opendkim says of each signature of each mail, in their order; nothing of one it cannot read.

    Args:
        folder: an empty one.
        mails: with CRLF line ends.
        records: TXT records by their names.
    """
    needed("opendkim", OPENDKIM)
    (folder / "keys").write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    (folder / "conf").write_text(f"Mode v\nSyslog no\nTestPublicKeys {folder / 'keys'}\n")
    names = [f"{number:05}" for number in range(len(mails))]
    for name, data in zip(names, mails, strict=True):
        (folder / name).write_bytes(data)
    results: list[list[bool]] = []
    while rest := names[len(results) : len(results) + 1000]:  # the kernel takes no longer word
        command = [str(OPENDKIM), "-x", "conf", "-vv", "-t", ",".join(rest)]
        ended = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        assert ended.returncode in (0, os.EX_DATAERR)
        said = _results(ended.stdout.decode(errors="replace"))
        results += [said[name] for name in takewhile(said.__contains__, rest)]
        if len(said) < len(rest):  # it refuses to read the next one, and goes no further
            results.append([])
    return results


def _results(said: str) -> dict[str, list[bool]]:
    """By file: opendkim shows the Authentication-Results that it would add, and then a line on the file."""
    found: dict[str, list[bool]] = {}
    results: list[bool] = []
    for line in said.splitlines():
        if result := _RESULT.match(line):
            results.append(result[1] == "pass")
        elif end := _END.match(line):
            found[end[1]], results = results, []
    return found
