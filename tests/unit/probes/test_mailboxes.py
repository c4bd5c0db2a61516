"""A domain takes no mail when the DNS proves it, and in no other case."""

from __future__ import annotations

import pytest

from publisher.probes.mailboxes import takes_no_mail
from publisher.probes.names import UnansweredError


class Zone:
    """A DNS that knows some MX and addresses, or does not answer."""

    def __init__(
        self, hosts: tuple[tuple[int, str], ...], addresses: tuple[str, ...], silent: bool = False
    ) -> None:
        self._hosts, self._addresses, self._silent = hosts, addresses, silent
        self.asked: list[str] = []

    def mail_hosts(self, name: str) -> tuple[tuple[int, str], ...]:
        self.asked.append(name)
        if self._silent:
            raise UnansweredError
        return self._hosts

    def addresses(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        return self._addresses


@pytest.mark.parametrize(
    ("zone", "proven"),
    [
        (Zone(((10, "mx.a.de"),), ()), False),
        (Zone(((0, ""),), ("192.0.2.1",)), True),  # a null MX
        (Zone((), ("192.0.2.1",)), False),  # the host itself takes it (RFC 5321, 5.1)
        (Zone((), ()), True),
        (Zone((), (), silent=True), False),
    ],
)
def test_only_proof_counts(zone: Zone, proven: bool) -> None:
    assert takes_no_mail("a.de", zone) is proven
    assert zone.asked


def test_a_domain_for_examples_is_never_asked_about() -> None:
    zone = Zone((), ())
    assert not takes_no_mail("news.example.org", zone)
    assert zone.asked == []
