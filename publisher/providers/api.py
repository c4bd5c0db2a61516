"""Any provider with an API of the web: makes the calls that its dialect writes, and reports what came of them.

Calls are made in threads, one each; the sender's thread composes, decides and reports. A mail is begun when its
call is made. What an answer says of a call is certain: taken, or not. Without an answer it is not known, and
nothing is sent again on a guess: a provider that promises to make nothing of a repeated call is asked once more
with the same one, others leave its mails uncertain.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from publisher.errors import ProviderError
from publisher.http import Answer, Client
from publisher.ledger import Message, Messages, Report
from publisher.providers.calling import Run
from publisher.providers.calls import Call, Dialect, Fate, Verdict
from publisher.providers.one_way import OneWay

PATIENCE = timedelta(minutes=5)
"""How long "not now" is waited for, all in all and with nothing taken."""

IDLE_SECONDS = 10.0
"""A connection that was idle for longer is not used again: it may be closed while the next call is on its way."""


class Api(OneWay):
    """A provider with an API.

    Args:
        dialect: how it is spoken to.
        client: makes the calls; closed together with this.
        patience: how long "not now" is waited for; short where another provider stands ready.
        pause: waits so many seconds.
        chance: a number from 0 to 1.
        clock: the present moment, aware UTC: some providers say until when they want to be left alone.
    """

    idempotent = False
    """A new sender makes other calls of the same mails."""

    def __init__(
        self,
        dialect: Dialect,
        client: Client,
        *,
        patience: timedelta = PATIENCE,
        pause: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = dialect.name
        self.capabilities = dialect.capabilities
        self.dialect = dialect
        self.patience = patience
        self.pause = pause
        self.chance = chance
        self.clock = clock
        self._client = client
        self._pool: ThreadPoolExecutor | None = None
        self._idle_since = time.monotonic()

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        """See `mailings.ports.Provider`.

        Raises:
            ProviderError: it cannot be reached, does not let us in, wants to be left alone for longer than we
                wait, does not answer, or refuses everything.
        """
        if time.monotonic() - self._idle_since > IDLE_SECONDS:
            self._client.close()
        try:
            Run(self, report, stop).work(iter(messages))
        finally:
            self._idle_since = time.monotonic()

    def close(self) -> None:
        """Let connections go. What is under way ends in its time."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None
        self._client.close()

    def repeat(self, messages: Sequence[Message], name: str) -> Sequence[Verdict] | None:
        """Make a call again whose answer was lost: the provider makes nothing of what it had, and says so again.

        Args:
            messages: all that were in it, and nothing else; their order does not matter.
            name: what was said of them as they were begun.

        Returns:
            What became of each message, in order; None when these are not that call any more, because something
            of a mail has changed since.

        Raises:
            PublisherError: there is no answer that says so.
        """
        items = [self.dialect.item(message) for message in sorted(messages, key=attrgetter("delivery_id"))]
        call = self.dialect.call(items)
        if call.name != name:
            return None
        answer = self._client.ask(call.method, call.address, headers=call.headers, data=call.data)
        if self.dialect.fate(answer) is not Fate.TAKEN:
            raise ProviderError(
                f"{self.name} does not repeat its answer: {self.dialect.words(answer)}",
                remedy="Try again later",
                provider=self.name,
            )
        verdicts = self.dialect.verdicts(answer, items)
        told = {item.message.delivery_id: each for item, each in zip(items, verdicts, strict=True)}
        return [told[message.delivery_id] for message in messages]

    def start(self, call: Call) -> Future[Answer]:
        """Make a call, in a thread."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.capabilities.calls, thread_name_prefix="calls")
        return self._pool.submit(self._client.ask, call.method, call.address, headers=call.headers, data=call.data)
