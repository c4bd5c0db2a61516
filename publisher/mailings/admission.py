"""Who of a window may leave now: the pace of everything, of the provider and of recipients' domains.

What has left is kept in the database and counted in the transaction that commits a window: so limits hold over
all senders and over restarts. Whoever may not leave yet is put off, never having been begun. The arithmetic is in
`pace` and `slowing`; this acts on it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from publisher.ledger import AS_IT_IS, Delivery, DeliveryState, Outcome, Way
from publisher.mailings import pace, slowing
from publisher.mailings.lanes import DomainLimits, Lane
from publisher.mailings.pace import NOTHING, Limits, Spent
from publisher.mailings.replies import throttles
from publisher.mailings.slowing import Slowed

REFRESH = timedelta(seconds=1)
"""How often it is looked which domains other senders have slowed."""

_DOMAIN = "domain:"
_SLOWED = "slowed:"


@dataclass(frozen=True, slots=True)
class Paces:
    """Every limit there is.

    Args:
        scopes: on whatever leaves, by scope: "all", and "provider:NAME" where there is only one.
        domains: on mail to some domains.
        providers: on mail by each of several providers: by their names in routes, the scope and its limits.
    """

    scopes: Mapping[str, Limits] = field(default_factory=dict)
    domains: tuple[DomainLimits, ...] = ()
    providers: Mapping[str, tuple[str, Limits]] = field(default_factory=dict)


NO_PACES = Paces()


class PaceRows(Protocol):
    """What has left, as rows in a transaction."""

    def lock_paces(self, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """What is stored of these, locked until the end of the transaction; {} where nothing has left."""

    def paces(self, prefix: str) -> Mapping[str, Mapping[str, Any]]:
        """What is stored of the scopes that begin so."""

    def store_paces(self, rows: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Store it; None removes a row."""


class Admission:
    """Lets deliveries of one sender leave. Used by one thread, in the sender's transactions.

    Args:
        paces: the limits.
        way: by which provider a delivery goes.
    """

    def __init__(self, paces: Paces, way: Callable[[Delivery], Way] = lambda _: AS_IT_IS) -> None:
        self.opens: datetime | None = None
        """When more may leave, if at last nothing might."""
        self._scopes = {scope: limits for scope, limits in paces.scopes.items() if limits}
        self._limited = {domain: each for each in paces.domains for domain in each.domains}
        self._providers = {name: each for name, each in paces.providers.items() if each[1]}
        self._way = way
        self._lanes: dict[str, Lane] = {}
        self._holders: dict[int, Lane] = {}
        self._spent: dict[str, Spent] = {}
        self._slowed: dict[str, Slowed] = {}
        self._said: dict[str, deque[datetime]] = {}
        self._refreshed: datetime | None = None

    def room(self, rows: PaceRows, wanted: int, now: datetime) -> int:
        """How many of `wanted` deliveries may be committed; `opens` says when more may."""
        self._refresh(rows, now)
        self.opens = None
        self._lock(rows, self._scopes)
        for scope, limits in self._scopes.items():
            left = pace.room(limits, self._spent[scope], now)
            wanted = wanted if left is None else min(wanted, left)
            if left == 0:
                self.opens = max(self.opens or now, pace.opens(limits, self._spent[scope], now))
        return wanted

    def admit(
        self, rows: PaceRows, deliveries: Sequence[Delivery], now: datetime
    ) -> Sequence[tuple[int, datetime]]:
        """Those of a committed window who may not leave yet, each with the moment it is put off to.

        Everybody else is counted as having left.
        """
        queues: dict[str, list[Delivery]] = {}
        for delivery in deliveries if self._limited or self._slowed else ():
            if name := self._lane_of(delivery.email):
                queues.setdefault(name, []).append(delivery)
        put_off = [off for name, mails in sorted(queues.items()) for off in self._admit(rows, name, mails, now)]
        if self._providers:
            put_off += self._admit_by_provider(rows, deliveries, put_off, now)
        self._charge(rows, self._scopes, len(deliveries) - len(put_off), now)
        return put_off

    def answered(self, rows: PaceRows, outcomes: Iterable[tuple[str, Outcome]], now: datetime) -> None:
        """Learn from what became of deliveries, each with its recipient's address."""
        taken: Counter[str] = Counter()
        slower: Counter[str] = Counter()
        for email, outcome in outcomes:
            if outcome.state is DeliveryState.ACCEPTED:
                if self._slowed:
                    taken[_domain(email)] += 1
            elif throttles(outcome):
                slower[_domain(email)] += 1
        changed = {domain: self._slower(domain, number, now) for domain, number in slower.items()}
        for domain in taken.keys() & self._slowed.keys() - changed.keys():
            changed[domain] = slowing.accepted(self._slowed[domain], taken[domain], now)
        self._store(
            {domain: after for domain, after in changed.items() if after != self._slowed.get(domain)}, rows
        )

    def settled(self, delivery_ids: Iterable[int]) -> None:
        """These stand as `sending` no more."""
        for delivery_id in delivery_ids if self._holders else ():
            if lane := self._holders.pop(delivery_id, None):
                lane.settled()

    # --- one lane --------------------------------------------------------------------------------------------

    def _lane_of(self, email: str) -> str:
        """Where a mail has to queue, named by a domain; empty when nothing holds it."""
        domain = _domain(email)
        if limited := self._limited.get(domain):
            return limited.domains[0]
        return domain if domain in self._slowed else ""

    def _admit(
        self, rows: PaceRows, name: str, mails: Sequence[Delivery], now: datetime
    ) -> Iterable[tuple[int, datetime]]:
        limits, scope = self._limited.get(name, DomainLimits((name,))), _DOMAIN + name
        lane = self._lanes.setdefault(name, Lane(limits))
        scopes = {scope: limits.limits} if limits.limits else {}
        self._lock(rows, scopes)
        slowed = self._slowest(limits.domains)
        room = lane.room(len(mails), self._spent.get(scope, NOTHING), slowed, now)
        lane.leave(room)
        self._holders |= dict.fromkeys((each.id for each in mails[:room]), lane)
        self._charge(rows, scopes, room, now)
        waiting = [each.id for each in mails[room:]]
        return lane.put_off(waiting, self._spent.get(scope, NOTHING), slowed, now)

    def _admit_by_provider(
        self,
        rows: PaceRows,
        deliveries: Sequence[Delivery],
        put_off: Sequence[tuple[int, datetime]],
        now: datetime,
    ) -> Sequence[tuple[int, datetime]]:
        """The same for each of several providers, of what domains let through."""
        later = {delivery_id for delivery_id, _ in put_off}
        queues: dict[str, list[int]] = {}
        for delivery in deliveries:
            if delivery.id not in later and (name := self._way(delivery).provider) in self._providers:
                queues.setdefault(name, []).append(delivery.id)
        found: list[tuple[int, datetime]] = []
        for name, mails in sorted(queues.items()):
            scope, limits = self._providers[name]
            lane = self._lanes.setdefault(scope, Lane(DomainLimits((), limits)))
            self._lock(rows, {scope: limits})
            room = lane.room(len(mails), self._spent[scope], None, now)
            self._charge(rows, {scope: limits}, room, now)
            found += lane.put_off(mails[room:], self._spent[scope], None, now)
        return found

    def _slowest(self, domains: Iterable[str]) -> Slowed | None:
        """What slows a lane; of several domains in one, whichever is slowed longest."""
        found = [self._slowed[each] for each in domains if each in self._slowed]
        return max(found, key=lambda slowed: slowed.until, default=None)

    # --- what is stored --------------------------------------------------------------------------------------

    def _slower(self, domain: str, number: int, now: datetime) -> Slowed | None:
        """What a domain is when it has said "slower" so often more."""
        said = self._said.setdefault(domain, deque(maxlen=slowing.ENOUGH))
        said.extend([now] * number)
        known = self._slowed.get(domain)
        if known is None and (len(said) < slowing.ENOUGH or now - said[0] > slowing.WITHIN):
            return None
        return slowing.throttled(known, now)

    def _store(self, changed: Mapping[str, Slowed | None], rows: PaceRows) -> None:
        for domain, slowed in changed.items():
            if slowed is None:
                self._slowed.pop(domain, None)
            else:
                self._slowed[domain] = slowed
        if changed:
            rows.store_paces({_SLOWED + name: each.stored() if each else None for name, each in changed.items()})

    def _refresh(self, rows: PaceRows, now: datetime) -> None:
        """What other senders have learnt, and those before us."""
        if self._refreshed is None or now - self._refreshed >= REFRESH:
            self._refreshed = now
            found = rows.paces(_SLOWED)
            self._slowed = {scope.removeprefix(_SLOWED): Slowed.read(each) for scope, each in found.items()}

    def _lock(self, rows: PaceRows, scopes: Mapping[str, Limits]) -> None:
        """Know what has left of these, as nobody else changes it before the transaction ends."""
        if scopes:
            stored = rows.lock_paces(sorted(scopes))
            self._spent |= {scope: Spent.read(each) for scope, each in stored.items()}

    def _charge(self, rows: PaceRows, scopes: Mapping[str, Limits], mails: int, now: datetime) -> None:
        if mails and scopes:
            after = {
                scope: pace.charge(limits, self._spent[scope], mails, now) for scope, limits in scopes.items()
            }
            self._spent |= after
            rows.store_paces({scope: spent.stored() for scope, spent in after.items()})


def closed_until(rows: PaceRows, paces: Paces, now: datetime) -> datetime | None:
    """When anything may leave again, if nothing may now; for who only looks."""
    stored = rows.paces("")
    opens = [
        pace.opens(limits, Spent.read(stored.get(scope, {})), now)
        for scope, limits in paces.scopes.items()
        if limits
    ]
    latest = max(opens, default=now)
    return latest if latest > now else None


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()
