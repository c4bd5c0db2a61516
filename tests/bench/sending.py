"""The whole sender against Postfix's own load generator, both into Postfix's own sink, in one run."""

from __future__ import annotations

import resource
import smtplib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from publisher.messages.dkim_keys import KeyKind
from tests.bench.driving import Sent, begin, end, ledger_of, ratio, told
from tests.bench.letters import NOW, READER, composer, edition
from tests.bench.measuring import ROUNDS, Row
from tests.bench.sender import CONNECTIONS
from tests.bench.sink import find, sink

MAILS = 10_000
"""What a sender does once (statements, skeleton, connections) makes about 2 % of it for each process."""

NAIVE_MAILS = 300
SIGNED = {KeyKind.ED25519: "≥ 0.8 ×", KeyKind.RSA: ""}
"""What each kind of key must reach; for RSA the section "signing" compares what signing costs."""


def rows() -> Iterator[Row]:
    """One line for each number of processes and each kind of key, and one against the standard library."""
    source, taker = find("smtp-source"), find("smtp-sink")
    if source is None or taker is None:
        yield Row("the whole sender against smtp-source", "skipped: Debian's postfix is not installed")
        return
    size = len(composer().compose(READER, NOW).data)
    with tempfile.TemporaryDirectory() as name, sink(taker) as port:
        folder = Path(name)
        whole, half = ledger_of(folder, MAILS), ledger_of(folder, MAILS // 2)
        rounds = [
            (
                _postfix(source, port, size),
                _ours(folder, [whole], port, 1),
                _ours(folder, [whole], port, 2),
                _ours(folder, [half, half], port, 2),
                *(_ours(folder, [whole], port, 1, kind) for kind in SIGNED),
            )
            for _ in range(ROUNDS)
        ]
        naive = [_naive(port) for _ in range(ROUNDS)]
    theirs, one, two, apart, *signed = ([each[column] for each in rounds] for column in range(4 + len(SIGNED)))
    words = f"smtp-source -d -s {CONNECTIONS} -l {size}"
    yield Row(f"{words}", told(theirs))
    yield Row("whole sender, 1 process", f"{told(one)}, {ratio(one, theirs):.2f} ×", "≥ 1.0 ×")
    yield Row(
        "whole sender, 2 processes",
        f"{told(two)}, {ratio(two, theirs):.2f} ×, CPU {_growth(one, two):.2f} × of one",
        "CPU ≤ 1.1 × of one",
    )
    yield Row(
        "the same with a ledger each: what the machine alone makes of two",
        f"{told(apart)}, CPU {_growth(one, apart):.2f} × of one",
    )
    for (kind, must), rated in zip(SIGNED.items(), signed, strict=True):
        yield Row(
            f"whole sender, 1 process, signed with {kind}", f"{told(rated)}, {ratio(rated, theirs):.2f} ×", must
        )
    against = statistics.median(a.cpu / b.cpu for a, b in zip(naive, one, strict=True))
    yield Row("EmailMessage and smtplib, no ledger", f"{told(naive)}, CPU {against:.0f} × ours")


def _growth(one: Sequence[Sent], others: Sequence[Sent]) -> float:
    return statistics.median(b.cpu / a.cpu for a, b in zip(one, others, strict=True))


def _postfix(command: str, port: int, size: int) -> Sent:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [command, "-d", "-s", str(CONNECTIONS), "-l", str(size), "-m", str(MAILS), f"127.0.0.1:{port}"], check=True
    )
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sent(MAILS / took, cpu / MAILS * 1e6)


def _ours(folder: Path, ledgers: Sequence[Path], port: int, processes: int, *kind: KeyKind) -> Sent:
    """`processes` senders on fresh copies of the ledgers."""
    return end(begin(("smtp", str(port)), folder, ledgers, processes, *kind), MAILS)


def _naive(port: int) -> Sent:
    """What a plain loop does: one EmailMessage a reader, one smtplib connection, nothing remembered."""
    rendered, sender = edition().rendered, "daily@news.example.org"
    bodies = [[part for block in rendered.blocks for part in getattr(block, form)] for form in ("text", "html")]
    began, cpu = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(NAIVE_MAILS):
            address = f"reader{number}@example.org"
            text, html = (
                "".join(part if isinstance(part, str) else address for part in parts) for parts in bodies
            )
            message = EmailMessage(policy=SMTP)
            message["From"], message["To"], message["Subject"] = sender, address, rendered.subject
            message.set_content(text)
            message.add_alternative(html, subtype="html")
            client.sendmail(sender, [address], message.as_bytes())
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Sent(NAIVE_MAILS / took, cpu / NAIVE_MAILS * 1e6)
