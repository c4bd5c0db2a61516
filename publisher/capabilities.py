"""What a provider can carry, and how. Whoever decides by it reads it here; nobody asks for a provider's kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Form(StrEnum):
    """What a provider takes a mail as."""

    MIME = "mime"  # the whole message, byte for byte
    PARTS = "parts"  # subject, bodies and header fields (`drafts.Letter`)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    Args:
        form: what it takes.
        recipients: how many a call takes, at most.
        octets: how large a call may be, at most; 0: nothing is said.
        calls: how many calls are under way at a time.
        own_headers: whether it carries header fields of ours.
        own_unsubscribe: whether List-Unsubscribe is ours, and it adds none.
        return_path: whether it takes an envelope sender of ours.
        keeps_message_id: whether our Message-ID arrives.
        utf8_addresses: whether it takes letters beyond ASCII before the @.
        signs: whether it signs mail by itself (DKIM), with a key that it has.
        reference: whether a reference of ours comes back in what it tells.
        repeats_for: for how long the same call with the same key makes no second mail; zero: it has no such key.
        lookup: whether it can be asked what became of a mail.
    """

    form: Form = Form.MIME
    recipients: int = 1
    octets: int = 0
    calls: int = 1
    own_headers: bool = True
    own_unsubscribe: bool = True
    return_path: bool = True
    keeps_message_id: bool = True
    utf8_addresses: bool = True
    signs: bool = False
    reference: bool = False
    repeats_for: timedelta = timedelta(0)
    lookup: bool = False

    @property
    def window(self) -> int:
        """How many deliveries its calls hold at a time; 0: each call holds one, so that any number will do."""
        return self.recipients * self.calls if self.recipients > 1 else 0
