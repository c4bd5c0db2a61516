"""Which of several providers a mail goes by, and which comes next when that one is out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_GOLDEN = 2654435761
"""Spreads numbers that follow each other (Knuth, The Art of Computer Programming, 6.4)."""


@dataclass(frozen=True, slots=True)
class Route:
    """A provider, whose recipients go by it first, and how many parts of all others."""

    provider: str
    domains: frozenset[str] = frozenset()
    share: int = 0


def order(routes: Sequence[Route], delivery_id: int, email: str) -> tuple[str, ...]:
    """The providers for a delivery, the one that it should go by first, then the others as they are configured.

    The same delivery always has the same order.
    """
    first = _first(routes, delivery_id, email)
    return (first, *(route.provider for route in routes if route.provider != first))


def _first(routes: Sequence[Route], delivery_id: int, email: str) -> str:
    domain = email.rpartition("@")[2].lower()
    for route in routes:
        if domain in route.domains:
            return route.provider
    shares = [route for route in routes if route.share]
    if shares:
        return _by_share(shares, delivery_id)
    return next((route for route in routes if not route.domains), routes[0]).provider


def _by_share(shares: Sequence[Route], delivery_id: int) -> str:
    place = delivery_id * _GOLDEN % 2**32 * sum(route.share for route in shares) // 2**32
    for route in shares:
        place -= route.share
        if place < 0:
            return route.provider
    return shares[-1].provider
