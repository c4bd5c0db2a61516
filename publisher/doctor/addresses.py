"""The domains and addresses that a configuration is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from publisher.config import Newsletter
from publisher.doctor.model import Finding, unchecked
from publisher.messages.headers import ascii_domain, split_address
from publisher.probes.targets import is_reserved


def domain_of(address: str) -> str:
    """The domain of an address, as the DNS knows it."""
    return ascii_domain(split_address(address)[1].rpartition("@")[2]).lower()


def from_domain(newsletter: Newsletter) -> str:
    """The domain in From."""
    return domain_of(newsletter.sender)


def envelope_domain(newsletter: Newsletter) -> str:
    """The domain that bounces go to."""
    return domain_of(newsletter.bounces_to)


def real(domains: Iterable[str]) -> Iterator[str | Finding]:
    """Each domain once; for one that stands for examples (RFC 2606) what is to be said instead."""
    for domain in dict.fromkeys(domains):
        if is_reserved(domain):
            yield unchecked(f"{domain} is a domain for examples", "Write your own domain into config.toml")
        else:
            yield domain


def is_local(host: str) -> bool:
    """Whether a host is this machine."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
