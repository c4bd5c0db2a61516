"""The name of the address that mail leaves from, where that is known: with a mail server of our own, here."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from publisher.config import SmtpProvider
from publisher.doctor.addresses import is_local
from publisher.doctor.model import Check, Finding, Ground, UncheckedError, broken, fine
from publisher.http import is_public


def _look(ground: Ground) -> Iterator[Finding]:
    ours = [each for each in ground.settings.provider if isinstance(each, SmtpProvider) and is_local(each.host)]
    if not ours:
        raise UncheckedError("the address that mail leaves from is the provider's, and not known here")
    address = ground.machine.own_address()
    if not address or not is_public(ip_address(address)):
        raise UncheckedError(
            "this machine is behind another one: the address that mail leaves from is not known here"
        )
    names = ground.dns.pointers(address)
    if not names:
        yield broken(
            f"{address} has no name (PTR), so large providers refuse mail from it",
            "Have whoever rents you the address set its reverse DNS to your mail server's name",
        )
    elif not any(address in ground.dns.addresses(name) for name in names):
        yield broken(
            f"{address} is called {names[0]}, but that name does not lead back to it",
            f"Publish an A or AAAA record of {names[0]} with {address}",
        )
    else:
        yield fine(f"{address} is {names[0]}, and back")


CHECK = Check(
    "ptr", "the address that mail leaves from has a name that leads back; for a mail server of our own", _look
)
