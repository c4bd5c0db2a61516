"""One sender process of the bench: says "ready", waits for a line, sends everything, and tells what it took.

Arguments: the kind of provider, the port of its server on this machine, the database's address, the folder of
journals, and the kind of key that signs, if any does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from publisher.config import MailgunProvider, SmtpProvider
from publisher.http import Client
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import Provider
from publisher.mailings.sending import SenderParts, run_sender
from publisher.messages.dkim_keys import KeyKind
from publisher.providers.api import Api
from publisher.providers.mailgun import MailgunBatch
from publisher.providers.smtp import Smtp
from publisher.storage.database import connect
from publisher.storage.ledger import LedgerStore
from tests.bench import mailgun
from tests.bench.letters import composer

CONNECTIONS = 10
"""As many as `smtp-source -s 10` has."""


def _smtp(port: int) -> Provider:
    return Smtp(
        SmtpProvider(
            kind="smtp", host="127.0.0.1", port=port, security="none", helo="localhost", connections=CONNECTIONS
        )
    )


def _mailgun(port: int) -> Provider:
    settings = {
        "kind": "mailgun",
        "domain": mailgun.DOMAIN,
        "key": mailgun.KEY,
        "url": f"http://127.0.0.1:{port}/",
    }
    return Api(MailgunBatch(MailgunProvider.model_validate(settings)), Client())


PROVIDERS: Mapping[str, Callable[[int], Provider]] = {"smtp": _smtp, "mailgun": _mailgun}


def main() -> None:
    """Be a sender."""
    kind, port, url, journals = sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    database = connect(url, journals)
    letters = composer(KeyKind(sys.argv[5]) if sys.argv[5:] else None)
    policy = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
    parts = SenderParts(LedgerStore(database), PROVIDERS[kind](port), lambda _: letters, journals, policy)
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
