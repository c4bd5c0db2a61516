"""What an editor reads of links that were asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.digests.model import Digest, Figure
from publisher.facts import Facts, LinkFact, Reach
from publisher.preflight.links_answer import RULE
from publisher.preflight.model import Level, Problem
from tests.unit.rendering.samples import link, para

from .candidates import candidate, digest, showing

PRESS = "https://press.internal/tides"
SHIPS = "section “Ships”, 1st paragraph"


def said(wanted: Digest, **links: LinkFact) -> list[Problem]:
    """What the rule says when the addresses (by their part after the host) have these facts."""
    facts = {f"https://press.internal/{path}": fact for path, fact in links.items()}
    return list(RULE.check(replace(candidate(wanted), facts=Facts(facts))))


def test_the_rule_warns_unless_it_is_told_otherwise() -> None:
    assert (RULE.id, RULE.level) == ("links-answer", Level.WARN)


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (LinkFact(Reach.REFUSED, "404 Not Found"), f"the link “The tides” (“{PRESS}”) is dead: 404 Not Found"),
        (
            LinkFact(Reach.SILENT, "no such host"),
            f"the link “The tides” (“{PRESS}”) does not answer: no such host",
        ),
        (
            LinkFact(Reach.PRIVATE, "leads into a private network"),
            f"the link “The tides” (“{PRESS}”) leads into a private network",
        ),
    ],
)
def test_a_dead_link_is_told_with_its_place_and_what_is_wrong(fact: LinkFact, message: str) -> None:
    (problem,) = said(showing("The tides", PRESS), tides=fact)
    assert (problem.place, problem.message) == (SHIPS, message)
    assert problem.remedy


@pytest.mark.parametrize("detail", ["", "403 Forbidden"])
def test_a_link_that_answers_needs_no_word(detail: str) -> None:
    assert said(showing("The tides", PRESS), tides=LinkFact(Reach.ANSWERED, detail)) == []


def test_a_link_that_nobody_asked_needs_no_word() -> None:
    assert said(showing("The tides", PRESS)) == []
    assert said(showing("The tides", PRESS), other=LinkFact(Reach.REFUSED, "404 Not Found")) == []


def test_a_link_to_a_host_for_examples_needs_no_word() -> None:
    assert said(showing("The tides", PRESS), tides=LinkFact(Reach.UNASKED)) == []


def test_an_address_that_is_its_own_text_is_told_once() -> None:
    (problem,) = said(showing(PRESS, PRESS), tides=LinkFact(Reach.REFUSED, "410 Gone"))
    assert problem.message == f"the link “{PRESS}” is dead: 410 Gone"


def test_the_same_dead_link_in_two_places_is_told_of_both() -> None:
    twice = digest("See ", link(PRESS, "the tides"), " and ", link(PRESS, "the tides"))
    twice = replace(twice, lead=(para(link(PRESS, "the tides")),))
    places = [problem.place for problem in said(twice, tides=LinkFact(Reach.REFUSED, "404 Not Found"))]
    assert places == ["lead, 1st paragraph", SHIPS]


def test_a_picture_of_others_that_is_gone_is_told() -> None:
    wanted = digest(blocks=[Figure(alt="A crane", src=PRESS)])
    (problem,) = said(wanted, tides=LinkFact(Reach.REFUSED, "404 Not Found"))
    assert problem.message == f"the picture “A crane” (“{PRESS}”) is dead: 404 Not Found"
    assert problem.place == "section “Ships”, 1st picture"


def test_that_this_machine_is_offline_is_one_line_for_all_links() -> None:
    offline = LinkFact(Reach.UNASKED, "this machine is offline")
    (problem,) = said(showing("The tides", PRESS), tides=offline, other=offline, third=LinkFact(Reach.UNASKED))
    assert problem.message == "2 links were not tried: this machine is offline"


def test_each_reason_not_to_try_is_a_line() -> None:
    late, port = (
        LinkFact(Reach.UNASKED, "the time was up"),
        LinkFact(Reach.UNASKED, "port 25 is none of the web’s"),
    )
    messages = [problem.message for problem in said(showing("The tides", PRESS), tides=late, other=port)]
    assert messages == [
        "1 link was not tried: the time was up",
        "1 link was not tried: port 25 is none of the web’s",
    ]
