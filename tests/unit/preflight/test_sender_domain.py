"""What an editor reads of the sender's domain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.facts import DomainFact, Facts, Offer
from publisher.preflight.model import Level, Problem
from publisher.preflight.sender_domain import RULE

from .candidates import candidate

THERE, MISSING, UNKNOWN = Offer.THERE, Offer.MISSING, Offer.UNKNOWN


def said(fact: DomainFact | None) -> list[Problem]:
    return list(RULE.check(replace(candidate(), facts=Facts(sender=fact))))


def test_the_rule_warns_unless_it_is_told_otherwise() -> None:
    assert (RULE.id, RULE.level) == ("sender-domain", Level.WARN)


@pytest.mark.parametrize(
    "fact",
    [
        None,
        DomainFact("press.internal", THERE, THERE, THERE),
        DomainFact("press.internal", THERE, UNKNOWN, THERE),  # we do not sign
        DomainFact("example.org", UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_a_domain_that_is_in_order_or_was_not_asked_needs_no_word(fact: DomainFact | None) -> None:
    assert said(fact) == []


@pytest.mark.parametrize(
    ("fact", "message", "remedy"),
    [
        (DomainFact("press.internal", MISSING, UNKNOWN, THERE), "no SPF record", "at press.internal"),
        (
            DomainFact("press.internal", MISSING, UNKNOWN, THERE, envelope="bounces.internal"),
            "bounces.internal has no SPF",
            "at bounces.internal",
        ),
        (DomainFact("press.internal", THERE, MISSING, THERE), "no DKIM key", "._domainkey.press.internal"),
        (DomainFact("press.internal", THERE, THERE, MISSING), "no DMARC policy", "_dmarc.press.internal"),
        (
            DomainFact("press.internal", THERE, UNKNOWN, THERE, "there are 2 SPF records, so receivers heed none"),
            "2 SPF records",
            "in the DNS",
        ),
        (
            DomainFact("press.internal", UNKNOWN, UNKNOWN, UNKNOWN, "the DNS does not answer"),
            "not looked up: the DNS does not answer",
            "publisher check",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_told_with_what_to_publish(
    fact: DomainFact, message: str, remedy: str
) -> None:
    (problem,) = said(fact)
    assert message in problem.message
    assert remedy in problem.remedy
    assert problem.place == "sender"


def test_everything_that_is_missing_is_told() -> None:
    assert len(said(DomainFact("press.internal", MISSING, MISSING, MISSING))) == 3
