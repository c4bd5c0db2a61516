"""Posts what waits in the outbox: a thin loop over rows, under a lock of the instance.

No part of the delivery ledger, as with alerts: a notice belongs to no mailing, and must leave when one is stuck.
What could not be handed over is tried again, under the same Message-ID; what nobody waits for any more is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.errors import PublisherError, StorageError
from publisher.ledger import Message
from publisher.notices.carriers import Provider, Stop
from publisher.notices.planning import retry_delay
from publisher.notices.writing import Writer
from publisher.people import Connections
from subscribers import outbox
from subscribers.outbox import Notice, NoticeKind

AT_ONCE = 50
"""How many are handed over in one go."""

PATIENCE_SECONDS = 60.0
"""How long one go may take."""

WAITED_FOR: Mapping[NoticeKind, timedelta] = {
    NoticeKind.SIGNUP: timedelta(days=1),
    NoticeKind.FRESH: timedelta(hours=2),
    NoticeKind.MOVE: timedelta(hours=6),
    NoticeKind.MOVED: timedelta(days=3),
}
"""How long somebody waits for each; later it would be a riddle."""


@dataclass(frozen=True, slots=True)
class PostReport:
    """What came of one go: how many left, and lines about those that did not. No line names a person."""

    sent: int = 0
    errors: tuple[str, ...] = ()


class Posting:
    """Posts notices.

    Args:
        connections: the database.
        writer: writes them.
        open_provider: opens a provider of this thread's own.
        lock: for the block, true when no other process is at it.
        discreet: takes secrets out of texts.
    """

    def __init__(
        self,
        connections: Connections,
        writer: Writer,
        open_provider: Callable[[], Provider],
        lock: Callable[[], AbstractContextManager[bool]],
        discreet: Callable[[str], str],
    ) -> None:
        self._connections = connections
        self._writer = writer
        self._open_provider = open_provider
        self._lock = lock
        self._discreet = discreet

    def waiting(self, now: datetime) -> bool:
        """Whether anything is due."""
        with self._connections.read() as connection:
            return outbox.waiting(connection, now)

    def post(self, clock: Callable[[], datetime], stop: Stop = lambda: False) -> PostReport:
        """Post what is due, until nothing is, or something does not work; nothing while another process is at it.

        Raises:
            StorageError: the database does not answer.
        """
        sent, errors = 0, list[str]()
        with self._lock() as held:
            while held and not errors and not stop() and self.waiting(clock()):
                done, errors = self._round(clock, stop)
                sent += done
        return PostReport(sent, tuple(dict.fromkeys(errors)))

    def _round(self, clock: Callable[[], datetime], stop: Stop) -> tuple[int, list[str]]:
        now = clock()
        with self._connections.read() as connection:
            due = outbox.due(connection, now, AT_ONCE)
        results = _Results()
        messages = [message for notice in due if (message := self._written(notice, results, now))]
        if messages:
            self._hand_over(messages, results, stop)
        errors = [error for notice in due if (error := self._settle(notice, results, clock()))]
        return len(results.accepted_), errors

    def _written(self, notice: Notice, results: _Results, now: datetime) -> Message | None:
        try:
            with self._connections.write() as connection:
                there = outbox.begin(connection, notice.id)
                plan = self._writer.plan(connection, notice, now) if there else None
            if plan is None:
                results.needless.add(notice.id)
                return None
            return self._writer.write(notice, plan, now)
        except StorageError:
            raise
        except PublisherError as error:
            results.troubles[notice.id] = str(error)
            return None

    def _hand_over(self, messages: list[Message], results: _Results, stop: Stop) -> None:
        give_up, provider = time.monotonic() + PATIENCE_SECONDS, self._open_provider()
        ids = [message.delivery_id for message in messages]
        said = "it was not sent"
        try:
            provider.send(_Letters(messages), results, lambda: stop() or time.monotonic() > give_up)
        except (PublisherError, OSError) as error:
            said = str(error)
        finally:
            provider.close()
        for number in ids:
            if number not in results.accepted_:
                results.troubles.setdefault(number, said)

    def _settle(self, notice: Notice, results: _Results, now: datetime) -> str:
        """Forget what has left or never will, and have the rest tried again; gives what went wrong."""
        trouble = self._discreet(results.troubles.get(notice.id, "").replace(notice.email, "<address>"))
        over = notice.id in results.refused or now - notice.created_at >= WAITED_FOR[notice.kind]
        with self._connections.write() as connection:
            if trouble and not over:
                due_at = now + retry_delay(notice.attempts + 1)
                outbox.postpone(connection, notice.id, trouble, due_at)
            else:
                outbox.remove(connection, [notice.id])
        end = "given up" if over else "tried again"
        return f"a {notice.kind} notice was not taken: {trouble}; {end}" if trouble else ""


class _Letters:
    """Messages as a stream that is taken from."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        while self._messages:
            yield self._messages.pop(0)


class _Results:
    """What is said about each message."""

    def __init__(self) -> None:
        self.accepted_: set[int] = set()
        self.needless: set[int] = set()
        self.refused: set[int] = set()
        self.troubles: dict[int, str] = {}

    def begun(self, delivery_id: int, call: str = "") -> None:
        """See `Report`."""

    def returned(self, delivery_id: int, text: str) -> None:
        """See `Report`."""
        self.troubles[delivery_id] = text

    def accepted(self, delivery_id: int, code: int | None = None, text: str = "", provider_id: str = "") -> None:
        """See `Report`."""
        self.accepted_.add(delivery_id)
        self.troubles.pop(delivery_id, None)

    def deferred(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`."""
        self.troubles[delivery_id] = text or "deferred"

    def failed(self, delivery_id: int, code: int | None, text: str) -> None:
        """See `Report`: refused for good."""
        self.refused.add(delivery_id)
        self.troubles[delivery_id] = text or "refused"

    def uncertain(self, delivery_id: int, text: str) -> None:
        """See `Report`: rather mailed twice than never, and by the same Message-ID."""
        self.troubles[delivery_id] = text or "it is not known whether it was taken"
