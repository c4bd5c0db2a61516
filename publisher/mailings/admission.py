"""Who of a window may leave now: the pace of everything, of the provider and of recipients' domains.

What has left is kept in the database and counted in the transaction that commits a window: so limits hold over
all senders and over restarts. Whoever may not leave yet is put off, never having been begun. The arithmetic is in
`pace` and `slowing`; this acts on it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from publisher.ledger import Delivery, DeliveryState, Outcome
from publisher.mailings import pace, slowing
from publisher.mailings.pace import NO_LIMITS, Limits, Spent
from publisher.mailings.slowing import Slowed

AT_LEAST = timedelta(seconds=1)
"""How long somebody is put off, at least: each time costs a row."""

REFRESH = timedelta(seconds=1)
"""How often it is looked which domains other senders have slowed."""

_DOMAIN = "domain:"
_SLOWED = "slowed:"


@dataclass(frozen=True, slots=True)
class DomainLimits:
    """Limits on mail to some domains, taken together; `at_once` is of one sender, 0: any number."""

    domains: tuple[str, ...]
    limits: Limits = NO_LIMITS
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Paces:
    """Every limit there is: by scope ("all", "provider:NAME"), and by domains."""

    scopes: Mapping[str, Limits] = field(default_factory=dict)
    domains: tuple[DomainLimits, ...] = ()


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
    """

    def __init__(self, paces: Paces) -> None:
        self.opens: datetime | None = None
        """When more may leave, if at last nothing might."""
        self._scopes = {scope: limits for scope, limits in paces.scopes.items() if limits}
        self._group = {domain: each for each in paces.domains for domain in each.domains}
        self._spent: dict[str, Spent] = {}
        self._slowed: dict[str, Slowed] = {}
        self._refreshed: datetime | None = None
        self._standing: Counter[str] = Counter()
        self._lane: dict[int, str] = {}
        self._said: dict[str, deque[datetime]] = {}
        self._backlog: dict[str, datetime] = {}

    def room(self, rows: PaceRows, wanted: int, now: datetime) -> int:
        """How many of `wanted` deliveries may be committed; `opens` says when more may."""
        self._refresh(rows, now)
        self.opens = None
        if not self._scopes:
            return wanted
        self._spent |= self._read(rows.lock_paces(sorted(self._scopes)))
        for scope, limits in self._scopes.items():
            left = pace.room(limits, self._spent[scope], now)
            if left is not None and left < wanted:
                wanted = left
                if left == 0:
                    self.opens = max(self.opens or now, pace.opens(limits, self._spent[scope], now))
        return wanted

    def admit(
        self, rows: PaceRows, deliveries: Iterable[Delivery], now: datetime
    ) -> Sequence[tuple[int, datetime]]:
        """Those of a committed window who may not leave yet, each with the moment it is put off to.

        Everybody else is counted as having left.
        """
        by_lane: dict[str, list[Delivery]] = {}
        number = 0
        for delivery in deliveries:
            number += 1
            lane = self._lane_of(delivery.email)
            if lane:
                by_lane.setdefault(lane, []).append(delivery)
        put_off = [off for lane, mails in sorted(by_lane.items()) for off in self._admit(rows, lane, mails, now)]
        self._charge(rows, self._scopes, number - len(put_off), now)
        return put_off

    def answered(self, rows: PaceRows, outcomes: Iterable[tuple[str, Outcome]], now: datetime) -> None:
        """Learn from what became of deliveries, each with its recipient's address."""
        taken: Counter[str] = Counter()
        slower: Counter[str] = Counter()
        for email, outcome in outcomes:
            if outcome.state is DeliveryState.ACCEPTED:
                taken[_domain(email)] += 1
            elif slowing.throttles(outcome):
                slower[_domain(email)] += 1
        changed = {domain: self._slower(domain, number, now) for domain, number in slower.items()}
        for domain, slowed in list(self._slowed.items()):
            if domain not in changed and taken[domain]:
                changed[domain] = slowing.accepted(slowed, taken[domain], now)
        self._store(
            {domain: after for domain, after in changed.items() if after != self._slowed.get(domain)}, rows
        )

    def settled(self, delivery_ids: Iterable[int]) -> None:
        """These stand as `sending` no more."""
        for delivery_id in delivery_ids:
            lane = self._lane.pop(delivery_id, "")
            if lane:
                self._standing[lane] -= 1

    # --- one lane: the domains of one limit, or one that is slowed -------------------------------------------

    def _lane_of(self, email: str) -> str:
        """Where a mail has to queue; empty when nothing holds it."""
        domain = _domain(email)
        group = self._group.get(domain)
        return group.domains[0] if group else domain if domain in self._slowed else ""

    def _admit(
        self, rows: PaceRows, lane: str, mails: Sequence[Delivery], now: datetime
    ) -> Iterable[tuple[int, datetime]]:
        group = self._group.get(lane)
        limits, scope = group.limits if group else NO_LIMITS, _DOMAIN + lane
        if limits:
            self._spent |= self._read(rows.lock_paces([scope]))
        rooms = [len(mails)]
        if group and group.at_once:
            rooms.append(group.at_once - self._standing[lane])
        if limits:
            rooms.append(pace.room(limits, self._spent[scope], now) or 0)
        slowed = self._slowest(lane)
        if slowed:
            rooms.append(0 if now < slowed.until else slowed.room - self._standing[lane])
        room = max(min(rooms), 0)
        for delivery in mails[:room]:
            self._lane[delivery.id] = lane
            self._standing[lane] += 1
        self._charge(rows, {scope: limits} if limits else {}, room, now)
        return self._put_off(lane, mails[room:], limits, slowed, now)

    def _put_off(
        self, lane: str, mails: Sequence[Delivery], limits: Limits, slowed: Slowed | None, now: datetime
    ) -> Iterable[tuple[int, datetime]]:
        """Those behind others who were put off, each at the pace that the lane keeps up."""
        earliest = now + AT_LEAST
        if limits:
            earliest = max(earliest, pace.opens(limits, self._spent[_DOMAIN + lane], now))
        if slowed:
            earliest = max(earliest, slowed.until)
        spacing = max(timedelta(seconds=limits.spacing if limits else 0), _USUAL_SPACING)
        for delivery in mails:
            due_at = max(earliest, self._backlog.get(lane, earliest))
            self._backlog[lane] = due_at + spacing
            yield delivery.id, due_at

    def _slowest(self, lane: str) -> Slowed | None:
        """What slows a lane; of several domains in one, whichever is slowed longest."""
        group = self._group.get(lane)
        found = [self._slowed[each] for each in (group.domains if group else (lane,)) if each in self._slowed]
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
                self._backlog.pop(domain, None)
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

    def _charge(self, rows: PaceRows, scopes: Mapping[str, Limits], mails: int, now: datetime) -> None:
        if mails:
            for scope, limits in scopes.items():
                self._spent[scope] = pace.charge(limits, self._spent[scope], mails, now)
            rows.store_paces({scope: self._spent[scope].stored() for scope in scopes})

    @staticmethod
    def _read(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Spent]:
        return {scope: Spent.read(each) for scope, each in stored.items()}


_USUAL_SPACING = timedelta(milliseconds=20)
"""Between two who are put off where no limit says how fast a lane is."""


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
