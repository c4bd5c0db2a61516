"""Which addresses everybody may be sent to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.http import Failure, HttpError, guarded, is_public, look_up
from tests.fakes.web import names

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",  # carriers' NAT
    "100.100.100.200",  # a cloud's metadata
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # a cloud's own, public as it looks
    "169.254.169.254",  # metadata of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # a cloud's metadata
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible, given up
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",  # NAT64 for local use
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4 of 127.0.0.1
    "2002:a00:1::",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",  # a cloud's metadata
    "fe80::1",
    "fe80::1%2",
    "2606:4700::1%2",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822",
    "2002:5db8:d822::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_only_some_can_reach_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_counts_as_itself(address: IPv4Address) -> None:
    number = int(address)
    wrapped = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x0064FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
    ]
    assert {is_public(six) for six in wrapped} == {is_public(address)}


INNER = [
    IPv4Network(n) for n in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
]
INNER_6 = [IPv6Network(n) for n in ("fc00::/7", "fe80::/10", "ff00::/8", "::/64")]


@given(st.sampled_from(INNER).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_address_of_a_private_network_is_public(address: IPv4Address) -> None:
    assert not is_public(address)


@given(st.sampled_from(INNER_6).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_address_of_a_private_network_of_ipv6_is_public(address: IPv6Address) -> None:
    assert not is_public(address) or address.ipv4_mapped


@given(st.lists(st.ip_addresses(), min_size=1, max_size=6))
def test_a_host_is_let_through_only_when_each_of_its_addresses_is_public(
    addresses: list[IPv4Address | IPv6Address],
) -> None:
    lookup = guarded(names(press__internal=[str(address) for address in addresses]))
    if all(map(is_public, addresses)):
        assert lookup("press.internal") == addresses
    else:
        with pytest.raises(HttpError, match="private network"):
            lookup("press.internal")


def test_only_the_host_that_is_named_may_be_private() -> None:
    lookup = guarded(names(wiki__internal="10.0.0.1", mail__internal="10.0.0.1"), inside=["wiki.internal"])
    assert lookup("wiki.internal") == [ip_address("10.0.0.1")]
    with pytest.raises(HttpError):
        lookup("mail.internal")


@pytest.mark.parametrize("host", ["", "a" * 64 + ".internal", "a..b"])
def test_what_is_no_host_has_no_address(host: str) -> None:
    with pytest.raises(HttpError) as raised:
        look_up(host)
    assert raised.value.failure is Failure.UNRESOLVED


def test_an_address_is_its_own_host() -> None:
    assert look_up("::ffff:10.0.0.1") == (ip_address("::ffff:10.0.0.1"),)
