"""One window's calls to an API: which wait, which are under way, and what each answer makes of its mails."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Protocol

from publisher.errors import ProviderError, PublisherError
from publisher.http import Answer, Failure, HttpError, back_off
from publisher.ledger import Mark, Message, Report
from publisher.providers import giving_up
from publisher.providers.calls import Call, Dialect, Fate, Item, MalformedError, Verdict, halves, together

NEVER_SENT = frozenset(
    {Failure.ADDRESS, Failure.UNRESOLVED, Failure.PRIVATE, Failure.UNREACHABLE, Failure.CLOSED, Failure.TLS}
)
"""There was no connection, so nothing can have been taken."""

POLL_SECONDS = 0.25
"""How often a wait asks whether to stop."""

GRACE_SECONDS = 6.0
"""How long an answer is still waited for when the sender has to stop. The engine gives it nine in all."""

TRIES = 3
"""How often a call is made in all, where no answer came and it may be made again."""

SILENCES = 2
"""Calls in a row without an answer, after which the provider is given up for this run."""

REFUSALS = 10
"""Mails in a row that were refused one by one, in calls that others shared, after which it is not about them; and
how many a call has at least whose mails were all refused."""


class Caller(Protocol):
    """Who makes the calls; see `api.Api`."""

    dialect: Dialect
    patience: timedelta
    pause: Callable[[float], object]
    chance: Callable[[], float]
    clock: Callable[[], datetime]

    def start(self, call: Call) -> Future[Answer]:
        """Make a call, in a thread."""


@dataclass(slots=True)
class _Attempt:
    """A call that is to be made, or is under way; made so often before.

    `shared`: others were in it once. `doubtful`: it was made without an answer, so that it may have been taken.
    """

    items: Sequence[Item]
    made: int = 0
    shared: bool = False
    doubtful: bool = False


class Run:
    """One `send`: calls that wait, calls that are under way, and what is known of the provider meanwhile."""

    def __init__(self, api: Caller, report: Report, stop: Callable[[], bool]) -> None:
        self._api = api
        self._dialect = api.dialect
        self._can = api.dialect.capabilities
        self._name = api.dialect.name
        self._report = report
        self._stop = stop
        self._waiting: deque[_Attempt] = deque()
        self._under_way: dict[Future[Answer], _Attempt] = {}
        self._error: PublisherError | None = None
        self._silences = 0
        self._refusals = 0
        self._turned_away = 0
        self._waited = timedelta(0)

    def work(self, stream: Iterator[Message]) -> None:
        """Carry everything that the stream has, or as much as goes."""
        ready = True
        while True:
            halted = self._error is not None or self._stop()
            while not halted and len(self._under_way) < self._can.calls:
                if not self._waiting and not (ready and (ready := self._take(stream))):
                    break
                if self._waiting:
                    self._begin(self._waiting.popleft())
            if not self._under_way:
                break
            self._finish_some()
        for attempt in self._waiting:
            self._left(attempt, "no answer")
        if self._error is not None:
            raise self._error

    def _take(self, stream: Iterator[Message]) -> bool:
        """Have the next mails wait; False when there are none."""
        # In order, so that the same call can be made again by whoever knows who was in it.
        taken = sorted(islice(stream, self._can.recipients), key=attrgetter("delivery_id"))
        items = [item for message in taken if (item := self._item(message)) is not None]
        self._waiting.extend(_Attempt(call) for call in together(items, self._can))
        return bool(taken)

    def _item(self, message: Message) -> Item | None:
        try:
            if not (self._can.utf8_addresses or message.recipient.isascii()):
                raise ProviderError(f"{self._name} takes no letters beyond ASCII before the @", permanent=True)
            item = self._dialect.item(message)
        except PublisherError as error:
            self._report.failed(message.delivery_id, None, str(error))
            return None
        size, most = item.shared + item.octets, self._can.octets
        if most and size > most:
            self._report.failed(message.delivery_id, None, f"it has {size} octets, and {self._name} takes {most}")
            return None
        return item

    def _begin(self, attempt: _Attempt) -> None:
        call = self._dialect.call(attempt.items)
        name = call.name if self._can.repeats_for else ""
        for item in attempt.items:
            self._report.begun(item.message.delivery_id, name)
        attempt.made += 1
        self._under_way[self._api.start(call)] = attempt

    # --- what came of a call ---------------------------------------------------------------------------------

    def _finish_some(self) -> None:
        """Wait until one has ended, and report it; when it is time to stop, do not wait for long."""
        hurry: float | None = None
        while not (done := wait(self._under_way, POLL_SECONDS, FIRST_COMPLETED).done):
            if hurry is None and self._stop():
                hurry = time.monotonic() + GRACE_SECONDS
            if hurry is not None and time.monotonic() > hurry:
                for attempt in self._under_way.values():
                    self._uncertain(attempt, "no answer before the sender had to stop")
                self._under_way.clear()
                return
        for future in done:
            self._finish(self._under_way.pop(future), future)

    def _finish(self, attempt: _Attempt, future: Future[Answer]) -> None:
        try:
            answer = future.result()
        except HttpError as error:
            if error.failure in NEVER_SENT:
                self._turn_away(attempt, error)
            else:
                self._silent(attempt, f"no answer: {error.words}")
            return
        fate = self._dialect.fate(answer)
        if fate is Fate.TAKEN:
            self._taken(attempt, answer)
        elif fate is Fate.UNKNOWN:
            self._silent(attempt, f"{self._dialect.words(answer)}; it may have been taken")
        else:
            _NOT_TAKEN[fate](self, attempt, answer)

    def _taken(self, attempt: _Attempt, answer: Answer) -> None:
        try:
            verdicts = self._dialect.verdicts(answer, attempt.items)
            if len(verdicts) != len(attempt.items):
                raise MalformedError(f"the answer is about {len(verdicts)} mails of {len(attempt.items)}")
        except MalformedError as error:
            self._silent(attempt, error.message)
            return
        self._silences = self._refusals = self._turned_away = 0
        self._waited = timedelta(0)
        for item, verdict in zip(attempt.items, verdicts, strict=True):
            self._say(item, verdict)
        if len(verdicts) >= REFUSALS and all(verdict.mark is Mark.FAILED for verdict in verdicts):
            self._give_up(giving_up.refuses_everything(self._name, verdicts[0].text))

    def _say(self, item: Item, verdict: Verdict) -> None:
        number, text = item.message.delivery_id, verdict.text
        if verdict.mark is Mark.ACCEPTED:
            self._report.accepted(number, verdict.code, text, verdict.provider_id)
        elif verdict.mark is Mark.DEFERRED:
            self._report.deferred(number, verdict.code, text)
        elif verdict.mark is Mark.FAILED:
            self._report.failed(number, verdict.code, text)
        else:
            self._report.uncertain(number, text)

    def _silent(self, attempt: _Attempt, why: str) -> None:
        """Nobody knows what became of a call."""
        if self._can.repeats_for and attempt.made < TRIES and not self._stop():
            attempt.doubtful = True
            self._rest(back_off(attempt.made, self._api.chance()))
            self._waiting.appendleft(attempt)
            return
        self._uncertain(attempt, why)
        self._silences += 1
        if self._silences >= SILENCES:
            self._give_up(giving_up.silent(self._name, why, self._can))

    def _uncertain(self, attempt: _Attempt, why: str) -> None:
        for item in attempt.items:
            self._report.uncertain(item.message.delivery_id, why)

    def _returned(self, attempt: _Attempt, why: str) -> None:
        """Nothing of it was taken this time; that says nothing of a time before without an answer."""
        for item in () if attempt.doubtful else attempt.items:
            self._report.returned(item.message.delivery_id, why)

    def _left(self, attempt: _Attempt, why: str) -> None:
        """It is not made again by this run."""
        if attempt.doubtful:
            self._uncertain(attempt, f"it was made without an answer, and then: {why}")

    def _refused(self, attempt: _Attempt, answer: Answer) -> None:
        """Because of something in it: found by halving, when it is not alone."""
        attempt.doubtful = False  # had it been taken before, this answer would have said so
        words = self._dialect.words(answer)
        if len(attempt.items) > 1:
            self._returned(attempt, words)
            self._waiting.extendleft(_Attempt(half, shared=True) for half in reversed(halves(attempt.items)))
            return
        self._report.failed(attempt.items[0].message.delivery_id, answer.status, words)
        self._refusals += attempt.shared
        if self._refusals >= REFUSALS:
            self._give_up(giving_up.refuses_everything(self._name, words))

    def _not_now(self, attempt: _Attempt, answer: Answer) -> None:
        words = self._dialect.words(answer)
        self._returned(attempt, words)
        self._turned_away += 1
        asked = self._dialect.wait(answer, self._api.clock())
        pause = back_off(self._turned_away, self._api.chance()) if asked is None else asked
        # Who says "at once" again and again is not asked for ever, either.
        self._waited += max(pause, back_off(self._turned_away, 1.0))
        if self._waited > self._api.patience:
            self._left(attempt, words)
            self._give_up(giving_up.throttled(self._name, words, pause))
            return
        self._rest(pause)
        self._waiting.appendleft(attempt)

    def _unusable(self, attempt: _Attempt, answer: Answer) -> None:
        words = self._dialect.words(answer)
        self._returned(attempt, words)
        self._left(attempt, words)
        self._give_up(giving_up.unusable(self._name, words))

    def _turn_away(self, attempt: _Attempt, error: HttpError) -> None:
        """No connection."""
        self._returned(attempt, error.words)
        self._turned_away += 1
        if error.permanent or self._turned_away >= TRIES:
            self._left(attempt, error.words)
            self._give_up(giving_up.unreachable(self._name, error))
            return
        self._rest(back_off(self._turned_away, self._api.chance()))
        self._waiting.appendleft(attempt)

    def _give_up(self, error: PublisherError) -> None:
        self._error = self._error or error

    def _rest(self, pause: timedelta) -> None:
        """Make no call for a while."""
        left = pause.total_seconds()
        while left > 0 and not self._stop():
            self._api.pause(min(left, POLL_SECONDS))
            left -= POLL_SECONDS


_NOT_TAKEN: dict[Fate, Callable[[Run, _Attempt, Answer], None]] = {
    Fate.REFUSED: Run._refused,
    Fate.NOT_NOW: Run._not_now,
    Fate.UNUSABLE: Run._unusable,
}
