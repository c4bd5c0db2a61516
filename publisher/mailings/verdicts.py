"""Whom a resend reaches, and why everybody else is left out. Pure.

A person is judged by the latest of their deliveries that was a mail, over all mailings of the digest; a skipped
one never was. What they have counts besides: whoever has the newest edition gets it again by `--again` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from publisher.errors import UsageError
from publisher.ledger import DeliveryState, Standing


class Act(StrEnum):
    """The kinds of resend."""

    FAILED = "failed"
    MISSED = "missed"
    UNCERTAIN = "uncertain"
    TO = "to"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Wish:
    """A resend as an editor asks for it.

    `to` is the address of Act.TO, and `again` is for that one alone. `segment` is the name of one, `everybody` for
    none, or empty: nothing was said.
    """

    act: Act
    to: str = ""
    again: bool = False
    segment: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if (self.act is Act.TO) != bool(self.to):
            raise UsageError("it is not said who is meant", remedy=f"Give {ACTS_TOLD}")
        if self.again and self.act is not Act.TO:
            raise UsageError("only one person can get it again", remedy="Write --to ADDRESS --again")
        if self.segment and self.act is Act.TO:
            raise UsageError("one person is no matter of segments", remedy="Leave --segment out")


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
    SEGMENT = "segment"


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
    Verdict.SEGMENT: "not in the segment",
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


_COULD_BE_MAILED = frozenset({_V.MAIL, _V.OLDER, _V.UNCERTAIN, _V.FAILED, _V.MISSED})
"""By this act or another; so whoever must not be mailed is left out for that reason first."""


def place(standing: Standing, newest: int) -> Place:
    """Where a person stands; `newest` is the number of the newest edition."""
    found = _P.NEVER if standing.state is None else _PLACES[standing.state]
    if found in _SAID_BEFORE_HAVING or standing.has == 0:
        return found
    return _P.CURRENT if standing.has >= newest else found


def intended(wish: Wish, standing: Standing, newest: int) -> bool:
    """Whether an act is about this person, may they be mailed or not; nobody outside of its segment."""
    return not standing.outside and TABLE[wish.act, wish.again, place(standing, newest)] is Verdict.MAIL


def decide(wish: Wish, standing: Standing, newest: int) -> Verdict:
    """What an act means to a person."""
    verdict = TABLE[wish.act, wish.again, place(standing, newest)]
    if verdict is Verdict.MAIL and standing.outside and standing.why_not is None:
        return Verdict.SEGMENT  # by another act, or without a segment, they may be mailed
    if standing.why_not is None or verdict not in _COULD_BE_MAILED:
        return verdict
    return Verdict.UNCONCERNED if verdict is Verdict.MISSED else Verdict(standing.why_not)


def states_for(act: Act) -> frozenset[DeliveryState]:
    """The states in which those an act is about can be; SKIPPED is also who has no delivery.

    It narrows down whom storage looks for. Act.TO is about one person, whatever their state.
    """
    return frozenset(state for state, place in _PLACES.items() if TABLE[act, False, place] is Verdict.MAIL)
