"""The database: it opens, has this version's schema, and is of a kind that keeps its promises."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.doctor.ports import Records

OLDEST_POSTGRESQL = 14
"""The makers look after no older one."""


def _look(ground: Ground) -> Iterator[Finding]:
    if ground.trouble is not None:
        remedy = "Look at [storage] url, at its folder's rights, and whether the server runs"
        yield broken(ground.trouble.message, ground.trouble.remedy or remedy)
        return
    records = ground.database.records
    yield from _sqlite(records) if records.is_sqlite else _postgresql(records)


def _sqlite(records: Records) -> Iterator[Finding]:
    version = ".".join(map(str, records.version()))
    mode = records.journal_mode()
    if mode == "wal":
        yield fine(f"SQLite {version}, this version's schema, write-ahead logging")
    else:
        yield warning(
            f"SQLite cannot use write-ahead logging here (journal_mode {mode}), so senders wait for each other",
            "Put the database on a local disk, not on a network file system",
        )


def _postgresql(records: Records) -> Iterator[Finding]:
    version = records.version()
    shown = ".".join(map(str, version))
    if version and version[0] < OLDEST_POSTGRESQL:
        yield warning(
            f"PostgreSQL {shown} is looked after no longer", f"Go to PostgreSQL {OLDEST_POSTGRESQL} or a newer one"
        )
    else:
        yield fine(f"PostgreSQL {shown}, this version's schema")


CHECK = Check("database", "it opens and has this version's schema; SQLite has write-ahead logging", _look)
