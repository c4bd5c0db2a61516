"""Where a mail was sent, and whose it is by that: our addresses and the tokens in them. Pure.

A token counts only where a server wrote it, envelope and headers of delivery; what stands in a body is anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses
from typing import NamedTuple

from publisher.bounces.mime import FOREIGN_RUBBISH, Mail
from publisher.config import Newsletter
from publisher.messages import envelope_address, verp

_SAID_IN = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "to")
"""Headers that say where a mail was sent, the most trustworthy first."""

_MOST_ADDRESSES = 50


class Place(NamedTuple):
    """One of our addresses: its token, empty when it has none, and whether it is one for leaving."""

    token: str
    leaving: bool


@dataclass(frozen=True, slots=True)
class Ours:
    """Where mail comes back to us.

    Args:
        bounces: addresses that bounces are sent to, without a token, in lower case.
        leaving: addresses that mails to unsubscribe are sent to, likewise.
        secret: the instance's; tells which of several recipients a token is about.
    """

    bounces: frozenset[str]
    leaving: frozenset[str]
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, newsletters: Iterable[Newsletter], secret: bytes) -> Ours:
        """Those that the configuration names."""
        each = tuple(newsletters)
        return cls(
            frozenset(envelope_address(one.bounces_to).lower() for one in each),
            frozenset(envelope_address(one.unsubscribe_mailto).lower() for one in each if one.unsubscribe_mailto),
            secret,
        )

    def place(self, address: str) -> Place | None:
        """What one address is to us, in letters of any case; None: not ours."""
        whole = address.strip().strip("<>").lower()
        local, _, domain = whole.rpartition("@")
        base, plus, token = local.rpartition("+")
        if plus and f"{base}@{domain}" in self.bounces:
            return Place(token if len(token) == verp.TOKEN_LENGTH and token.isalnum() else "", False)
        if whole in self.leaving or (plus and f"{base}@{domain}" in self.leaving):
            return Place("", True)
        return Place("", False) if whole in self.bounces else None

    def concerns(self, token: str, address: str) -> bool:
        """Whether a token was made for this recipient."""
        return verp.read(self.secret, token, lambda _: address) is not None

    def place_of(self, mail: Mail, recipient: str) -> Place | None:
        """Where a mail was sent: by its envelope, when that is known, else by its headers.

        One with a token is preferred, then one for leaving: a mailbox that collects for several has them all, and
        some servers take what stands after the + from an envelope.
        """
        known = self.place(recipient)
        if known is not None and (known.token or known.leaving):
            return known
        said = map(self.place, addresses(mail, _SAID_IN))
        found = [place for place in (known, *said) if place]
        return max(found, key=lambda place: (bool(place.token), place.leaving), default=None)


def addresses(mail: Mail, names: Sequence[str]) -> list[str]:
    """The addresses in some headers, in the order of `names`, as they are written."""
    values = [value for name in names for value in mail.values(name)]
    try:
        return [address for _, address in getaddresses(values[:_MOST_ADDRESSES]) if address]
    except FOREIGN_RUBBISH:
        return []
