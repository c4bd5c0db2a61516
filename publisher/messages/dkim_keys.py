"""Keys that sign mail: made, read, and told to the DNS (RFC 6376, 3.6.1; Ed25519: RFC 8463, 4)."""

from __future__ import annotations

from base64 import b64encode
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from publisher.errors import ConfigError
from publisher.messages.dkim import PrivateKey

BITS = 2048
"""What receivers check (RFC 8301) and still fits into a DNS answer without trouble."""

FEWEST_BITS = 1024
"""Receivers take shorter keys for none (RFC 8301, 3.2)."""

_STRING = 255
"""Octets of one string of a TXT record; a record is several of them."""


class KeyKind(StrEnum):
    """Kinds of keys, as the record's tag k= names them."""

    RSA = "rsa"
    ED25519 = "ed25519"


def make_key(kind: KeyKind) -> bytes:
    """A new private key, PEM (PKCS 8), without a password."""
    key: PrivateKey = (
        rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        if kind is KeyKind.RSA
        else ed25519.Ed25519PrivateKey.generate()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(pem: bytes, place: str) -> PrivateKey:
    """The private key that a PEM text holds.

    Args:
        pem: the text.
        place: where it was found, for people.

    Raises:
        ConfigError: it holds none that can sign mail. Nothing of the text is said.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(
            f"{place} holds no private key", remedy="`publisher dkim new DOMAIN` makes one, and says what to write"
        ) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= FEWEST_BITS:
        return key
    raise ConfigError(
        f"{place} holds a key that receivers do not take",
        remedy=f"An RSA key of {BITS} bits, or Ed25519 beside one: `publisher dkim new DOMAIN` makes it",
    )


def public_key(key: PrivateKey) -> str:
    """Its public half, as the tag p= has it."""
    form = serialization.PublicFormat
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(serialization.Encoding.DER, form.SubjectPublicKeyInfo)
    else:
        public = key.public_key().public_bytes(serialization.Encoding.Raw, form.Raw)
    return b64encode(public).decode()


def public_record(key: PrivateKey) -> str:
    """The text of the TXT record at `selector._domainkey.domain`."""
    kind = KeyKind.RSA if isinstance(key, rsa.RSAPrivateKey) else KeyKind.ED25519
    return f"v=DKIM1; k={kind}; p={public_key(key)}"


def zone_line(name: str, record: str) -> str:
    """A record as a zone file has it: strings of at most 255 octets, which belong together."""
    strings = " ".join(f'"{record[start : start + _STRING]}"' for start in range(0, len(record), _STRING))
    return f"{name}. IN TXT ( {strings} )"
