"""A message as it goes on the wire: its envelope's commands with what extensions ask for, and its body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publisher.ledger import Message

_DOT = b".\r\n"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>]")


class Unsendable(Exception):  # noqa: N818 - says what the message is
    """This server cannot be given this message, whatever we do."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The commands before the body, each without its line end."""

    mail: bytes
    recipient: bytes

    @property
    def group(self) -> bytes:
        """All of them in one, as PIPELINING allows with DATA at the end (RFC 2920, 3.1)."""
        return b"%b\r\n%b\r\nDATA\r\n" % (self.mail, self.recipient)


def envelope(message: Message, features: Mapping[str, str]) -> Envelope:
    """The commands for a message, to a server with these extensions.

    Raises:
        Unsendable: it needs an extension that is not offered, is too big, or has an address that is none.
    """
    sender, recipient = wire_address(message.envelope_from), wire_address(message.recipient)
    size = len(message.data)
    options = []
    if "SIZE" in features:
        limit = features["SIZE"]
        if limit.isdecimal() and 0 < int(limit) < size:
            raise Unsendable(f"too big: {size} bytes, and the server takes {limit} (SIZE)")
        options.append(f" SIZE={size}")
    plain = message.proven or message.data.isascii()
    if not plain:
        if "8BITMIME" not in features:
            raise Unsendable("has 8-bit text, and the server offers no 8BITMIME")
        options.append(" BODY=8BITMIME")
    if not (sender.isascii() and recipient.isascii() and (plain or _head(message.data).isascii())):
        if "SMTPUTF8" not in features:
            raise Unsendable("the address needs SMTPUTF8, and the server does not offer it")
        options.append(" SMTPUTF8")
    return Envelope(f"MAIL FROM:<{sender}>{''.join(options)}".encode(), f"RCPT TO:<{recipient}>".encode())


def wire_body(message: Message) -> Sequence[bytes]:
    """A message as it follows DATA, with the final dot: leading dots doubled (RFC 5321, 4.5.2). In pieces.

    What the skeleton has proven is not looked at again.

    Raises:
        Unsendable: a CR or LF stands alone; what a server makes of that is anybody's guess.
    """
    data = message.data
    if message.proven:
        return data, _DOT
    lines = data.count(b"\r\n")
    if data.count(b"\n") != lines or data.count(b"\r") != lines:
        raise Unsendable("cannot be sent: a line break in it is not CR LF")
    body = data.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body, _DOT if body.endswith(b"\r\n") or not body else b"\r\n.\r\n"


def wire_address(address: str) -> str:
    """An address, when it can stand in a command.

    Raises:
        Unsendable: it would break out of it.
    """
    if _UNSAFE.search(address):
        raise Unsendable("the address has a character that no address may have")
    return address


def _head(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[0]
