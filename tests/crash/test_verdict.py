"""Whoever judges a crash has to be judged himself: each kind of breach is named, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.crash.processes import Victim
from tests.crash.verdict import Book, Left, complaints

EVERYBODY = ("a@example.org", "b@example.org", "c@example.org", "d@example.org")
A, B, C, D = ((address, f"<{address[0]}.1@example.org>", address) for address in EVERYBODY)
BOOK = Book((A, B, C), silent=frozenset({"c@example.org"}))
STATES = {
    "a@example.org": ("accepted", "one"),
    "b@example.org": ("uncertain", "killed"),
    "c@example.org": ("uncertain", "one"),
    "d@example.org": ("uncertain", "killed"),
}
DEAD = [Victim(4711, "killed", 2), Victim(4712, "", 0)]


def left(states: dict[str, tuple[str, str]] = STATES, **others: object) -> Left:
    kept = Left(states, {})
    return replace(kept, **{"told": kept.counts} | others)  # type: ignore[arg-type]


def with_state(letter: str, state: str, sender: str = "one") -> Left:
    return left(STATES | {f"{letter}@example.org": (state, sender)})


def test_a_kept_promise_has_no_complaint() -> None:
    assert complaints(EVERYBODY, BOOK, left(), DEAD) == []


BREACHES = {
    "received twice: 1 (a@": (replace(BOOK, taken=(A, A, B, C)), left(), DEAD),
    "one Message-ID twice: 1": (replace(BOOK, taken=(A, B, C, (D[0], A[1], D[2]))), left(), DEAD),
    "somebody else's mail: 1 (d@": (replace(BOOK, taken=(A, B, C, (D[0], D[1], A[2]))), left(), DEAD),
    "by a stranger: 1 (x@": (replace(BOOK, taken=(A, B, C, ("x@example.org", "", "x@example.org"))), left(), DEAD),
    "accepted, but not received: 1 (d@": (BOOK, with_state("d", "accepted"), DEAD),
    "neither received nor uncertain: 1 (d@": (BOOK, with_state("d", "accepted"), DEAD),
    "not in the ledger: 1 (a@": (BOOK, left({k: v for k, v in STATES.items() if k[0] != "a"}), DEAD),
    "left as sending: 1 (b@": (BOOK, with_state("b", "sending"), DEAD),
    "left as failed: 1 (b@": (BOOK, with_state("b", "failed"), DEAD),
    "in silence, and yet not uncertain: 1 (c@": (BOOK, with_state("c", "accepted"), DEAD),
    "2 uncertain of the sender killed, killed with 1": (BOOK, left(), [Victim(4711, "killed", 1)]),
    "2 uncertain of the sender killed, which nobody killed": (BOOK, left(), []),
    "the sums do not add up": (BOOK, left(told={"accepted": 4}), DEAD),
    "mailings: done, done": (BOOK, left(mailings=("done", "done")), DEAD),
    "mailings: running": (BOOK, left(mailings=("running",)), DEAD),
    "2 batches are open": (BOOK, left(open_batches=2), DEAD),
    "journals are left: 1 (one)": (BOOK, left(journals=("one",)), DEAD),
    "senders have not ended: 1": (BOOK, left(unended_senders=("one",)), DEAD),
    "processes are left: 1 (4713)": (BOOK, left(processes=(4713,)), DEAD),
    "tracebacks: 1": (BOOK, left(tracebacks=("err.4711",)), DEAD),
}


@pytest.mark.parametrize("words", BREACHES)
def test_a_breach_is_named(words: str) -> None:
    book, ledger, dead = BREACHES[words]
    assert words in "\n".join(complaints(EVERYBODY, book, ledger, dead))


def test_a_book_is_read_up_to_its_last_whole_line() -> None:
    text = "taken\ta@x\t<1>\ta@x\nsilent\ta@x\nrefused\tb@x\ndropped\tc@x\ntaken\tb@"
    assert Book.read(text) == Book(
        (("a@x", "<1>", "a@x"),), frozenset({"a@x"}), frozenset({"b@x"}), frozenset({"c@x"})
    )
