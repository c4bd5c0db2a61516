"""The token in a mail's links: says whose mail it was, and proves that we wrote it. Nothing is stored for it.

HMAC-SHA256 (RFC 2104), cut to 128 bits as RFC 2104 section 5 allows, over subscriber, link version and newsletter.
Raising a subscriber's link version revokes every earlier token; another secret revokes everybody's.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

_PURPOSE = b"publisher: links in mails\0"
"""What the secret is used for here; a code for one purpose never fits another."""

_MAC_BYTES = 16
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class LinkToken:
    """What a genuine token says. Whether its version is still current is for the caller to ask."""

    subscriber_id: int
    newsletter: str
    link_version: int


def mint(secret: bytes, subscriber_id: int, newsletter: str, link_version: int) -> str:
    """The token: letters, digits, `-` and `_`, about 45 of them. The same facts give the same token."""
    said = f"{subscriber_id}.{link_version}.{newsletter}".encode()
    code = hmac.digest(secret, _PURPOSE + said, "sha256")[:_MAC_BYTES]
    return urlsafe_b64encode(code + said).rstrip(b"=").decode("ascii")


def read(secret: bytes, token: str) -> LinkToken | None:
    """What the token says when it is one that `mint` gave, else None, whatever is wrong with it."""
    try:
        raw = token.encode("ascii")
        if len(raw) > _LONGEST:
            return None
        said = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))[_MAC_BYTES:].decode("ascii")
        subscriber_id, link_version, newsletter = said.split(".", 2)
        link = LinkToken(int(subscriber_id), newsletter, int(link_version))
    except (ValueError, binascii.Error):
        return None
    # Minted again and compared as a whole: other spellings of the same bytes or numbers are not taken either.
    genuine = mint(secret, link.subscriber_id, link.newsletter, link.link_version)
    return link if hmac.compare_digest(genuine.encode("ascii"), raw) else None
