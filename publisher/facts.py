"""What the world says of a digest: probes find it out, rules judge by it, neither knows the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reach(StrEnum):
    """What became of asking an address."""

    ANSWERED = "answered"  # with a status below 400, or one that only says that robots are unwelcome
    REFUSED = "refused"  # with another status
    SILENT = "silent"  # no connection, no such host, a bad certificate, or not in time
    PRIVATE = "private"  # leads into a private network, and was not asked
    UNASKED = "unasked"  # this machine is offline, the time was up, or the host is one for examples (RFC 2606)


@dataclass(frozen=True, slots=True)
class LinkFact:
    """What is known of one address. `detail` is for people: "404 Not Found", "no such host"."""

    reach: Reach
    detail: str = ""


class Offer(StrEnum):
    """Whether the DNS has a record."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"  # the DNS could not be asked


@dataclass(frozen=True, slots=True)
class DomainFact:
    """What the DNS says about the domain in From. `detail` names what was found to be wrong, if anything was.

    `envelope` is the domain that bounces go to, when it is another: SPF is asked there.
    """

    domain: str
    spf: Offer
    dkim: Offer
    dmarc: Offer
    detail: str = ""
    envelope: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the world says. Empty: nobody asked."""

    links: Mapping[str, LinkFact] = field(default_factory=dict)
    sender: DomainFact | None = None
