"""Several providers as one: each mail goes by the one it should, and by the next while that one is out.

A provider is out when it said so by an error: it cannot be reached, does not let us in, takes nothing for now.
What it had begun is settled as always; what it had not is pending again and goes by the next. Nothing uncertain
moves.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from publisher.errors import ProviderError
from publisher.ledger import Delivery, Message, Messages, Report, Way
from publisher.mailings.ports import Provider, Stop
from publisher.mailings.routing import Route, order

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(minutes=15)
"""How long a provider is left alone, when it does not say: doubled each time in a row."""

_log = logging.getLogger("publisher.senders")


@dataclass(slots=True)
class _Outage:
    """Since when and until when, by the monotonic clock, a provider is left alone."""

    error: ProviderError
    times: int
    until: float


class Failover:
    """See `ports.Provider`.

    Args:
        providers: in the order of the configuration, by the name that routes have.
        routes: who goes by which first.
        monotonic: seconds that never go back.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        routes: Sequence[Route],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = "several:" + ", ".join(provider.name for provider in providers.values())
        self.idempotent = all(provider.idempotent for provider in providers.values())
        self._providers = providers
        self._routes = routes
        self._monotonic = monotonic
        self._outages: dict[str, _Outage] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """What each calls itself, by the name that routes have."""
        return {name: provider.name for name, provider in self._providers.items()}

    @property
    def ways(self) -> int:
        """See `Provider`."""
        return len(self._providers)

    @property
    def window(self) -> int:
        """See `Provider`: that of the first that is not out."""
        return next((each.window for name, each in self._providers.items() if not self._is_out(name)), 0)

    def way(self, delivery: Delivery) -> Way:
        """See `Provider`. When all are out, the first: `send` says so."""
        names = order(self._routes, delivery.id, delivery.email)
        name = next((each for each in names if not self._is_out(each)), names[0])
        return Way(name, self._providers[name].way(delivery).capabilities)

    def send(self, messages: Messages, report: Report, stop: Stop) -> None:
        """See `Provider`.

        Raises:
            ProviderError: all of them are out; that of the last one.
        """
        sorting = _Sorting(messages)
        while not stop() and (name := sorting.next()) is not None:
            error = self._send(name, sorting, report, stop)
            if error is not None and all(map(self._is_out, self._providers)):
                raise error

    def close(self) -> None:
        """See `Provider`."""
        for provider in self._providers.values():
            provider.close()

    def _send(self, name: str, sorting: _Sorting, report: Report, stop: Stop) -> ProviderError | None:
        try:
            self._providers[name].send(sorting.of(name), report, stop)
        except ProviderError as error:
            self._leave_alone(name, error)
            sorting.drop(name)
            return error
        self._outages.pop(name, None)
        return None

    def _leave_alone(self, name: str, error: ProviderError) -> None:
        known = self._outages.get(name)
        times = known.times + 1 if known else 1
        wait = error.retry_in or min(SHORTEST * 2 ** (times - 1), LONGEST)
        self._outages[name] = _Outage(error, times, self._monotonic() + wait.total_seconds())
        if not all(map(self._is_out, self._providers)):  # else the error itself says it
            _log.warning("%s is out, and another provider takes over: %s", name, error)

    def _is_out(self, name: str) -> bool:
        outage = self._outages.get(name)
        return outage is not None and (outage.error.permanent or self._monotonic() < outage.until)


class _Sorting:
    """A stream of messages, sorted by the provider that each was made for. Iterated over once, as it wants."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._stream = iter(messages)
        self._aside: dict[str, deque[Message]] = {}

    def next(self) -> str | None:
        """Whose turn it is; None when there is nothing more."""
        for name, waiting in self._aside.items():
            if waiting:
                return name
        message = next(self._stream, None)
        if message is None:
            return None
        self._aside.setdefault(message.provider, deque()).append(message)
        return message.provider

    def of(self, name: str) -> _Own:
        """Those for one provider; asking for them puts others aside."""
        return _Own(self, name)

    def drop(self, name: str) -> None:
        """Those of a provider that is out: they were not begun."""
        self._aside.pop(name, None)

    def size(self, name: str) -> int:
        """How many there are at most for one."""
        return len(self._aside.get(name, ())) + len(self._messages)

    def take(self, name: str) -> Iterator[Message]:
        """Those for one."""
        own = self._aside.setdefault(name, deque())
        while True:
            while own:
                yield own.popleft()
            message = next(self._stream, None)
            if message is None:
                return
            self._aside.setdefault(message.provider, deque()).append(message)


class _Own:
    """See `ledger.Messages`."""

    def __init__(self, sorting: _Sorting, name: str) -> None:
        self._sorting = sorting
        self._name = name

    def __len__(self) -> int:
        return self._sorting.size(self._name)

    def __iter__(self) -> Iterator[Message]:
        return self._sorting.take(self._name)
