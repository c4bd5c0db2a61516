"""Tokens for acts that end: a confirmation, a fresh link, a new address. Nothing is stored for one.

As `tokens`, with two differences. A token is for one purpose, and the moment it was made is part of it, so that it
ends by itself. What cannot be read, was altered, is for another purpose or has ended is all the same: None.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_MAC_BYTES = 16
_LONGEST = 512
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Purpose(StrEnum):
    """What a token allows."""

    CONFIRM = "confirm"  # to begin a subscription
    MANAGE = "manage"  # to see one's data, change the address, be erased
    MOVE = "move"  # to be mailed at the address in `said` from now on


LIFETIMES: Mapping[Purpose, timedelta] = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.MANAGE: timedelta(minutes=15),
    Purpose.MOVE: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Act:
    """What a genuine token says. Whether its link version is still current is for the caller to ask."""

    purpose: Purpose
    subscriber_id: int
    newsletter: str
    link_version: int
    made_at: datetime
    said: str = ""


def mint(secret: bytes, act: Act) -> str:
    """The token: letters, digits, `-` and `_`. The same act gives the same token."""
    made = (act.made_at - _EPOCH) // _MILLISECOND
    said = f"{act.subscriber_id}.{act.link_version}.{made}.{act.newsletter}.{act.said}".encode()
    code = hmac.digest(secret, f"publisher: acts: {act.purpose}\0".encode() + said, "sha256")[:_MAC_BYTES]
    return urlsafe_b64encode(code + said).rstrip(b"=").decode("ascii")


def read(secret: bytes, token: str, purpose: Purpose, now: datetime) -> Act | None:
    """What the token says when `mint` gave it for this purpose and it has not ended, else None."""
    try:
        raw = token.encode("ascii")
        if len(raw) > _LONGEST:
            return None
        said = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))[_MAC_BYTES:].decode()
        subscriber_id, version, made, newsletter, rest = said.split(".", 4)
        made_at = _EPOCH + int(made) * _MILLISECOND
        act = Act(purpose, int(subscriber_id), newsletter, int(version), made_at, rest)
        genuine = mint(secret, act)  # minted again and compared whole: no other spelling of it is taken
    except (ValueError, OverflowError, binascii.Error):
        return None
    if not hmac.compare_digest(genuine.encode("ascii"), raw):
        return None
    return act if now < act.made_at + LIFETIMES[purpose] else None
