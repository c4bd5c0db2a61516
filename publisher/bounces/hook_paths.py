"""Where a provider's webhook is called: an address that nobody can guess, and that a number makes invalid.

Nothing is stored for it: the secret part is an HMAC-SHA256 (RFC 2104) with the instance's secret.
"""

from __future__ import annotations

import hmac
from base64 import b32encode

_PURPOSE = b"publisher: webhooks\0"
"""What the secret is used for here; a code for one purpose never fits another."""

_BYTES = 20


def hook_secret(secret: bytes, provider_name: str, version: int = 1) -> str:
    """The secret part of the address: 32 lower-case letters and digits. The same facts give the same one.

    Args:
        secret: the instance's.
        provider_name: `name` of the provider in the configuration.
        version: its `hook_version`; another one ends the address of before.
    """
    facts = f"{version}\0{provider_name}".encode("utf-8", "surrogatepass")
    code = hmac.digest(secret, _PURPOSE + facts, "sha256")[:_BYTES]
    return b32encode(code).decode("ascii").lower()


def hook_path(secret: bytes, provider_name: str, version: int = 1) -> str:
    """The path below the address of dynamic pages (`[site] app_url`), without a slash in front."""
    return f"hooks/{provider_name}/{hook_secret(secret, provider_name, version)}"
