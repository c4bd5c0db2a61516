"""What finding out about uncertain mails needs of the world, fulfilled by providers and storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from publisher.capabilities import Capabilities
from publisher.feedback import Asked, Feedback
from publisher.ledger import Delivery, Doubt, Mailing, Mark, Message, Outcome, Way
from publisher.mailings.ports import Acts


class Verdict(Protocol):
    """A provider's last word on a mail."""

    @property
    def mark(self) -> Mark: ...
    @property
    def code(self) -> int | None: ...
    @property
    def text(self) -> str: ...
    @property
    def provider_id(self) -> str: ...


class Lookup(Protocol):
    """A provider's event log."""

    def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
        """What it says about these mails until a moment; nothing about a mail that it never had.

        Raises:
            PublisherError: it cannot be asked, or not for all of them.
        """


class Repeater(Protocol):
    """A provider that makes nothing of a call that it had before, but says again what it said."""

    @property
    def capabilities(self) -> Capabilities: ...
    def way(self, delivery: Delivery) -> Way: ...

    def repeat(self, messages: Sequence[Message], name: str) -> Sequence[Verdict] | None:
        """Make the call of this name again; None when these mails are not that call.

        Raises:
            PublisherError: there is no answer that says what became of it.
        """


class Doubts(Protocol):
    """Uncertain deliveries."""

    def of_mailing(self, mailing_id: int) -> Sequence[Doubt]: ...
    def settle(self, outcomes: Iterable[Outcome], now: datetime) -> int: ...


class KnownMailings(Protocol):
    """The mailings."""

    def get(self, mailing_id: int) -> Mailing: ...


class DoubtUnit(Protocol):
    """A transaction with them."""

    @property
    def doubts(self) -> Doubts: ...
    @property
    def mailings(self) -> KnownMailings: ...
    @property
    def events(self) -> Acts: ...


class DoubtStore(Protocol):
    """Opens such transactions; `write` commits at its end."""

    def read(self) -> AbstractContextManager[DoubtUnit]: ...
    def write(self) -> AbstractContextManager[DoubtUnit]: ...
