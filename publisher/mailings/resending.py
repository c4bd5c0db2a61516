"""The plan of a resend: who would be mailed, how many are left out and why, and its name. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from publisher.errors import UsageError
from publisher.ledger import Latest, Standing
from publisher.mailings.verdicts import Place, Verdict, Wish, decide, intended, place
from subscribers.segments.frozen import Frozen

FEW = 3
"""People that a plan names."""

_WANTS_AGAIN = frozenset({Place.CURRENT, Place.UNCERTAIN, Place.COMPLAINED})
"""Where a second mail is meant to arrive, and so needs a Message-ID of its own."""

_ONE: Mapping[Verdict, tuple[str, str]] = {
    Verdict.ALREADY: ("has this digest already", "Add --again to send it once more"),
    Verdict.UNDERWAY: ("is about to get this digest", "`publisher mailing list` shows what is under way"),
    Verdict.UNCERTAIN: (
        "may have this digest already: the server's answer was lost",
        "Ask the reader; add --again to send it all the same",
    ),
    Verdict.COMPLAINED: ("has complained about this digest", "Add --again only if they ask for it"),
    Verdict.SUPPRESSED: (
        "must not be mailed: the address is suppressed",
        "Lift the suppression first, if they ask for it",
    ),
    Verdict.LEFT: ("does not get this newsletter", "Only they themselves can subscribe"),
    Verdict.UNCONFIRMED: ("has not confirmed the subscription yet", "They have to follow the link they were sent"),
    Verdict.PAUSED: ("pauses this newsletter", "They can end the pause by the link in any mail"),
}
"""Why one person is not mailed, and what to do."""


@dataclass(frozen=True, slots=True)
class ResendPlan:
    """A resend as it would be now.

    Args:
        wish: what was asked for.
        edition: the number of the edition that is mailed.
        edition_id: its id.
        mailed: how many would be mailed; with 0 there is nothing to resend.
        left_out: how many would not, by reason.
        because: those who would be mailed, by what became of their latest delivery.
        token: names exactly these people as they stand; the same plan has the same token.
        again: whether it mints new Message-IDs: asked for, and needed.
        selection: the subscribers it is about, frozen with the mailing; who must not be mailed is left out then.
        first: the first few who would be mailed, for people to recognise.
        segment: who alone can be meant, as it is defined now; None: everybody.
    """

    wish: Wish
    edition: int
    edition_id: int
    mailed: int
    left_out: Mapping[Verdict, int] = field(default_factory=dict)
    because: Mapping[str, int] = field(default_factory=dict)
    token: str = ""
    again: bool = False
    selection: tuple[int, ...] = field(default=(), repr=False)
    first: tuple[int, ...] = ()
    segment: Frozen | None = None


def plan_resend(
    wish: Wish,
    people: Iterable[Latest],
    others: Mapping[Standing, int],
    *,
    digest_id: int,
    edition_id: int,
    newest: int,
    segment: Frozen | None = None,
) -> ResendPlan:
    """Make the plan of a resend.

    Args:
        wish: what is asked for.
        people: those whom the act may be about, by subscriber; whom it is not about may be among them.
        others: how many stand how, of all the people of the digest; those it is about are taken from `people`.
        digest_id: the digest.
        edition_id: its newest edition.
        newest: that edition's number.
        segment: by which `standing.outside` was asked.
    """
    chosen = [person for person in people if intended(wish, person.standing, newest)]
    standings = Counter(person.standing for person in chosen)
    left_out: Counter[Verdict] = Counter()
    because: Counter[str] = Counter()
    for standing, number in standings.items():
        verdict = decide(wish, standing, newest)
        if verdict is Verdict.MAIL:
            because[_told(standing, newest)] += number
        else:
            left_out[verdict] += number
    for standing, number in others.items():
        if not intended(wish, standing, newest):
            left_out[decide(wish, standing, newest)] += number
    del left_out[Verdict.UNCONCERNED]
    first = (each for each in chosen if decide(wish, each.standing, newest) is Verdict.MAIL)
    again = wish.again and any(place(standing, newest) in _WANTS_AGAIN for standing in standings)
    return ResendPlan(
        wish=wish,
        edition=newest,
        edition_id=edition_id,
        mailed=sum(because.values()),
        left_out={verdict: left_out[verdict] for verdict in Verdict if left_out[verdict]},
        because=dict(sorted(because.items())),
        token=_token(wish, chosen, digest_id, edition_id, again, segment),
        again=again,
        selection=tuple(person.subscriber_id for person in chosen),
        first=tuple(person.subscriber_id for person in islice(first, FEW)),
        segment=segment,
    )


def _told(standing: Standing, newest: int) -> str:
    """What became of the latest delivery, in a word or two."""
    if standing.skipped:
        return f"skipped: {standing.skipped}"
    if place(standing, newest) is Place.OUTDATED:
        return "has an older edition"
    return "never mailed" if standing.state is None else str(standing.state)


def _token(
    wish: Wish, chosen: Iterable[Latest], digest_id: int, edition_id: int, again: bool, segment: Frozen | None
) -> str:
    """A fingerprint of the act and of everybody it is about, each with the delivery they are judged after.

    Who leaves or is suppressed meanwhile is still in it: then fewer are mailed than were shown, which is what
    everybody wants. Anybody new makes it another one, and so does another definition of the segment.
    """
    said = hashlib.sha256(f"{wish.act} {digest_id} {edition_id} {again}".encode())
    if segment:
        said.update(json.dumps(segment.as_data(), sort_keys=True).encode())
    said.update("".join(f" {person.subscriber_id}:{person.delivery_id}" for person in chosen).encode())
    return said.hexdigest()[:24]


def check_one(wish: Wish, person: Latest | None, newest: int) -> Latest:
    """The person of Act.TO, unless they are not known or not to be mailed.

    Raises:
        UsageError: says why, and what to do.
    """
    if person is None:
        raise UsageError(
            f"no subscriber has the address {wish.to}",
            remedy="`publisher subscriber list` shows those that are known",
        )
    verdict = decide(wish, person.standing, newest)
    if verdict is not Verdict.MAIL:
        said, remedy = _ONE[verdict]
        raise UsageError(f"{wish.to} {said}", remedy=remedy)
    return person
