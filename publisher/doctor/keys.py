"""Files of secrets: nobody but the publisher's user reads them."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from publisher.config.referring import references
from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.mailings.key_making import FOLDER
from publisher.secrets import FILE


def _look(ground: Ground) -> Iterator[Finding]:
    files = dict.fromkeys(path.resolve() for path in _files(ground) if path.is_file())
    loose = [(file, mode) for file in files if (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077]
    for file, mode in loose:
        by_all = mode & stat.S_IRWXO
        report, who = (broken, "everybody on this machine") if by_all else (warning, "its group")
        yield report(f"{file} can be read or changed by {who} (mode {mode:o})", f"chmod 600 {file}")
    if not loose:
        yield fine(f"files of secrets: {len(files)}, none of which another user can read")


def _files(ground: Ground) -> Iterator[Path]:
    yield ground.settings.path(FILE)
    yield from sorted(ground.settings.path(FOLDER).glob("*.pem"))
    yield from (path for _, path in references(ground.config_file).files)


CHECK = Check("keys", "files of secrets (mode 600) are for the publisher's user alone", _look)
