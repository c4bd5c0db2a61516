"""Senders: those that hang, and what dead ones left behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.mailings import journal


def _look(ground: Ground) -> Iterator[Finding]:
    senders = ground.database.records.senders()
    journals = {path.name: path for path in journal.found(ground.journals)}
    alive = {name for name, path in journals.items() if journal.alive(path)}
    faults = [
        *(_dead(name) for name in journals if name not in alive),
        *(
            _late(sender_id, host, alive=sender_id in alive)
            for sender_id, host, lease_until in senders
            if lease_until < ground.now and (sender_id in alive or sender_id not in journals)
        ),
    ]
    yield from faults
    if not faults:
        yield fine(f"{len(senders)} at work, none hangs, none left a journal behind")


def _dead(name: str) -> Finding:
    return warning(
        f"the sender {name} died and left its journal, which says whom it had mailed",
        "`publisher run` settles it; never remove the file in var/journal",
    )


def _late(sender_id: str, host: str, *, alive: bool) -> Finding:
    if alive:
        return broken(
            f"the sender {sender_id} lives, but says nothing any more",
            f"Look at its process and its disk; ending it (kill) is safe, the next run goes on: {sender_id}",
        )
    where = "" if host == socket.gethostname() else f" on {host}"
    return warning(
        f"the sender {sender_id}{where} is gone, and what it had open is not settled",
        "`publisher run` settles it; run it on that machine first, if its disk is still there",
    )


CHECK = Check("senders", "none hangs, and none died without being settled", _look)
