"""Whether links answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Protocol

from publisher.facts import LinkFact, Reach
from publisher.http import Client, Dial, Limits, Lookup, dial, guarded, look_up
from publisher.probes.asking import Asker
from publisher.probes.domain import dns_answers
from publisher.probes.rounds import ask_all
from publisher.probes.targets import Target, is_web, lanes, target
from publisher.probes.uplink import Uplink

PER_HOST = 2
"""Questions to one host at the same time."""

_THREADS = 16
_LONGEST = timedelta(seconds=10)
"""What one link may take, when there is that much."""

OFFLINE = LinkFact(Reach.UNASKED, "this machine is offline")
TOO_LATE = LinkFact(Reach.UNASKED, "the time was up")


class Cache(Protocol):
    """Remembers facts for a while; see `cache.LinkCache`."""

    def recall(self, addresses: Iterable[str], now: datetime) -> Mapping[str, LinkFact]:
        """What still holds at `now`."""

    def keep(self, facts: Mapping[str, LinkFact], now: datetime) -> None:
        """Remember what was found out at `now`."""


@dataclass(frozen=True, slots=True)
class Net:
    """The way out of this machine: resolving, connecting, certificates to trust, and a word on the DNS."""

    lookup: Lookup = look_up
    dial: Dial = dial
    ca_file: Path | None = None
    dns_answers: Callable[[float], bool] = dns_answers

    def client(self, inside: Collection[str]) -> Client:
        """What asks, and goes into no private network but for the hosts in `inside`."""
        return Client(lookup=guarded(self.lookup, inside=inside), dial=self.dial, ca_file=self.ca_file)


def probe_links(
    addresses: Iterable[str],
    *,
    timeout: timedelta,
    hosts: Collection[str],
    cache: Cache,
    now: datetime,
    net: Net = Net(),
) -> Mapping[str, LinkFact]:
    """What became of each http(s) address; others, say `mailto:`, are left out.

    It is back within `timeout`, whatever servers do; what was not reached by then is UNASKED. An offline machine
    is recognized at once as a rule. Nothing that is private is ever connected to, but for `hosts`.

    Args:
        addresses: as they stand in a digest; each is asked once, without its fragment.
        timeout: for all of them together; one link takes no more than half of it.
        hosts: hosts of a private network that may be asked (`[preflight] hosts`).
        cache: of earlier facts.
        now: aware UTC; the cache's time.
        net: the way out; tests give another.
    """
    inside = frozenset(host.strip().rstrip(".").lower() for host in hosts)
    found = {address: target(address, inside=inside) for address in addresses if is_web(address)}
    targets = {each.address: each for each in found.values() if isinstance(each, Target)}
    facts = dict(cache.recall(targets, now))
    asked = _ask([each for each in targets.values() if each.address not in facts], timeout, inside, net)
    cache.keep(asked, now)
    facts.update(asked)
    return {
        address: each if isinstance(each, LinkFact) else facts[each.address] for address, each in found.items()
    }


def _ask(targets: Collection[Target], timeout: timedelta, inside: frozenset[str], net: Net) -> dict[str, LinkFact]:
    """What became of the targets, by address."""
    facts: dict[str, LinkFact] = {}
    ends = monotonic() + timeout.total_seconds()
    limits = Limits(body=0).within(min(_LONGEST, timeout / 2))
    uplink = Uplink(net.dns_answers, ends=ends)
    with net.client(inside) as near, net.client(frozenset()) as far:
        asker = Asker(near, far, inside, limits, ends)
        rows = lanes(targets, per_host=PER_HOST)
        with closing(ask_all(rows, asker.ask, ends=ends, threads=_THREADS)) as said:
            for each, outcome in said:
                facts[each.address] = outcome.fact
                uplink.note(each, outcome)
                if uplink.is_down(over=False):
                    break
    down = uplink.is_down(over=True)
    return {each.address: _final(facts.get(each.address), down=down) for each in targets}


def _final(fact: LinkFact | None, *, down: bool) -> LinkFact:
    """What is said of a link in the end: that nobody was heard is no fault of a link's when we are offline."""
    if down and (fact is None or fact.reach is Reach.SILENT):
        return OFFLINE
    return fact or TOO_LATE
