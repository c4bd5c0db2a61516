"""The records by which receivers know genuine mail."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.facts import Offer
from publisher.preflight.model import Candidate, Level, Problem, Rule

_PLACE = "sender"


def _check(candidate: Candidate) -> Iterator[Problem]:
    fact = candidate.facts.sender
    if fact is None:
        return
    if fact.spf is Offer.MISSING:
        where = fact.envelope or fact.domain
        yield Problem(
            f"{where} has no SPF record, which says who may send for it",
            f"Ask whoever carries your mail for the TXT record, and publish it at {where}",
            _PLACE,
        )
    if fact.dkim is Offer.MISSING:
        yield Problem(
            f"{fact.domain} has no DKIM key for our signatures, so receivers take them for forged",
            f"Publish each key as a TXT record at its selector, then ._domainkey.{fact.domain}",
            _PLACE,
        )
    if fact.dmarc is Offer.MISSING:
        yield Problem(
            f"{fact.domain} has no DMARC policy, without which large providers refuse a newsletter",
            f'Publish a TXT record at _dmarc.{fact.domain}; "v=DMARC1; p=none" will do to begin with',
            _PLACE,
        )
    if fact.detail and {fact.spf, fact.dmarc} == {Offer.UNKNOWN}:
        yield Problem(
            f"the records of {fact.domain} were not looked up: {fact.detail}",
            "Look again with publisher check when this machine is online",
            _PLACE,
            unknown=True,
        )
    elif fact.detail:
        yield Problem(f"{fact.domain}: {fact.detail}", "Mend the record in the DNS", _PLACE)


RULE = Rule(
    "sender-domain",
    Level.WARN,
    "SPF (where bounces go), DKIM (when we sign) and DMARC for the domain in From: large providers refuse bulk "
    "mail without them. That the DNS cannot be asked is one line; domains for examples are not looked up.",
    _check,
)
