"""Whether a domain takes mail, as far as the DNS proves the contrary."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from publisher.probes.names import Names, UnansweredError
from publisher.probes.targets import is_reserved

PATIENCE = timedelta(seconds=2)
"""How long a reader waits for it at most."""


class Asking(Protocol):
    """Asks the DNS; see `Names`."""

    def mail_hosts(self, name: str) -> tuple[tuple[int, str], ...]: ...  # noqa: D102 - see the class
    def addresses(self, name: str) -> tuple[str, ...]: ...  # noqa: D102 - see the class


def takes_no_mail(domain: str, ask: Asking | None = None) -> bool:
    """Whether it is proven that a domain takes no mail.

    It is by a null MX (RFC 7505), or by having neither MX nor address (RFC 5321, 5.1). What nobody answers
    proves nothing, and a domain for examples is never asked about.
    """
    if is_reserved(domain):
        return False
    ask = ask or Names(PATIENCE)
    try:
        hosts = [host for _, host in ask.mail_hosts(domain)]
        return hosts == [""] or (not hosts and not ask.addresses(domain))
    except UnansweredError:
        return False
