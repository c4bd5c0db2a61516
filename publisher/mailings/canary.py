"""Whether the rest of a mailing may follow those who were mailed first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.ledger import Outcome
from publisher.mailings import brakes
from publisher.mailings.brakes import Limits


@dataclass(frozen=True, slots=True)
class Canary:
    """Those who are mailed first, as they stand: what became of them, how many have no answer yet, since when.

    `newest` is when the last of them changed its state.
    """

    mailing_id: int
    outcomes: Sequence[Outcome]
    open: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows: `until` is when to look again, `trouble` why the rest must not leave; neither: it may."""

    until: datetime | None = None
    trouble: str = ""


def judge(canary: Canary, wait: timedelta, limits: Limits, now: datetime) -> Verdict:
    """Wait for each answer and then for what comes late (bounces, complaints); then judge."""
    trouble = brakes.judge(canary.outcomes, limits)
    if canary.open:
        return Verdict(until=now + wait)
    if not trouble and now < canary.newest + wait:
        return Verdict(until=canary.newest + wait)
    return Verdict(trouble=f"the first {len(canary.outcomes)} mails: {trouble}" if trouble else "")
