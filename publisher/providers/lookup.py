"""Asking a provider what became of mails whose answer was lost: the questions, and how they are put.

An answer that cannot be read is never taken for "there is no such mail": that would have it sent a second time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from publisher.errors import ProviderError
from publisher.feedback import Asked, Feedback, HookRefusedError
from publisher.http import Client, HttpError, asked_wait, back_off
from publisher.providers.calls import Call
from publisher.providers.hook_reading import parsed, part

PATIENCE = timedelta(minutes=1)
"""How long "not now" is waited for, in all questions of one look-up together."""

SHORTEST = timedelta(seconds=1)
"""Of a wait: nobody is asked again at once."""


class Lookup(Protocol):
    """Asks one provider."""

    def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
        """What the provider knows of these mails; nothing of those that it has not taken.

        Args:
            asked: the mails.
            until: when the last of them can have been taken.

        Raises:
            ProviderError: it cannot be asked, or not all of it; nothing follows for any of the mails.
        """


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a look-up waits: `clock` is the present moment, aware UTC, `pause` waits so many seconds."""

    clock: Callable[[], datetime]
    pause: Callable[[float], object] = time.sleep


class Questions:
    """The questions of one look-up, and how long they have waited.

    Args:
        name: the provider's.
        client: asks.
        waiting: how it waits.
        refusals: by status, what is to be done about it.
    """

    def __init__(self, name: str, client: Client, waiting: Waiting, refusals: Mapping[int, str]) -> None:
        self._name = name
        self._client = client
        self._waiting = waiting
        self._refusals = refusals
        self._waited = timedelta(0)
        self._turned_away = 0

    def ask(self, call: Call) -> object:
        """The JSON of the answer.

        Raises:
            ProviderError: there is none.
        """
        while True:
            try:
                answer = self._client.ask(call.method, call.address, headers=call.headers)
            except HttpError as error:
                raise self.failed(error.words, error.remedy) from error
            if answer.status != 429:
                break
            self._wait(asked_wait(answer.headers, self._waiting.clock()))
        if answer.status != 200:
            remedy = self._refusals.get(answer.status, "Try again later; `publisher provider test` says more")
            raise self.failed(answer.said, remedy, permanent=answer.status in self._refusals)
        try:
            return parsed(answer.body)
        except HookRefusedError:
            raise self.unreadable() from None

    def failed(self, why: str, remedy: str, *, permanent: bool = False) -> ProviderError:
        """The error for a question that could not be put."""
        return ProviderError(
            f"{self._name} cannot be asked what became of mail: {why}",
            remedy=remedy,
            permanent=permanent,
            provider=self._name,
        )

    def unreadable(self) -> ProviderError:
        """The error for an answer that is not in its provider's form."""
        return self.failed("its answer cannot be read", "Look into the provider's own log")

    def entries(self, answer: object, *path: str) -> Sequence[object]:
        """A list in an answer.

        Raises:
            ProviderError: there is none at this place.
        """
        found = part(answer, *path)
        if not isinstance(found, list):
            raise self.unreadable()
        return found

    def _wait(self, asked: timedelta | None) -> None:
        self._turned_away += 1
        pause = max(back_off(self._turned_away, 1.0) if asked is None else asked, SHORTEST)
        self._waited += pause
        if self._waited > PATIENCE:
            error = self.failed("it wants to be left alone", "Try again later, with fewer mails at a time")
            error.retry_in = pause
            raise error
        self._waiting.pause(pause.total_seconds())
