"""The crash test as a program: a mailing to many whose processes are killed with -9 again and again.

    python -m tests.crash [--mails N] [--kills N] [--seed N] [--database sqlite|postgres] [-v]

Ends with 0 when the promise of docs/design/ledger.md was kept, with 1 and a line for each breach when it was not.
The seed decides what is killed and how long after a mail; the rest is as random as the machine makes it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import running_postgres
from tests.crash.campaign import Campaign, StuckError
from tests.crash.mailserver import MailServer
from tests.crash.plan import Plan
from tests.crash.verdict import complaints


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """The address of an empty database."""
    if kind == "sqlite":
        yield "sqlite:///var/publisher.db"
        return
    with running_postgres() as server:
        yield server.url_of(server.create(empty=True))


def carry_out(
    plan: Plan, root: Path, database: str, tell: Callable[[str], object] = lambda _: None
) -> tuple[str, list[str]]:
    """Carry a plan out in an empty folder; gives a summary and what broke the promise."""
    began = time.monotonic()
    with MailServer(root / "book", plan.seed) as server:
        campaign = Campaign(plan, root / "instance", database, server, tell)
        try:
            left = campaign.go()
        except StuckError as error:
            return f"after {len(campaign.kills)} kills", [str(error)]
        book = server.book
    kinds = ", ".join(f"{number} {what}" for what, number in Counter(kill.what for kill in campaign.kills).items())
    held = [victim.connections for victim in campaign.dead]
    uncertain = left.in_state("uncertain")
    summary = (
        f"{plan.mails} mails, {len(campaign.kills)} kills ({kinds}): "
        f"{len(book.received)} received, {len(left.in_state('accepted'))} accepted, {len(uncertain)} uncertain "
        f"({len(uncertain & book.received)} of them received, {len(book.silent)} by the server's silence); "
        f"{len(held)} senders died with {sum(held)} connections; "
        f"orphans had settled within {max((kill.settled for kill in campaign.kills), default=0):.1f} s; "
        f"server's other moments: {len(book.dropped)} dropped, {len(book.refused)} refused; "
        f"{time.monotonic() - began:.0f} s"
    )
    return summary, complaints(plan.everybody, book, left, campaign.dead)


def main(words: Sequence[str] | None = None) -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description="Kill a mailing, and count.")
    parser.add_argument("--mails", type=int, default=Plan().mails)
    parser.add_argument("--kills", type=int, default=Plan().kills)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each kill")
    wanted = parser.parse_args(words)
    print(f"crash: {wanted.database}, seed {wanted.seed}", flush=True)
    root = Path(tempfile.mkdtemp(prefix="publisher-crash-"))
    tell: Callable[[str], object] = (lambda line: print(line, flush=True)) if wanted.verbose else lambda _: None
    with database_of(wanted.database) as url:
        plan = Plan(wanted.mails, wanted.kills, wanted.seed)
        summary, breaches = carry_out(plan, root, url, tell)
    print(f"crash: {wanted.database}: {summary}")
    for breach in breaches:
        print(f"crash: BROKEN: {breach}")
    if breaches:
        print(f"crash: everything is in {root}")
        return 1
    shutil.rmtree(root)
    print("crash: the promise was kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
