"""Whose mail has bounced, told by where the bounce was sent: a sender's address of its own for each delivery.

`bounces@example.org` becomes `bounces+TOKEN@example.org`. The token holds the delivery's number and, cut to 72
bits, an HMAC-SHA256 (RFC 2104) over it and the address it was mailed to: whoever invents a bounce cannot invent
its address, and after a restored backup or a change of address a number means nobody else. It is the same for
every attempt at a delivery, so that greylisting servers recognise it. Nothing is stored for it.

A relay must not change the case of a local part (RFC 5321, 2.4), and some do: the token says nothing by its case.
"""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from collections.abc import Callable

from publisher.messages.headers import HeaderError

TOKEN_LENGTH = 24
LONGEST_LOCAL_PART = 64
"""Octets before the @ (RFC 5321, 4.5.3.1.1)."""

_PURPOSE = b"publisher: bounces\0"
"""What the secret is used for here; a code for one purpose never fits another."""

_MAC_BYTES = 9
_ID_BYTES = 6


def mint(secret: bytes, delivery_id: int, recipient: str) -> str:
    """The token of a delivery: lower-case letters and digits. The same facts give the same one.

    Args:
        secret: the instance's.
        delivery_id: the delivery.
        recipient: the subscriber's address as it is stored; its case does not matter.
    """
    number = delivery_id.to_bytes(_ID_BYTES, "big")
    code = hmac.digest(secret, _PURPOSE + number + recipient.lower().encode(), "sha256")[:_MAC_BYTES]
    return b32encode(number + code).decode("ascii").lower()


def read(secret: bytes, address: str, recipient_of: Callable[[int], str | None]) -> int | None:
    """The delivery that a bounce sent to this address is about; None for whatever `mint` has no part in.

    Args:
        secret: the instance's.
        address: where the bounce was sent, with or without its domain, in letters of any case.
        recipient_of: the address that a delivery went to; None when there is none. Asked at most once, and
            before anything is proven: it only looks.
    """
    delivery_id = number(address)
    recipient = None if delivery_id is None else recipient_of(delivery_id)
    if delivery_id is None or recipient is None:
        return None
    genuine = mint(secret, delivery_id, recipient)
    return delivery_id if hmac.compare_digest(genuine.encode("ascii"), _token(address).encode("ascii")) else None


def number(address: str) -> int | None:
    """The delivery that such an address names, which proves nothing yet; None when it names none.

    Args:
        address: see `read`.
    """
    token = _token(address)
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        return int.from_bytes(b32decode(token.upper())[:_ID_BYTES], "big")
    except ValueError:
        return None


def _token(address: str) -> str:
    local = address.rpartition("@")[0] or address
    return local.rpartition("+")[2].lower()


class ReturnPath:
    """The envelope sender of each mail.

    Args:
        secret: the instance's.
        bounces_to: the address that tokens are put into, its domain in ASCII.

    Raises:
        HeaderError: with a token, its local part would be longer than a server has to take.
    """

    def __init__(self, secret: bytes, bounces_to: str) -> None:
        local, _, self._domain = bounces_to.rpartition("@")
        if len(local.encode()) + 1 + TOKEN_LENGTH > LONGEST_LOCAL_PART:
            raise HeaderError(
                f"{bounces_to} has no room for a token",
                remedy="Give the newsletter a shorter envelope_from, or verp = false",
            )
        self._secret = secret
        self._local = local

    def of(self, delivery_id: int, recipient: str) -> str:
        """Where bounces of this delivery go."""
        return f"{self._local}+{mint(self._secret, delivery_id, recipient)}@{self._domain}"
