"""Links that lead nowhere, and pictures that are not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from publisher.digests.walk import plain
from publisher.facts import LinkFact, Reach
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import placed_figures
from publisher.preflight.reading import reading
from publisher.preflight.wording import quoted

_DEAD: Mapping[Reach, tuple[str, str]] = {
    Reach.REFUSED: ("is dead: ", "Open it in a browser, then mend the address or take it out"),
    Reach.SILENT: ("does not answer: ", "Open it in a browser; if that fails too, mend it or take it out"),
    Reach.PRIVATE: ("", "Use an address that everybody can reach, or name the host in [preflight] hosts"),
}
"""What stands before the detail, and what to do."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    facts = candidate.facts.links
    for place, what, address in dict.fromkeys(_outward(candidate)):
        fact = facts.get(address)
        if fact and fact.reach in _DEAD:
            words, remedy = _DEAD[fact.reach]
            yield Problem(f"{what} {words}{fact.detail}", remedy, place)
    yield from _untried(facts)


def _outward(candidate: Candidate) -> Iterator[tuple[str, str, str]]:
    """Place, name and address of each link and each foreign picture of the digest."""
    for piece in reading(candidate).pieces:
        for link in piece.links:
            yield piece.place, _named("link", plain(link.children), link.href), link.href
    for place, figure in placed_figures(candidate.digest):
        yield place, _named("picture", figure.alt, figure.src), figure.src


def _named(what: str, text: str, address: str) -> str:
    where = quoted(address)
    if not text.strip() or text in address:
        return f"the {what} {where}"
    return f"the {what} {quoted(text)} ({where})"


def _untried(facts: Mapping[str, LinkFact]) -> Iterator[Problem]:
    """One line for each reason: that nothing is known of a link is no reason to name it."""
    reasons = Counter(fact.detail for fact in facts.values() if fact.reach is Reach.UNASKED and fact.detail)
    for reason, count in reasons.items():
        links = "1 link was" if count == 1 else f"{count} links were"
        remedy = "Try them by hand, or look again with publisher check"
        yield Problem(f"{links} not tried: {reason}", remedy, unknown=True)


RULE = Rule(
    "links-answer",
    Level.WARN,
    "Links and pictures of others that answer. They are tried for `[preflight] timeout` at most, and what "
    "answered is not tried again for six hours; that this machine is offline is one line. Addresses in private "
    "networks are never tried, but for `[preflight] hosts`.",
    _check,
)
