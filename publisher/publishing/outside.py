"""The world as probes see it, with what the configuration says about asking it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from publisher.config import Preflight
from publisher.facts import DomainFact, LinkFact
from publisher.probes.cache import LinkCache
from publisher.probes.domain import probe_domain
from publisher.probes.links import probe_links

DNS_TIMEOUT = timedelta(seconds=5)
"""For all questions about one sender: it is a handful, and resolvers are near."""


class Outside:
    """Asks outside; the contract is `inspecting.World`.

    Args:
        settings: how long links are tried, and which private hosts may be.
        cache: the file in which facts about links are remembered.
        clock: the present moment, for that memory.
        keys: the public halves of the keys that sign mail from a domain, by the names of their records.
    """

    def __init__(
        self,
        settings: Preflight,
        cache: Path,
        clock: Callable[[], datetime],
        keys: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._settings = settings
        self._cache = LinkCache(cache)
        self._clock = clock
        self._keys = keys

    def links(self, addresses: Collection[str]) -> Mapping[str, LinkFact]:
        """What became of asking each address, within [preflight] timeout."""
        settings = self._settings
        return probe_links(
            addresses, timeout=settings.timeout, hosts=settings.hosts, cache=self._cache, now=self._clock()
        )

    def sender(self, domain: str, envelope: str) -> DomainFact:
        """What the DNS says about the domain in From, and the one that bounces go to."""
        return probe_domain(domain, self._keys(domain), DNS_TIMEOUT, envelope=envelope)
