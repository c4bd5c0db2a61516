"""A short mail that shows whether a provider takes ours, and what became of it. No part of the delivery ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from publisher.errors import PublisherError
from publisher.ledger import Mark, Message
from publisher.messages import quoted
from publisher.messages.headers import (
    ascii_domain,
    checked_message_id,
    envelope_address,
    mailbox,
    split_address,
    unstructured,
)
from publisher.notices.carriers import One, Provider, Stop
from publisher.notices.letters import Letterhead

PATIENCE_SECONDS = 75.0
"""For all of it: longer than one call may usually take."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider said of the mail.

    Args:
        mark: its last word; None: it never came to one, and `text` says why.
        code: its reply code.
        text: its words, without our addresses.
        provider_id: what it calls the mail.
        message_id: what we call it.
        remedy: what the error that ended it says should be done.
        wants_rest: whether it wants to be left alone for now.
    """

    mark: Mark | None
    code: int | None = None
    text: str = ""
    provider_id: str = ""
    message_id: str = ""
    remedy: str = ""
    wants_rest: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """What is mailed.

    Args:
        letterhead: who writes.
        envelope_from: where bounces go.
        recipient: who gets it, a bare address.
        provider: what the configuration calls the provider.
        token: makes the Message-ID; a new one each time.
        sign: adds signatures, when there are keys and the provider does not sign.
    """

    letterhead: Letterhead
    envelope_from: str
    recipient: str = field(repr=False)
    provider: str
    token: str
    sign: Callable[[bytes, datetime], bytes] | None = None


def send(probe: Probe, open_provider: Callable[[], Provider], now: datetime, stop: Stop) -> Told:
    """Mail it by a provider that is opened for it alone, and hear what becomes of it.

    Raises:
        PublisherError: one of the addresses cannot be mailed.
    """
    data, message_id = _mail(probe, now)
    message = Message(
        delivery_id=0,
        envelope_from=envelope_address(probe.envelope_from),
        recipient=envelope_address(probe.recipient),
        message_id=message_id,
        data=probe.sign(data, now) if probe.sign else data,
    )
    give_up, word, provider = time.monotonic() + PATIENCE_SECONDS, _LastWord(message_id), open_provider()
    try:
        provider.send(One(message), word, lambda: stop() or time.monotonic() > give_up)
    except PublisherError as error:
        if word.told.mark is None:
            word.told = _ended(error, message_id)
    finally:
        provider.close()
    return _without_addresses(word.told, probe)


def text(probe: Probe, now: datetime) -> str:
    """The body."""
    return "\n\n".join(
        [
            f'This is a test of the mail of {probe.letterhead.site}, sent by the provider "{probe.provider}"'
            f" at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC.",
            "Somebody who runs it asked for this mail with `publisher provider test`. There is nothing to do.",
            "Whoever wants to know more looks at the source of this mail: Authentication-Results should say"
            " spf=pass, dkim=pass and dmarc=pass.",
            f"-- \n{probe.letterhead.site}, {probe.letterhead.url}\n",
        ]
    )


def _mail(probe: Probe, now: datetime) -> tuple[bytes, str]:
    name, address = split_address(probe.letterhead.sender)
    domain = ascii_domain(address.rpartition("@")[2])
    message_id = checked_message_id(f"<test.{probe.token}@{domain}>")
    fields = [
        mailbox("From", name, address),
        mailbox("To", "", probe.recipient),
        unstructured("Subject", f"[{probe.letterhead.site}] Test mail by {probe.provider}"),
        f"Date: {format_datetime(now.astimezone(UTC))}\r\n".encode(),
        f"Message-ID: {message_id}\r\n".encode(),
        b"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
    ]
    return b"".join([*fields, quoted.literal(text(probe, now))]), message_id


def _ended(error: PublisherError, message_id: str) -> Told:
    rest = getattr(error, "retry_in", None) is not None
    return Told(None, None, error.message, "", message_id, error.remedy, wants_rest=rest)


def _without_addresses(told: Told, probe: Probe) -> Told:
    said = told.text.replace(envelope_address(probe.recipient), "<recipient>").replace(
        probe.recipient, "<recipient>"
    )
    return Told(
        told.mark, told.code, said, told.provider_id, told.message_id, told.remedy, wants_rest=told.wants_rest
    )


class _LastWord:
    """See `ledger.Report`."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.told = Told(None, None, "it was not sent", "", message_id)

    def begun(self, delivery_id: int, call: str = "") -> None:
        """See `Report`."""

    def returned(self, delivery_id: int, text: str) -> None:
        """See `Report`: why it was not taken yet."""
        self.told = Told(None, None, text, "", self.message_id)

    def accepted(self, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = "") -> None:
        """See `Report`."""
        self.told = Told(Mark.ACCEPTED, code, text, provider_id, self.message_id)

    def deferred(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self.told = Told(Mark.DEFERRED, code, text, "", self.message_id)

    def failed(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self.told = Told(Mark.FAILED, code, text, "", self.message_id)

    def uncertain(self, delivery_id: int, text: str) -> None:
        """See `Report`."""
        self.told = Told(Mark.UNCERTAIN, None, text, "", self.message_id)
