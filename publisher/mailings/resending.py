"""Whom a resend reaches, and why everybody else is left out. Pure.

A person is judged by the latest of their deliveries that was a mail, over all mailings of the digest; a skipped
one never was. What they have counts besides: whoever has the newest edition gets it again by `--again` alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from publisher.errors import UsageError
from publisher.ledger import DeliveryState, Latest, Standing


class Act(StrEnum):
    """The kinds of resend."""

    FAILED = "failed"
    MISSED = "missed"
    UNCERTAIN = "uncertain"
    TO = "to"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Wish:
    """A resend as an editor asks for it. `to` is the address of Act.TO, and `again` is for that one alone."""

    act: Act
    to: str = ""
    again: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if (self.act is Act.TO) != bool(self.to):
            raise UsageError("it is not said who is meant", remedy=f"Give {ACTS_TOLD}")
        if self.again and self.act is not Act.TO:
            raise UsageError("only one person can get it again", remedy="Write --to ADDRESS --again")


FEW = 3
"""People that a plan names."""

ACTS_TOLD = "one of --failed, --missed, --uncertain, --to ADDRESS, --correction"


class Place(StrEnum):
    """Where a person stands with the newest edition, as far as acts tell people apart."""

    NEVER = "never"  # no delivery, or none that was a mail
    UNDERWAY = "underway"  # a mailing still works on it
    CURRENT = "current"  # has the newest edition
    OUTDATED = "outdated"  # has an older one
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Verdict(StrEnum):
    """What an act means to a person: MAIL, or why they are left out. UNCONCERNED: it was never for them."""

    MAIL = "mail"
    UNCONCERNED = "unconcerned"
    ALREADY = "already"
    OLDER = "older"
    UNDERWAY = "underway"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    MISSED = "missed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    LEFT = "left"
    UNCONFIRMED = "unconfirmed"
    PAUSED = "paused"


LEFT_OUT: Mapping[Verdict, str] = {
    Verdict.ALREADY: "have it already",
    Verdict.OLDER: "have an older edition: --correction is for them",
    Verdict.UNDERWAY: "are about to get it",
    Verdict.UNCERTAIN: "may have it: --uncertain is for them",
    Verdict.FAILED: "failed: --failed is for them",
    Verdict.MISSED: "were never mailed: --missed is for them",
    Verdict.BOUNCED: "bounced",
    Verdict.COMPLAINED: "complained",
    Verdict.SUPPRESSED: "suppressed",
    Verdict.LEFT: "left",
    Verdict.UNCONFIRMED: "not confirmed",
    Verdict.PAUSED: "paused",
}
"""What people are told, after a number."""

_P, _V = Place, Verdict
_COLUMNS = (
    (Act.FAILED, False),
    (Act.MISSED, False),
    (Act.UNCERTAIN, False),
    (Act.CORRECTION, False),
    (Act.TO, False),
    (Act.TO, True),
)
_ROWS: Mapping[Place, tuple[Verdict, ...]] = {
    # ............. failed         missed         uncertain      correction     to            to, again
    _P.NEVER: (_V.MISSED, _V.MAIL, _V.MISSED, _V.MISSED, _V.MAIL, _V.MAIL),
    _P.UNDERWAY: (_V.UNDERWAY,) * 6,
    _P.CURRENT: (_V.ALREADY, _V.ALREADY, _V.ALREADY, _V.ALREADY, _V.ALREADY, _V.MAIL),
    _P.OUTDATED: (_V.OLDER, _V.OLDER, _V.OLDER, _V.MAIL, _V.MAIL, _V.MAIL),
    _P.FAILED: (_V.MAIL, _V.FAILED, _V.FAILED, _V.FAILED, _V.MAIL, _V.MAIL),
    _P.UNCERTAIN: (_V.UNCERTAIN, _V.UNCERTAIN, _V.MAIL, _V.UNCERTAIN, _V.UNCERTAIN, _V.MAIL),
    _P.BOUNCED: (_V.BOUNCED, _V.BOUNCED, _V.BOUNCED, _V.BOUNCED, _V.MAIL, _V.MAIL),
    _P.COMPLAINED: (_V.COMPLAINED, _V.COMPLAINED, _V.COMPLAINED, _V.COMPLAINED, _V.COMPLAINED, _V.MAIL),
}
TABLE: Mapping[tuple[Act, bool, Place], Verdict] = {
    (act, again, place): verdict
    for place, verdicts in _ROWS.items()
    for (act, again), verdict in zip(_COLUMNS, verdicts, strict=True)
}
"""By act, `--again` and place: what the deliveries alone say. Who must not be mailed at all is asked after it."""

_PLACES: Mapping[DeliveryState, Place] = {
    DeliveryState.PENDING: _P.UNDERWAY,
    DeliveryState.SENDING: _P.UNDERWAY,
    DeliveryState.DEFERRED: _P.UNDERWAY,
    DeliveryState.ACCEPTED: _P.OUTDATED,
    DeliveryState.DELIVERED: _P.OUTDATED,
    DeliveryState.FAILED: _P.FAILED,
    DeliveryState.UNCERTAIN: _P.UNCERTAIN,
    DeliveryState.SKIPPED: _P.NEVER,
    DeliveryState.BOUNCED: _P.BOUNCED,
    DeliveryState.COMPLAINED: _P.COMPLAINED,
}
_SAID_BEFORE_HAVING = frozenset({_P.UNDERWAY, _P.COMPLAINED})
"""Places that count although the person has the newest edition."""

_WANTS_AGAIN = frozenset({_P.CURRENT, _P.UNCERTAIN, _P.COMPLAINED})
"""Where a second mail is meant to arrive, and so needs a Message-ID of its own."""


def place(standing: Standing, newest: int) -> Place:
    """Where a person stands; `newest` is the number of the newest edition."""
    found = _P.NEVER if standing.state is None else _PLACES[standing.state]
    if found in _SAID_BEFORE_HAVING or standing.has == 0:
        return found
    return _P.CURRENT if standing.has >= newest else found


def intended(wish: Wish, standing: Standing, newest: int) -> bool:
    """Whether an act is about this person, may they be mailed or not."""
    return TABLE[wish.act, wish.again, place(standing, newest)] is Verdict.MAIL


def decide(wish: Wish, standing: Standing, newest: int) -> Verdict:
    """What an act means to a person."""
    verdict = TABLE[wish.act, wish.again, place(standing, newest)]
    if standing.why_not is None:
        return verdict
    if verdict is Verdict.MAIL:
        return Verdict(standing.why_not)
    return Verdict.UNCONCERNED if verdict is Verdict.MISSED else verdict


def states_for(act: Act) -> frozenset[DeliveryState]:
    """The states in which those an act is about can be; SKIPPED is also who has no delivery.

    It narrows down whom storage looks for. Act.TO is about one person, whatever their state.
    """
    return frozenset(state for state, place in _PLACES.items() if TABLE[act, False, place] is Verdict.MAIL)


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


def plan_resend(
    wish: Wish,
    people: Iterable[Latest],
    others: Mapping[Standing, int],
    *,
    digest_id: int,
    edition_id: int,
    newest: int,
) -> ResendPlan:
    """Make the plan of a resend.

    Args:
        wish: what is asked for.
        people: those whom the act may be about, by subscriber; whom it is not about may be among them.
        others: how many stand how, of all the people of the digest; those it is about are taken from `people`.
        digest_id: the digest.
        edition_id: its newest edition.
        newest: that edition's number.
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
        token=_token(wish, chosen, digest_id, edition_id, again),
        again=again,
        selection=tuple(person.subscriber_id for person in chosen),
        first=tuple(person.subscriber_id for person in islice(first, FEW)),
    )


def _told(standing: Standing, newest: int) -> str:
    """What became of the latest delivery, in a word or two."""
    if standing.skipped:
        return f"skipped: {standing.skipped}"
    if place(standing, newest) is Place.OUTDATED:
        return "has an older edition"
    return "never mailed" if standing.state is None else str(standing.state)


def _token(wish: Wish, chosen: Iterable[Latest], digest_id: int, edition_id: int, again: bool) -> str:
    """A fingerprint of the act and of everybody it is about, each with the delivery they are judged after.

    Who leaves or is suppressed meanwhile is still in it: then fewer are mailed than were shown, which is what
    everybody wants. Anybody new makes it another one.
    """
    said = hashlib.sha256(f"{wish.act} {digest_id} {edition_id} {again}".encode())
    said.update("".join(f" {person.subscriber_id}:{person.delivery_id}" for person in chosen).encode())
    return said.hexdigest()[:24]


# --- one person ------------------------------------------------------------------------------------------------

_ONE: Mapping[Verdict, tuple[str, str]] = {
    _V.ALREADY: ("has this digest already", "Add --again to send it once more"),
    _V.UNDERWAY: ("is about to get this digest", "`publisher mailing list` shows what is under way"),
    _V.UNCERTAIN: (
        "may have this digest already: the server's answer was lost",
        "Ask the reader; add --again to send it all the same",
    ),
    _V.COMPLAINED: ("has complained about this digest", "Add --again only if they ask for it"),
    _V.SUPPRESSED: (
        "must not be mailed: the address is suppressed",
        "Lift the suppression first, if they ask for it",
    ),
    _V.LEFT: ("does not get this newsletter", "Only they themselves can subscribe"),
    _V.UNCONFIRMED: ("has not confirmed the subscription yet", "They have to follow the link they were sent"),
    _V.PAUSED: ("pauses this newsletter", "They can end the pause by the link in any mail"),
}
"""Why one person is not mailed, and what to do."""


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
