"""Whether a ledger, a mail server's book and a list of deaths agree with the promise. Pure.

The promise (docs/design/ledger.md): received and uncertain together are everybody, received twice is nobody, and a
killed process leaves at most one uncertain message a connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.crash.counting import Entry
from tests.crash.processes import Victim


@dataclass(frozen=True, slots=True)
class Book:
    """What the mail server wrote down: (recipient, Message-ID, recipient in the header) of each mail it took."""

    taken: tuple[tuple[str, str, str], ...] = ()
    silent: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()

    @property
    def received(self) -> frozenset[str]:
        """Who has got a mail."""
        return frozenset(recipient for recipient, _, _ in self.taken)

    @classmethod
    def read(cls, text: str) -> Book:
        """A book's text; a line that is being written just now is left out."""
        rows = [line.split("\t") for line in text.split("\n")[:-1]]
        taken = tuple((row[1], row[2], row[3]) for row in rows if row[0] == Entry.TAKEN)
        others = {
            entry: frozenset(row[1] for row in rows if row[0] == entry)
            for entry in (Entry.SILENT, Entry.REFUSED, Entry.DROPPED)
        }
        return cls(taken, others[Entry.SILENT], others[Entry.REFUSED], others[Entry.DROPPED])


@dataclass(frozen=True, slots=True)
class Left:
    """What a mailing left behind, at its end.

    `states`: address to state and sender. `told`: the sums that the publisher itself tells. The others: what
    should not be there.
    """

    states: Mapping[str, tuple[str, str]]
    told: Mapping[str, int]
    mailings: tuple[str, ...] = ("done",)
    journals: tuple[str, ...] = ()
    unended_senders: tuple[str, ...] = ()
    open_batches: int = 0
    processes: tuple[int, ...] = ()
    tracebacks: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(state for state, _ in self.states.values()))

    def in_state(self, wanted: str) -> frozenset[str]:
        """The addresses in a state."""
        return frozenset(address for address, (state, _) in self.states.items() if state == wanted)


def complaints(everybody: Iterable[str], book: Book, left: Left, dead: Iterable[Victim]) -> list[str]:
    """Everything that breaks the promise, a line each; empty when it was kept."""
    return [*_mails(frozenset(everybody), book, left), *_doubts(book, left, list(dead)), *_rests(left)]


def _mails(everybody: frozenset[str], book: Book, left: Left) -> Iterator[str]:
    received, accepted, uncertain = book.received, left.in_state("accepted"), left.in_state("uncertain")
    for what, column in (("received twice", 0), ("one Message-ID twice", 1)):
        times = Counter(taken[column] for taken in book.taken)
        yield from _named(what, (each for each, number in times.items() if number > 1))
    yield from _named("got somebody else's mail", (r for r, _, to in book.taken if r not in to))
    yield from _named("neither received nor uncertain", everybody - received - uncertain)
    yield from _named("received by a stranger", received - everybody)
    yield from _named("accepted, but not received", accepted - received)
    yield from _named("in the audience, but not in the ledger", everybody - left.states.keys())
    for state in sorted(left.counts.keys() - {"accepted", "uncertain"}):
        yield from _named(f"left as {state}", left.in_state(state))


def _doubts(book: Book, left: Left, dead: list[Victim]) -> Iterator[str]:
    """Each uncertain delivery is explained: by the server's silence, or by a connection of a sender that died."""
    uncertain = left.in_state("uncertain")
    yield from _named("taken in silence, and yet not uncertain", book.silent - uncertain)
    allowed = {victim.sender: victim.connections for victim in dead if victim.sender}
    of_sender = Counter(left.states[address][1] for address in uncertain - book.silent)
    for sender, number in of_sender.items():
        if sender not in allowed:
            yield f"{number} uncertain of the sender {sender}, which nobody killed"
        elif number > allowed[sender]:
            yield f"{number} uncertain of the sender {sender}, killed with {allowed[sender]} connections"


def _rests(left: Left) -> Iterator[str]:
    if dict(left.told) != dict(left.counts):
        yield f"the sums do not add up: told {dict(left.told)}, counted {dict(left.counts)}"
    if left.mailings != ("done",):
        yield f"mailings: {', '.join(left.mailings) or 'none'}"
    if left.open_batches:
        yield f"{left.open_batches} batches are open"
    yield from _named("journals are left", left.journals)
    yield from _named("senders have not ended", left.unended_senders)
    yield from _named("processes are left", map(str, left.processes))
    yield from _named("tracebacks", left.tracebacks)


def _named(what: str, which: Iterable[str]) -> Iterator[str]:
    """One line with the number and a few of them; none when there are none."""
    found = sorted(which)
    if found:
        yield f"{what}: {len(found)} ({', '.join(found[:3])}{', …' if len(found) > 3 else ''})"
