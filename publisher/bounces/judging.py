"""What many mails that come back say of their mailing: suppressions that wait, a pause, a word to somebody. Pure.

    judging.same_hards(texts, mails)       # Holds: a suppression that `hold.covers(detail)` waits for an editor
    judging.refusals(classes, limits)      # Pause | None
    judging.complaints(counts, limits)     # Pause | Warn | None

`limits` are the `Shares` of the brakes while sending; what came back is held against the same ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.bounces.policy import WORDS_KEPT
from publisher.feedback import BounceClass
from publisher.ledger import DeliveryState
from publisher.mailings.brakes import USUAL, Shares, too_many_complaints

FEWEST_HARD = 20
HARD_SHARE = 0.05
"""More of a mailing than this share, in the same words, and at least so many mails: no readers did that."""

WARNED_COMPLAINTS = 0.001
"""The share of complaints that somebody is told of; Gmail and Yahoo ask for less than that."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Suppressions for one reason wait for an editor: so many at a time are more likely our fault, or a server's.

    Args:
        words: the server's, without what differs from mail to mail (`same_words`).
        number: how many mails came back with them.
    """

    words: str
    number: int

    def covers(self, detail: str) -> bool:
        """Whether a suppression with this detail is one of them."""
        return same_words(detail) == self.words


@dataclass(frozen=True, slots=True)
class Pause:
    """The mailing should stop, and why, in one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Somebody should be told, in one line."""

    reason: str


_SENDERS_FAULTS = {
    BounceClass.BLOCK: "refusals of us as sender",
    BounceClass.CONTENT: "refusals of the mail itself",
    BounceClass.THROTTLE: "requests to slow down",
}

_DIFFERS = re.compile(
    r"<[^<>\s]*>|\S+@\S+|https?://\S+|\b[0-9a-f]{0,3}:[0-9a-f:]+\b|\b(?=\w*[0-9])[\w-]+(?:\.[\w-]+)*", re.I
)
"""Addresses, links, and words with a digit in them: numbers, codes, queue ids, hosts."""


def same_words(text: str) -> str:
    """A server's words without what differs from mail to mail: addresses, links, numbers, ids."""
    return " ".join(_DIFFERS.sub(" ", text[:WORDS_KEPT]).split()).strip(" ;:,.-()[]").casefold()


def same_hards(texts: Iterable[str], mails: int) -> tuple[Hold, ...]:
    """The words with which too much of a mailing turned hard, the most frequent first.

    Args:
        texts: a `Suppress.detail` for each hard bounce of the mailing, or of its chunk.
        mails: how many mails it has sent.
    """
    found = Counter(map(same_words, texts)).most_common()
    return tuple(
        Hold(words, number) for words, number in found if number >= FEWEST_HARD and number > mails * HARD_SHARE
    )


def refusals(classes: Sequence[BounceClass | None], limits: Shares = USUAL) -> Pause | None:
    """Why what came back pauses a mailing: blocks, content and throttling will meet the rest of it, too.

    Args:
        classes: of its last answers, the oldest first; None: delivered.
        limits: `last` of them are looked at; `blocks` is the share that is too much.
    """
    last = classes[-limits.last :]
    such = Counter(each for each in last if each in _SENDERS_FAULTS)
    if such.total() <= limits.last * limits.blocks:
        return None
    told = ", ".join(f"{number} {_SENDERS_FAULTS[each]}" for each, number in such.most_common() if each)
    return Pause(f"of the last {len(last)} answers that came back: {told}")


def complaints(counts: Mapping[DeliveryState, int], limits: Shares = USUAL) -> Pause | Warn | None:
    """What complaints about a mailing do: pause it above `limits.complaints`, warn above WARNED_COMPLAINTS.

    Args:
        counts: its deliveries by state.
        limits: those of the brakes.
    """
    if why := too_many_complaints(counts, limits):
        return Pause(why)
    warned = replace(limits, complaints=min(WARNED_COMPLAINTS, limits.complaints))
    return Warn(why) if (why := too_many_complaints(counts, warned)) else None
