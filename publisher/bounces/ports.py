"""What acting on feedback needs of the world, declared here and fulfilled by storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from publisher.feedback import BounceClass, Feedback
from publisher.ledger import DeliveryState, Mailing


class Stored(Protocol):
    """An event that nobody has processed yet; its recipient is a keyed hash, or empty."""

    @property
    def id(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def event(self) -> Feedback: ...
    @property
    def received_at(self) -> datetime: ...


class Target(Protocol):
    """The delivery that an event is about, where it stands, and whose it is."""

    @property
    def delivery_id(self) -> int: ...
    @property
    def mailing_id(self) -> int: ...
    @property
    def digest_id(self) -> int: ...
    @property
    def newsletter(self) -> str: ...
    @property
    def subscriber_id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def email_key(self) -> str: ...
    @property
    def state(self) -> DeliveryState: ...


class SoftBounce(Protocol):
    """One mail that did not arrive for a reason that may pass."""

    @property
    def at(self) -> datetime: ...
    @property
    def digest_id(self) -> int: ...


class Held(Protocol):
    """A suppression that waits for an editor's word."""

    @property
    def id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def email_key(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def source(self) -> str: ...
    @property
    def code(self) -> int | None: ...
    @property
    def status(self) -> str: ...
    @property
    def text(self) -> str: ...


class Rows(Protocol):
    """The stored events; the contracts are at `publisher.storage.feedback.FeedbackRows`."""

    def append(self, source: str, events: Iterable[Feedback], now: datetime) -> None: ...
    def take(self, most: int, now: datetime) -> Sequence[Stored]: ...
    def alone(self) -> AbstractContextManager[None]: ...
    def target(self, delivery_id: int) -> Any: ...
    def move(self, delivery_id: int, states: Sequence[DeliveryState], event: Feedback, now: datetime) -> bool: ...
    def settle(
        self,
        feedback_id: int,
        verdict: str,
        now: datetime,
        *,
        target: Any = None,
        bounce: BounceClass | None = None,
        held: bool = False,
    ) -> None: ...
    def put_off(self, feedback_id: int, due_at: datetime) -> None: ...
    def soft_history(self, subscriber_id: int, since: datetime) -> Sequence[SoftBounce]: ...
    def classes(self, mailing_id: int) -> Mapping[BounceClass, int]: ...
    def count_held(self, mailing_id: int) -> int: ...
    def held(self, mailing_id: int) -> Sequence[Held]: ...
    def decide(self, ids: Sequence[int], verdict: str) -> int: ...


class Mailings(Protocol):
    """The mailings."""

    def get(self, mailing_id: int) -> Mailing: ...
    def counts(self, mailing_id: int) -> Mapping[DeliveryState, int]: ...


class Events(Protocol):
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


class Unit(Protocol):
    """One transaction."""

    @property
    def connection(self) -> Connection: ...
    @property
    def feedback(self) -> Rows: ...
    @property
    def mailings(self) -> Mailings: ...
    @property
    def events(self) -> Events: ...


class Store(Protocol):
    """Opens transactions; `write` commits at its end."""

    def read(self) -> AbstractContextManager[Unit]: ...
    def write(self) -> AbstractContextManager[Unit]: ...
