"""Whether the database's file is whole."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, broken, fine, unchecked

SECONDS = 8.0
"""For reading SQLite's file: some gigabytes."""


def _look(ground: Ground) -> Iterator[Finding]:
    records = ground.database.records
    if not records.is_sqlite:
        if records.has_checksums():
            yield fine("PostgreSQL checks each page that it reads (data_checksums)")
        else:
            yield unchecked(
                "PostgreSQL keeps no checksums of its pages", "pg_checksums --enable, while it is stopped"
            )
        return
    damage = records.damage(SECONDS)
    if damage is None:
        yield unchecked(
            f"SQLite's file is too large to be read within {SECONDS:.0f} s",
            "sqlite3 FILE 'PRAGMA quick_check' does it without a limit",
        )
    elif damage:
        yield broken(
            f"SQLite's file is damaged: {damage[0]}",
            "Stop the publisher, keep a copy of the file, and restore the newest backup",
        )
    else:
        yield fine("SQLite's quick_check found nothing")


CHECK = Check("integrity", "SQLite's file is whole (quick_check); PostgreSQL keeps checksums", _look)
