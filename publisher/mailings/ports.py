"""What sending needs of the world, declared here and fulfilled by storage and providers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select

from publisher.ledger import (
    AS_IT_IS,
    Batch,
    Canary,
    Delivery,
    DeliveryState,
    Held,
    Message,
    Messages,
    Outcome,
    Report,
    Way,
    Window,
)
from subscribers.segments.frozen import Frozen

Sign = Callable[[bytes, datetime], bytes]
"""A complete message, and the moment; gives the message with its signatures."""

Stop = Callable[[], bool]
"""Whether the sender has to stop. Cheap; a provider asks before each message and about once a second in waits."""

WhyNot = Callable[[ColumnElement[int]], ColumnElement[Any]]
"""See `audience.why_not`, with newsletter and moment filled in."""

Outside = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""See `audience.outside`, with newsletter, moment and segment filled in."""

WhyNotAt = Callable[[ColumnElement[int], ColumnElement[str], ColumnElement[datetime]], ColumnElement[Any]]
"""`audience.why_not` itself, for whoever fills newsletter and moment in at each execution."""


class Provider(Protocol):
    """Who carries the mail."""

    @property
    def name(self) -> str:
        """Its kind, a colon, and where it hands over to. Two of the same name hand over to the same place."""

    @property
    def idempotent(self) -> bool:
        """Whether handing over the same delivery again can never make a second mail."""

    @property
    def window(self) -> int:
        """How many deliveries its calls hold at a time; 0: as few as we like."""

    @property
    def ways(self) -> int:
        """How many providers this is: so often in a row may nothing come of a pass."""

    def way(self, delivery: Delivery) -> Way:
        """What a delivery has to be composed for."""

    def send(self, messages: Messages, report: Report, stop: Stop) -> None:
        """Hand messages over, and report each of them as it happens. Synchronous; owns its concurrency.

        Stops before the next message when `stop` says so. What it does not report on was not begun.

        Raises:
            ProviderError: the provider cannot be used at all for now.
        """

    def close(self) -> None:
        """Let connections go. Never raises."""


class Composer(Protocol):
    """Makes the mails of one edition."""

    def compose(self, delivery: Delivery, date: datetime, way: Way = AS_IT_IS) -> Message:
        """One subscriber's mail, as the provider takes it that it goes by.

        Raises:
            PublisherError: this one cannot be composed; it says nothing about the others.
        """


class Ledger(Protocol):
    """The ledger's rows in one transaction; the contracts are at `publisher.storage.ledger.Ledger`."""

    def register_sender(self, sender_id: str, host: str, now: datetime, lease_until: datetime) -> None:
        """Make a sender known."""

    def renew_lease(self, sender_id: str, lease_until: datetime) -> bool:
        """Say that it lives; False when it was ended."""

    def end_sender(self, sender_id: str, now: datetime, *, expired: bool = False) -> bool:
        """End it, and open its batches."""

    def expired_senders(self, now: datetime) -> list[tuple[str, str]]:
        """Id and host of those whose lease is over."""

    def held_at(self, host: str) -> bool: ...

    def open_batches(self, now: datetime) -> int:
        """How many nobody has, and may leave."""

    def next_due(self, now: datetime) -> datetime | None:
        """When the next one may leave that may not yet."""

    def lease_batch(self, sender_id: str, now: datetime) -> Batch | None:
        """Take one."""

    def release_batch(self, batch_id: int, sender_id: str, now: datetime) -> None:
        """Leave one."""

    def finish_batch(self, batch_id: int, sender_id: str, now: datetime) -> bool:
        """Close one; False while something in it is pending."""

    def commit_window(
        self, sender_id: str, batch: Batch, *, after_id: int, limit: int, why_not: WhyNotAt, now: datetime
    ) -> Window:
        """Take the next deliveries as `sending`, or as `skipped`."""

    def settle(self, sender_id: str, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Record outcomes."""

    def give_back(self, sender_id: str, delivery_ids: Sequence[int], now: datetime, *, begun: bool) -> None:
        """Make deliveries pending again."""

    def sending_of(self, sender_id: str) -> list[Held]:
        """What it has as `sending`."""

    def release_due(self, now: datetime) -> int:
        """Bring back deferred deliveries whose time has come."""

    def put_off(self, sender_id: str, rows: Iterable[tuple[int, datetime]], now: datetime) -> None:
        """Make deliveries pending again that were never begun, until their moment."""

    def lock_paces(self, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """What is stored about these paces."""

    def paces(self, prefix: str) -> Mapping[str, Mapping[str, Any]]:
        """What is stored about paces whose scope begins so."""

    def store_paces(self, rows: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Store it."""

    def pause(self, mailing_id: int, reason: str, now: datetime, *, actor: str) -> bool:
        """Pause a running mailing because of what became of it."""

    def canaries(self) -> Sequence[Canary]:
        """The canaries that are not judged yet."""

    def end_canary(self, mailing_id: int, now: datetime, *, actor: str) -> None:
        """Let the rest of a mailing follow."""

    def complaints(self) -> Sequence[tuple[int, Mapping[DeliveryState, int]]]:
        """The running mailings that somebody complained about, with the sums of their deliveries."""

    def reopen_batches(self, now: datetime) -> int:
        """Open those with something due inside."""

    def finish_mailings(self, now: datetime) -> list[int]:
        """Close those without unfinished deliveries."""

    def closing(self) -> list[int]:
        """The cancelled mailings that are not over."""

    def leave_unsent(self, now: datetime, *, idempotent: bool) -> int:
        """Move on some of what they have unsent."""

    def keep_open(self) -> None:
        """Let none end before the one that it took over from."""


class Transactions(Protocol):
    """Opens transactions with the ledger's rows; `write` commits at its end."""

    def read(self) -> AbstractContextManager[Ledger]:
        """One that only reads."""

    def write(self) -> AbstractContextManager[Ledger]:
        """One that is committed at its end."""


class BegunWave(Protocol):
    """A wave of a mailing that has begun."""

    @property
    def mailing_id(self) -> int: ...
    @property
    def newsletter(self) -> str: ...
    @property
    def slot(self) -> datetime: ...
    @property
    def clock(self) -> str: ...
    @property
    def segment(self) -> Frozen | None: ...
    @property
    def wave(self) -> datetime: ...


class Waves(Protocol):
    """Mail that waits for the reader's hour."""

    def zones(self, newsletter: str) -> Sequence[str]: ...
    def begun(self, now: datetime) -> Sequence[BegunWave]: ...
    def moved(self, mailing_id: int, moments: Mapping[str, datetime]) -> Sequence[tuple[int, datetime]]: ...
    def look_after(self, mailing_id: int, wave: datetime) -> bool: ...
    def move(self, moved: Iterable[tuple[int, datetime]]) -> None: ...
    def join_late(
        self, mailing_id: int, audience: Select[*tuple[Any, ...]], moments: Mapping[str, datetime], now: datetime
    ) -> int: ...
    def next_due(self, mailing_id: int, now: datetime) -> datetime | None: ...
    def planned(self, mailing_id: int) -> Sequence[tuple[datetime, int]]: ...


class WaveUnit(Protocol):
    """A transaction with them."""

    @property
    def waves(self) -> Waves: ...


class WaveUnits(Protocol):
    """Opens such transactions; `write` commits at its end."""

    def read(self) -> AbstractContextManager[WaveUnit]: ...
    def write(self) -> AbstractContextManager[WaveUnit]: ...


class Acts(Protocol):
    """The append-only log of acts."""

    def append(
        self,
        kind: str,
        *,
        at: datetime,
        actor: str = "",
        digest_id: int | None = None,
        mailing_id: int | None = None,
        delivery_id: int | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None: ...


def provider_key(name: str) -> str:
    """A provider's name as the beginning of its senders' ids: whoever finds a dead sender knows what it used."""
    kind = name.partition(":")[0]
    return f"{kind[:16]}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"
