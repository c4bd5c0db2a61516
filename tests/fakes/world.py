"""A world that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from publisher.facts import DomainFact, LinkFact, Offer, Reach


class FakeWorld:
    """Every address answers, and every domain has all it should have, but for what a test changes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        """The addresses of each question about links."""
        self.domains: list[tuple[str, str]] = []
        """In From and of bounces, of each question about a sender."""
        self.answers: dict[str, LinkFact] = {}
        self.crash: Exception | None = None

    def links(self, addresses: Collection[str]) -> Mapping[str, LinkFact]:
        """What a test said, else that it answered."""
        self.asked.append(tuple(addresses))
        if self.crash:
            raise self.crash
        return {each: self.answers.get(each, LinkFact(Reach.ANSWERED)) for each in addresses}

    def sender(self, domain: str, envelope: str) -> DomainFact:
        """All is there."""
        self.domains.append((domain, envelope))
        if self.crash:
            raise self.crash
        return DomainFact(domain, Offer.THERE, Offer.THERE, Offer.THERE)
