"""Which addresses are asked, and in which order. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from publisher.facts import LinkFact, Reach
from publisher.http import is_public

_PORTS = {"http": 80, "https": 443}
_ASKED_PORTS = frozenset({80, 443, 8080, 8443})
"""Behind other ports of foreign hosts are services that are none of the web; a question may do harm there."""

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*")
_RESERVED = frozenset({"example", "test", "invalid", "example.com", "example.net", "example.org"})
"""Domains that stand for others (RFC 2606, RFC 6761)."""

NO_ADDRESS = LinkFact(Reach.REFUSED, "no address of the web")
PRIVATE = LinkFact(Reach.PRIVATE, "leads into a private network")
THIS_MACHINE = LinkFact(Reach.PRIVATE, "leads to the reader’s own machine")
FOR_EXAMPLES = LinkFact(Reach.UNASKED)
"""Without a word: whoever writes such an address knows that it is none."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked: as it is sent, its scheme and host in lower case, its port."""

    address: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """What connections are made to."""
        return self.scheme, self.host, self.port


def is_web(address: str) -> bool:
    """Whether it is meant to be asked at all: `mailto:` and `tel:` are not."""
    return address.lower().startswith(("http://", "https://"))


def is_reserved(host: str) -> bool:
    """Whether a domain is one for examples, or below one."""
    labels = host.lower().rstrip(".").split(".")
    return labels[-1] in _RESERVED or ".".join(labels[-2:]) in _RESERVED


def target(address: str, *, inside: Collection[str] = ()) -> Target | LinkFact:
    """What to ask for an address; or, when it is not asked, what is said of it instead.

    Fragment, user and password are left out. The host is spelled in the one way in which every parser reads the
    same host, so that nobody judges another than is connected to.

    Args:
        address: of a link, or of a redirect.
        inside: hosts, in lower case, that are asked whatever they are.
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode().rstrip(".").lower()
        port = _PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:  # UnicodeError is one
        return NO_ADDRESS
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host):
        return NO_ADDRESS
    shown = f"[{host}]" if ":" in host else host
    place = shown if port == _PORTS[parts.scheme] else f"{shown}:{port}"
    whole = urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))
    found = Target(whole, parts.scheme, host, port)
    return found if host in inside else _objection(found) or found


def _objection(found: Target) -> LinkFact | None:
    if found.host == "localhost" or found.host.endswith(".localhost"):
        return THIS_MACHINE
    if _is_private(found.host):
        return PRIVATE
    if is_reserved(found.host):
        return FOR_EXAMPLES
    if found.port not in _ASKED_PORTS:
        return LinkFact(Reach.UNASKED, f"port {found.port} is none of the web’s")
    return None


def _is_private(host: str) -> bool:
    """Whether a host that is an address is no public one. What a name leads to is seen when it is connected to."""
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return False


def lanes(targets: Iterable[Target], *, per_host: int) -> list[Sequence[Target]]:
    """The targets in rows that are asked one after the other: a host stands in so many rows, and no row has two.

    Thus no host is asked more at once than it has rows, with nobody counting.
    """
    by_host: dict[str, list[Target]] = {}
    for each in targets:
        by_host.setdefault(each.host, []).append(each)
    rows = [found[start::per_host] for start in range(per_host) for found in by_host.values()]
    return [row for row in rows if row]
