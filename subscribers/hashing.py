"""An address that may be recognised and no longer read: what is left of somebody who was erased.

HMAC-SHA256 of the address's key with the instance's secret. A plain hash would not do: all addresses of the world
can be tried in an afternoon. With another secret the same address has another form, and nobody is recognised;
so the form says by which secret it was made.
"""

from __future__ import annotations

import hmac

PREFIX = "hash:"
"""What no plain key begins with: a colon is in no address."""

_PURPOSE = b"publisher: addresses of erased people\0"
_NAME_LETTERS = 8


def keyed(secret: bytes, email_key: str) -> str:
    """The form of an address's key: `hash:SECRET'S NAME:64 letters`."""
    code = hmac.digest(secret, _PURPOSE + email_key.encode("utf-8", "surrogatepass"), "sha256")
    return f"{_beginning(secret)}{code.hex()}"


def is_keyed(email_key: str) -> bool:
    """Whether a key of a suppression is such a form."""
    return email_key.startswith(PREFIX)


def is_ours(secret: bytes, form: str) -> bool:
    """Whether a form was made by this secret; one of another secret recognises nobody."""
    beginning = _beginning(secret)
    rest = form.removeprefix(beginning)
    return form.startswith(beginning) and len(rest) == 64 and set(rest) <= set("0123456789abcdef")


def _beginning(secret: bytes) -> str:
    name = hmac.digest(secret, _PURPOSE + b"\0name of the secret", "sha256").hex()[:_NAME_LETTERS]
    return f"{PREFIX}{name}:"
