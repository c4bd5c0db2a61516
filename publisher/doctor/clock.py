"""This machine's clock, as far as that can be told without a time server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from publisher.doctor.model import Check, Finding, Ground, broken, fine

SLACK = timedelta(minutes=2)
"""Machines that share a database differ by some seconds."""

_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""This version is younger; a clock that says otherwise was never set."""

_REMEDY = "Look at the clock (timedatectl, chronyc tracking); schedules, signatures and retries go by it"


def _look(ground: Ground) -> Iterator[Finding]:
    if ground.now < _RELEASED:
        yield broken(f"it says {ground.now:%Y-%m-%d %H:%M} UTC, before this version was made", _REMEDY)
        return
    newest = ground.database.records.newest()
    if newest is not None and newest - ground.now > SLACK:
        yield broken(
            f"it says {ground.now:%Y-%m-%d %H:%M} UTC, but the database has something of {newest:%Y-%m-%d %H:%M}",
            _REMEDY,
        )
    else:
        yield fine(
            f"{ground.now:%Y-%m-%d %H:%M} UTC; nothing in the database is from later (no time server was asked)"
        )


CHECK = Check("clock", "nothing in the database is from the future; no time server is asked", _look)
