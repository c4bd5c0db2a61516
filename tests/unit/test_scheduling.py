"""What `serve` tells its log."""

from __future__ import annotations

import logging

import pytest

from publisher.errors import StorageError
from publisher.scheduling import _guarded


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
