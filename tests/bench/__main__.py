"""Measure, print the tables, and write them to docs/benchmarks.md: `python -m tests.bench [SECTION...]`.

PUBLISHER_BENCH_ROWS sets how many subscribers and deliveries there are: 1 000 000 unless told otherwise, and at
least 20 000.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial

from publisher.digests import markdown, text
from publisher.editions import Field
from publisher.rendering.edition import render
from tests.bench import api, ledger, letters, million, returned, sending, serving, signing
from tests.bench.ledger import Kind
from tests.bench.letters import LOOK, NOW, READER, ROOT, edition, sample_digest
from tests.bench.measuring import Row, median, paired, seconds
from tests.bench.report import merged, written

ROWS = int(os.environ.get("PUBLISHER_BENCH_ROWS", "1000000"))
PAGE = ROOT / "docs/benchmarks.md"


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


def mails() -> Iterator[Row]:
    """Rendering once, and composing per subscriber against what the standard library would do."""
    yield Row(
        "rendering an edition, warm",
        f"{median(lambda: seconds(partial(render, sample_digest(), LOOK))) * 1e3:.0f} ms CPU",
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


def ledger_of(kind: Callable[[], AbstractContextManager[Kind]]) -> Iterator[Row]:
    """A database at a million rows."""
    with kind() as opened:
        yield from ledger.rows(opened, ROWS)


def returning() -> Iterator[Row]:
    """What comes back, on both databases."""
    for kind in (ledger.sqlite, ledger.postgresql):
        with kind() as opened:
            yield from returned.rows(opened)


SECTIONS: Mapping[str, Callable[[], Iterable[Row]]] = {
    "reading": reading,
    "mails": mails,
    "signing": signing.rows,
    "sending": sending.rows,
    "api": api.rows,
    "returned": returning,
    "serving": serving.rows,
    "sqlite": lambda: ledger_of(ledger.sqlite),
    "postgresql": lambda: ledger_of(ledger.postgresql),
    "million": lambda: million.rows(ROWS),
}


def main() -> None:
    """Measure what is asked for, everything by default; each section is on the page as soon as it is known."""
    parser = ArgumentParser(prog="python -m tests.bench", description="Measure, and write docs/benchmarks.md.")
    parser.add_argument("section", nargs="*", help=f"one of {', '.join(SECTIONS)}; all by default")
    chosen = parser.parse_args().section or list(SECTIONS)
    if unknown := sorted(set(chosen) - set(SECTIONS)):
        parser.error(f"there is no section {', '.join(unknown)}")
    for name in chosen:
        body = written(list(SECTIONS[name]()), datetime.now(UTC).date())
        print(f"{name}\n{body}", flush=True)
        PAGE.write_text(merged(PAGE.read_text(encoding="utf-8"), {name: body}, list(SECTIONS)), encoding="utf-8")


if __name__ == "__main__":
    main()
