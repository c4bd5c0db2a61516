"""Measure, print the table, and write it to docs/benchmarks.md.

PUBLISHER_BENCH_ROWS sets how many subscribers and deliveries there are (1 000 000 unless told otherwise).
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from publisher.digests import markdown, text
from publisher.digests.model import Digest
from publisher.editions import Field
from publisher.ledger import MailingKind, MailingState
from publisher.mailings.audience import audience, left_out, why_not
from publisher.rendering.edition import render
from publisher.storage import migrate
from publisher.storage.database import Database, connect
from publisher.storage.store import Store
from publisher.storage.tables import digests
from subscribers.importing import import_csv
from tests.bench import letters, sending
from tests.bench.letters import LOOK, NOW, READER, ROOT, edition, sample_digest
from tests.bench.measuring import Row, median, paired, seconds, table

ROWS = int(os.environ.get("PUBLISHER_BENCH_ROWS", "1000000"))


def reading() -> Iterator[Row]:
    """What a megabyte of a newsroom's words costs each reader, against a quarter of it: 4 × is linear."""
    for name, reader in (("text", text.read), ("Markdown", markdown.read)):
        large, small = (
            ("# T\n\n" + f"- {'some words of a long item ' * 16}\n" * lines).encode() for lines in (2_400, 600)
        )
        took, ratio = paired(
            lambda data=small, read=reader: read(data, name="a.md"),  # type: ignore[misc]
            lambda data=large, read=reader: read(data, name="a.md"),  # type: ignore[misc]
            (1, 1),
        )
        yield Row(f"reading 250 kB of {name}", f"{took * 1e3:.0f} ms CPU, 1 MB takes {ratio:.1f} ×")


def mails(digest: Digest) -> Iterator[Row]:
    """Rendering once, and composing per subscriber against what the standard library would do."""
    yield Row(
        "rendering an edition, warm", f"{median(lambda: seconds(partial(render, digest, LOOK))) * 1e3:.0f} ms CPU"
    )
    rendered, composer = edition().rendered, letters.composer()
    html, plain_text = (
        "".join("https://news.example.org/u/x" if isinstance(part, Field) else part for part in parts)
        for parts in (
            [part for block in rendered.blocks for part in block.html],
            [part for block in rendered.blocks for part in block.text],
        )
    )

    def plain() -> bytes:
        message = EmailMessage(policy=SMTP)
        message["To"], message["Subject"] = "A Reader <reader@example.org>", rendered.subject
        message.set_content(plain_text, cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message.as_bytes()

    size = len(composer.compose(READER, NOW).data) / 1000
    ours, ratio = paired(lambda: composer.compose(READER, NOW), plain, (2000, 20))
    yield Row(f"composing one mail of {size:.0f} kB", f"{ours * 1e6:.0f} µs CPU, EmailMessage takes {ratio:.0f} ×")


def people(database: Database) -> Iterator[Row]:
    """Importing subscribers and planning a mailing to all of them."""
    lines = (f"reader{number}@example.org,Reader {number}\n".encode() for number in range(ROWS))
    begun = time.perf_counter()
    with_header = _chain(b"email,name\n", lines)
    import_csv(database.write, with_header, newsletter="daily", confirmed=True, source_name="bench", now=NOW)
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Row(
        f"importing {ROWS:,} subscribers (SQLite)",
        f"{took:.1f} s, peak memory {peak:.0f} MB",
        "≤ 60 s at 1 000 000",
    )
    took = _timed(lambda: _plan(database))
    yield Row(f"planning {ROWS:,} deliveries (SQLite)", f"{took:.1f} s", "≤ 5 s at 1 000 000")


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _plan(database: Database) -> None:
    store = Store(database)
    digest = sample_digest()
    with store.write() as unit:
        unit.connection.execute(
            insert(digests).values(
                id=1, newsletter="daily", slug="x", title="x", date=NOW.date(), state="published", content={},
                source="", source_hash="", seen_at=NOW,
            )
        )  # fmt: skip
        edition = unit.editions.add(
            digest_id=1, number=1, digest=digest, rendered=render(digest, LOOK), source_hash="", note="",
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        mailing = unit.mailings.add(
            digest_id=1, edition_id=edition, kind=MailingKind.SCHEDULED, state=MailingState.WAITING, actor="bench",
            reason="", selection=None, now=NOW,
        )  # fmt: skip
        assert mailing is not None
        assert unit.plans.plan(
            mailing,
            audience=audience("daily", NOW),
            left_out=left_out("daily", NOW),
            why_not=partial(why_not, newsletter="daily", now=NOW),
            now=NOW,
        )


def main() -> None:
    """Measure everything."""
    rows = [*reading(), *mails(sample_digest()), *sending.rows()]
    with tempfile.TemporaryDirectory() as folder:
        database = connect("sqlite:///bench.db", Path(folder))
        migrate.prepare(database)
        rows += people(database)
        database.close()
    shown = table(rows)
    print(shown)
    head = "# Benchmarks\n\nWritten by `make bench`. CPU is the median of five rounds, of this process alone.\n\n"
    (ROOT / "docs/benchmarks.md").write_text(head + shown, encoding="utf-8")


if __name__ == "__main__":
    main()
