"""What `serve` tells its log."""

from __future__ import annotations

import logging
import sys

import pytest

from publisher.config.discretion import Discretion
from publisher.errors import StorageError
from publisher.scheduling import _guarded, _Lines


def test_a_failure_that_stays_is_told_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="publisher")
    failures = iter(["disk full", "disk full", "locked", "", ""])

    def work() -> None:
        if failure := next(failures):
            raise StorageError(failure)

    guarded = _guarded("pass", work)
    for _ in range(5):
        guarded()
    assert [record.getMessage() for record in caplog.records] == [
        "pass: disk full; tried again every 5 s",
        "pass: locked; tried again every 5 s",
        "pass: works again",
    ]


def test_no_line_and_no_trace_of_the_log_holds_a_secret() -> None:
    """Whoever wrote it: libraries log, too."""
    lines = _Lines(Discretion(["planted-password"]).redacted)
    try:
        raise ValueError("planted-password is wrong")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "said %s", ("planted-password",), sys.exc_info())
    said = lines.format(record)
    assert "said <secret>" in said
    assert "ValueError: <secret> is wrong" in said
    assert "planted" not in said
