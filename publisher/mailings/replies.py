"""What a server's words say about the mails after this one. Pure; brakes and pace both ask here."""

from __future__ import annotations

import re

from publisher.ledger import DeliveryState, Outcome

_POLICY = re.compile(r"\b[45]\.7\.[0-9]{1,3}\b")
"""Enhanced codes of the class "security or policy" (RFC 3463, 3.8)."""

_GREYLISTING = re.compile(r"gr[ea]y\s?-?\s?list", re.I)


def is_about_us(outcome: Outcome) -> bool:
    """Whether a refusal is of us as sender (x.7.x), but for greylisting, which is about one mail."""
    return _POLICY.search(outcome.text) is not None and _GREYLISTING.search(outcome.text) is None


def throttles(outcome: Outcome) -> bool:
    """Whether a server said "slower": 421, or 4.7.x, but for greylisting."""
    if outcome.state is not DeliveryState.DEFERRED or _GREYLISTING.search(outcome.text):
        return False
    return outcome.code == 421 or is_about_us(outcome)
