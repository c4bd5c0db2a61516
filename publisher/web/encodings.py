"""Which content coding a reader gets (RFC 9110, 12.5.3). Pure."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache

import brotli

IDENTITY = "identity"
CODINGS = ("br", "gzip")
"""What we can make, the smaller first."""

_BROTLI_QUALITY = 7
"""Where it is smaller than gzip at a like price; above, each percent costs several times the processor."""
_GZIP_LEVEL = 9
_ALIASES = {"x-gzip": "gzip"}
_WEIGHT = re.compile(r"[01](\.\d{0,9})?")


def compressed(data: bytes, coding: str) -> bytes:
    """The bytes in a coding: the same ones from the same bytes, whenever and wherever."""
    if coding == "br":
        return bytes(brotli.compress(data, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY))
    return gzip.compress(data, _GZIP_LEVEL, mtime=0)


@lru_cache(maxsize=256)
def preferred(accepted: str | None) -> tuple[str, ...]:
    """The codings that a request with this Accept-Encoding takes, the best first; IDENTITY is always among them.

    Of codings that a reader likes equally, the smaller is first; plain bytes come last unless it asks for them by
    name and likes them better. Who refuses them gets them all the same when there is nothing else: to disregard
    the header is allowed, and better than no answer.
    """
    if accepted is None:
        return (IDENTITY,)
    weights = _weights(accepted)
    others = weights.get("*", 0.0)
    liked = {coding: weights.get(coding, others) for coding in CODINGS}
    plain = weights.get(IDENTITY, 0.0)
    better = [coding for coding in CODINGS if liked[coding] > 0 and liked[coding] >= plain]
    worse = [coding for coding in CODINGS if 0 < liked[coding] < plain]
    order = [*sorted(better, key=lambda coding: -liked[coding]), IDENTITY]
    return (*order, *sorted(worse, key=lambda coding: -liked[coding]))


def _weights(accepted: str) -> dict[str, float]:
    """The weight of each coding that is named; 0 for one whose weight cannot be read."""
    found: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if name:
            coding = _ALIASES.get(name, name)
            found[coding] = max(found.get(coding, 0.0), _weight(parameters))
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            value = value.strip()
            return min(float(value), 1.0) if _WEIGHT.fullmatch(value) else 0.0
    return 1.0
