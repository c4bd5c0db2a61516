"""A digest of another day."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule


def _check(candidate: Candidate) -> Iterator[Problem]:
    days = (candidate.today - candidate.digest.date).days
    day = candidate.digest.date.isoformat()
    if days > 1:
        yield Problem(
            f"the digest is dated {day}, {days} days ago",
            "Correct its date, unless it is meant to come late",
            "date",
        )
    elif days < 0:
        away = "tomorrow" if days == -1 else f"{-days} days from today"
        yield Problem(
            f"the digest is dated {day}, {away}",
            "Correct its date, unless it is meant to wait for that day",
            "date",
        )


RULE = Rule(
    "digest-date",
    Level.WARN,
    "A digest dated today or yesterday, in the newsletter's time zone.",
    _check,
)
