"""One process of the bench that imports subscribers, and tells what it took and how much memory it held at most.

Arguments: the database's address, how many subscribers.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from publisher.storage import migrate
from publisher.storage.database import connect
from subscribers.importing import import_csv
from tests.bench.letters import NOW
from tests.bench.worked import worked


def lines(number: int) -> Iterator[bytes]:
    """A CSV file of so many readers."""
    yield b"email,name\n"
    for reader in range(number):
        yield f"reader{reader}@example.org,Reader {reader}\n".encode()


def main() -> None:
    """Import."""
    database = connect(sys.argv[1], Path.cwd())
    migrate.prepare(database)
    rows = lines(int(sys.argv[2]))
    took = worked(
        database,
        lambda: import_csv(
            database.write,
            rows,
            newsletter="daily",
            confirmed=True,
            source_name="bench",
            secret=b"of the bench alone",
            now=NOW,
        ),
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    database.close()
    print(json.dumps({"took": str(took), "peak": peak}))


if __name__ == "__main__":
    main()
