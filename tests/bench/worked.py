"""What a piece of work cost: this process and, on PostgreSQL, the server's processes that serve it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from publisher.storage.database import Database
from tests.bench import processes

_SERVING = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = :kind")


@dataclass(frozen=True, slots=True)
class Worked:
    """Seconds on the clock, and seconds of processors: these do not grow when the machine is busy elsewhere."""

    seconds: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu:.1f} s CPU"


def worked(database: Database, work: Callable[[], object]) -> Worked:
    """Do it, and tell. Its connections must still be open at its end."""
    before, cpu, begun = _server(database), time.process_time(), time.perf_counter()
    work()
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Worked(took, cpu + _server(database) - before)


def _server(database: Database) -> float:
    if database.is_sqlite:
        return 0.0
    with database.read() as connection:
        return sum(processes.cpu(pid) for pid in connection.scalars(_SERVING, {"kind": "client backend"}))
