"""Whole digests of every format against what was once looked at and found good.

`PUBLISHER_GOLDEN=write python -m pytest tests/unit/digests/test_golden.py` writes the expected files anew; look at
what changed before committing it.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.digests.identity import Home, settle
from publisher.digests.readers import READERS, read_file
from publisher.digests.serialise import to_json

FOLDER = Path(__file__).parents[2] / "golden" / "digests"
SOURCES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in READERS and ".golden" not in path.name)


@pytest.mark.parametrize("name", SOURCES)
def test_digest_is_read_as_it_was_found_good(name: str) -> None:
    manuscript = read_file((FOLDER / name).read_bytes(), name=name)
    home = Home("daily", "en", ZoneInfo("UTC"))
    digest = settle(manuscript, path=name, newsletters=[home], first_seen=date(2024, 11, 25))
    found = json.dumps(to_json(digest), indent=1, ensure_ascii=False) + "\n"
    expected = FOLDER / f"{name}.golden"
    if os.environ.get("PUBLISHER_GOLDEN") == "write":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_there_is_a_digest_of_every_format() -> None:
    assert {Path(name).suffix for name in SOURCES} >= {".txt", ".md", ".json"}
