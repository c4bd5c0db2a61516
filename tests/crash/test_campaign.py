"""The short form of `python -m tests.crash`: the real `publisher run` and its senders, killed at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.storage.database import Database
from tests.crash.__main__ import carry_out
from tests.crash.plan import Plan


@pytest.mark.slow
def test_a_mailing_whose_processes_are_all_killed_again_and_again_reaches_everybody_once(
    database: Database, tmp_path: Path
) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    lines: list[str] = []

    summary, breaches = carry_out(Plan(mails=2_000, kills=12, seed=20241121), tmp_path, url, lines.append)

    assert breaches == [], "\n".join([summary, *lines])
    assert len(lines) == 12
