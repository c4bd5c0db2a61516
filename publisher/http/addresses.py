"""From a host to addresses, and which of them everybody may be sent to.

A question that others choose the address of (a link in a digest, a redirect) must not reach what only this machine
can reach: its own services, the office network, the cloud's metadata. What counts is the address that is connected
to, so it is judged after the name was resolved, and exactly the judged address is used.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from publisher.http.failures import Failure, HttpError

Address = IPv4Address | IPv6Address
Lookup = Callable[[str], Sequence[Address]]
"""From a host to its addresses, the best first. Raises HttpError when it has none, or may not be asked."""

_REFUSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # carriers' NAT (RFC 6598), and the metadata of one cloud
        "168.63.129.16/32",  # a public address that is one cloud's own in every machine there
        "192.0.0.0/24",  # protocol assignments (RFC 6890), and the metadata of another cloud
        "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
"""All of IPv6 that was ever given out for use between networks (RFC 4291, 2.4)."""
_REFUSED_6 = (IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))
"""Protocol assignments (Teredo is one), and documentation (RFC 3849, RFC 9637)."""
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFF_FFFF


def is_public(address: Address) -> bool:
    """Whether everybody can reach it: an address inside another (IPv4-mapped, NAT64, 6to4) counts as itself."""
    if isinstance(address, IPv4Address):
        inside = any(address in network for network in _REFUSED_4)
        return address.is_global and not address.is_multicast and not inside
    if address.scope_id is not None:
        return False
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    inside = any(address in network for network in _REFUSED_6)
    return address in _GLOBAL_6 and address.is_global and not inside


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:  # RFC 6052
        return IPv4Address(int(address) & _LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour


def look_up(host: str) -> tuple[Address, ...]:
    """The host's addresses, as this machine resolves names. May take as long as its resolver likes.

    Raises:
        HttpError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label of no or of too many letters
        raise HttpError(Failure.UNRESOLVED, "no such host") from error
    return tuple(dict.fromkeys(ip_address(str(sockaddr[0])) for *_, sockaddr in found))


def guarded(lookup: Lookup, *, inside: Collection[str] = ()) -> Lookup:
    """`lookup`, refusing each host that has even one address which is not public.

    Args:
        lookup: what resolves.
        inside: hosts, in lower case, that may be in a private network.
    """

    def resolve(host: str) -> Sequence[Address]:
        addresses = lookup(host)
        if host.lower() not in inside and not all(map(is_public, addresses)):
            raise HttpError(Failure.PRIVATE, "leads into a private network")
        return addresses

    return resolve
