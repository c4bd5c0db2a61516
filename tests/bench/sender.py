"""One sender process of the bench: says "ready", waits for a line, sends everything, and tells what it took.

Arguments: the database's address, the port of the mail server on this machine, the folder of journals, and the
kind of key that signs, if any does.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from publisher.config import SmtpProvider
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.sending import SenderParts, run_sender
from publisher.messages.dkim_keys import KeyKind
from publisher.providers.smtp import Smtp
from publisher.storage.database import connect
from publisher.storage.ledger import LedgerStore
from tests.bench.letters import composer

CONNECTIONS = 10
"""As many as `smtp-source -s 10` has."""


def main() -> None:
    """Be a sender."""
    url, port, journals = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    database = connect(url, journals)
    settings = SmtpProvider(
        kind="smtp", host="127.0.0.1", port=port, security="none", helo="localhost", connections=CONNECTIONS
    )
    letters = composer(KeyKind(sys.argv[4]) if sys.argv[4:] else None)
    policy = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
    parts = SenderParts(LedgerStore(database), Smtp(settings), lambda _: letters, journals, policy)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    result = run_sender(parts, lambda: False)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if result.error:
        raise result.error
    print(json.dumps({"sent": sum(result.counts.values()), "seconds": took, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    main()
