"""Who carries alerts: the instance's own provider, and a webhook. No part of the delivery ledger.

An error here never shows an address of the webhook: whoever has it can write to the desk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from publisher.errors import PublisherError
from publisher.http import Client, HttpError, Limits
from publisher.ledger import Message, Messages, Report
from publisher.messages.headers import ascii_domain, envelope_address, split_address
from publisher.notices.letters import Letterhead, Notice, document, mail, message_id

PATIENCE_SECONDS = 20.0
"""How long mailing one alert may take: other work may wait for it."""

_HOOK_LIMITS = Limits(total=timedelta(seconds=8), body=0)
"""Nobody can end a question early, and whoever stops us waits ten seconds."""

Stop = Callable[[], bool]


class NoticeError(PublisherError):
    """An alert could not be told; it is tried again. Holds no secret, nor does its cause."""

    permanent_by_default = False

    def __init__(self, message: str, *, remedy: str = "", wait: timedelta = timedelta()) -> None:
        super().__init__(message, remedy=remedy)
        self.wait = wait
        """How long whoever refused it wants to be left alone."""


class Carrier(Protocol):
    """Tells one address."""

    @property
    def name(self) -> str:
        """Under what it is remembered; holds no secret."""

    def carry(self, notice: Notice, now: datetime, stop: Stop) -> None:
        """Tell it.

        Raises:
            PublisherError: it could not be told.
        """


class Provider(Protocol):
    """Who carries the instance's mail; see `mailings.ports.Provider`."""

    @property
    def name(self) -> str:
        """Its kind, a colon, and where it hands over to."""

    def send(self, messages: Messages, report: Report, stop: Stop) -> None:
        """Hand messages over, and report each."""

    def close(self) -> None:
        """Let connections go."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Mails one recipient.

    Args:
        recipient: a bare address.
        letterhead: who writes.
        envelope_from: where bounces go.
        open_provider: opens a provider of this message's own: no other thread is at work with it.
        sign: adds signatures, when there are keys.
    """

    recipient: str
    letterhead: Letterhead
    envelope_from: str
    open_provider: Callable[[], Provider]
    sign: Callable[[bytes, datetime], bytes] | None = None

    @property
    def name(self) -> str:
        """See `Carrier`."""
        return f"mail:{self.recipient}"

    def carry(self, notice: Notice, now: datetime, stop: Stop) -> None:
        """See `Carrier`."""
        domain = ascii_domain(split_address(self.letterhead.sender)[1].rpartition("@")[2])
        data = mail(notice, self.recipient, self.letterhead, domain, now)
        message = Message(
            delivery_id=0,
            envelope_from=envelope_address(self.envelope_from),
            recipient=envelope_address(self.recipient),
            message_id=message_id(notice.name, domain),
            data=self.sign(data, now) if self.sign else data,
            attempt=2,  # an earlier attempt may have been begun: a provider that can tell looks
        )
        give_up, word, provider = time.monotonic() + PATIENCE_SECONDS, _Word(), self.open_provider()
        try:
            provider.send(One(message), word, lambda: stop() or time.monotonic() > give_up)
        finally:
            provider.close()
        if not word.accepted_:
            raise NoticeError(f"{provider.name} did not take it: {word.said or 'it was not sent'}")


class Hook:
    """Tells a webhook, by POST of JSON. A redirect is not followed: what it would tell is not for others.

    Args:
        address: a secret.
        letterhead: who writes.
        client: asks; the address is the operator's own, so that it may lead into a private network.
    """

    name = "webhook"

    def __init__(self, address: SecretStr, letterhead: Letterhead, client: Callable[[], Client] = Client) -> None:
        self._address = address
        self._letterhead = letterhead
        self._client = client

    def carry(self, notice: Notice, now: datetime, stop: Stop) -> None:
        """See `Carrier`."""
        data, headers = document(notice, self._letterhead), {"Content-Type": "application/json"}
        failed = ""
        with self._client() as client:
            try:
                address = self._address.get_secret_value()
                answer = client.ask("POST", address, headers=headers, data=data, limits=_HOOK_LIMITS)
            except HttpError as error:
                failed = error.words  # its message, and so its traceback, has the path: often that is the secret
        if failed:
            raise NoticeError(f"the webhook cannot be reached: {failed}")
        if not 200 <= answer.status < 300:
            wait = answer.retry_after(now) or timedelta()
            raise NoticeError(
                f"the webhook answers {answer.said}", remedy="Look at webhook in [alerts]", wait=wait
            )


class One:
    """One message as a stream of messages; see `ledger.Messages`."""

    def __init__(self, message: Message) -> None:
        self._messages = [message]

    def __len__(self) -> int:
        """One, or none when it was taken."""
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        """Once through."""
        while self._messages:
            yield self._messages.pop()


class _Word:
    """What a provider says about one message."""

    def __init__(self) -> None:
        self.accepted_ = False
        self.said = ""

    def begun(self, delivery_id: int, call: str = "") -> None:
        """See `Report`."""

    def returned(self, delivery_id: int, text: str) -> None:
        """See `Report`."""
        self.said = text

    def accepted(self, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = "") -> None:
        """See `Report`."""
        self.accepted_ = True

    def deferred(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self.said = text

    def failed(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self.said = text

    def uncertain(self, delivery_id: int, text: str) -> None:
        """See `Report`: rather told twice than never, and by the same Message-ID."""
        self.said = text
