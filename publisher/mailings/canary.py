"""Whether the rest of a mailing may follow those who were mailed first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.ledger import Canary
from publisher.mailings import brakes
from publisher.mailings.brakes import Shares


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows: it `waits`, or there is `trouble` and the rest must not leave; neither: the rest follows."""

    waits: bool = False
    trouble: str = ""


def judge(canary: Canary, wait: timedelta, limits: Shares, now: datetime) -> Verdict:
    """Wait for each answer, then judge; what is well waits on for what comes late (bounces, complaints)."""
    if canary.open:
        return Verdict(waits=True)
    if trouble := brakes.judge(canary.outcomes, limits):
        return Verdict(trouble=f"the first {len(canary.outcomes)} mails: {trouble}")
    return Verdict(waits=now < canary.newest + wait)
