"""Which addresses are asked, and in which order."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.facts import LinkFact, Reach
from publisher.probes.targets import Target, is_reserved, lanes, target


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("HTTPS://Press.Internal", "https://press.internal/"),
        ("https://press.internal:443/a?b=c#d", "https://press.internal/a?b=c"),
        ("http://press.internal:8080/", "http://press.internal:8080/"),
        ("https://user:secret@press.internal/", "https://press.internal/"),
        ("https://press.internal./", "https://press.internal/"),
        ("https://zürich.internal/", "https://xn--zrich-kva.internal/"),
        ("http://[2606:4700::1]/", "http://[2606:4700::1]/"),
    ],
)
def test_an_address_is_asked_in_its_plain_spelling(address: str, asked: str) -> None:
    found = target(address)
    assert isinstance(found, Target)
    assert found.address == asked


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("https://press.internal\\@127.0.0.1/", Reach.PRIVATE),
        ("https://press.internal%00.x/", Reach.REFUSED),
        ("https:///path", Reach.REFUSED),
        ("https://[::1/", Reach.REFUSED),
        ("https://press.internal:x/", Reach.REFUSED),
        ("https://press.internal:0/", Reach.UNASKED),
        ("gopher://press.internal/", Reach.REFUSED),
        ("http://10.1.2.3:25/", Reach.PRIVATE),
        ("http://[fe80::1]/", Reach.PRIVATE),
        ("http://press.internal:6379/", Reach.UNASKED),
        ("http://localhost/", Reach.PRIVATE),
        ("http://www.example.com/", Reach.UNASKED),
    ],
)
def test_what_is_not_asked_is_said_why(address: str, reach: Reach) -> None:
    found = target(address)
    assert isinstance(found, LinkFact)
    assert found.reach is reach


@pytest.mark.parametrize("address", ["http://10.1.2.3:3000/", "http://localhost:1/", "https://wiki.example.org/"])
def test_a_host_that_is_allowed_is_asked_whatever_it_is(address: str) -> None:
    host = urlsplit(address).hostname or ""
    assert isinstance(target(address, inside=[host]), Target)


@settings(deadline=None)
@given(st.text(alphabet="htps:/@\\[]%.1a0?#-_\x00 ü", max_size=40))
def test_every_parser_reads_the_same_host_in_what_is_asked(rest: str) -> None:
    found = target(f"http://{rest}")
    if isinstance(found, Target):
        assert urlsplit(found.address).hostname == found.host
        assert "@" not in found.address.removeprefix("http://").partition("/")[0]
        assert target(found.address) == found


@pytest.mark.parametrize(
    ("host", "reserved"),
    [
        ("example.com", True),
        ("a.b.EXAMPLE.org.", True),
        ("press.example", True),
        ("press.invalid", True),
        ("myexample.com", False),
        ("example.com.internal", False),
        ("example.de", False),
    ],
)
def test_domains_for_examples_are_known(host: str, reserved: bool) -> None:
    assert is_reserved(host) is reserved


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99)), unique=True), st.integers(1, 3))
def test_lanes_hold_everything_once_and_no_host_has_more_than_its_share(
    addresses: list[tuple[str, int]], per_host: int
) -> None:
    targets = [Target(f"http://{host}/{number}", "http", host, 80) for host, number in addresses]
    rows = lanes(targets, per_host=per_host)
    assert sorted(each.address for row in rows for each in row) == sorted(each.address for each in targets)
    hosts = [{each.host for each in row} for row in rows]
    assert all(len(row) == 1 for row in hosts)
    assert all(hosts.count({host}) <= per_host for host in "abc")
