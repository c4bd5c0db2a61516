"""Looks at how things stand, remembers what began and what is over, and has it told: a thin loop.

What it does it does under a lock of the instance, so that several processes tell a thing once. Who dies between
telling and remembering has it told again by the next, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.config.discretion import Discretion
from publisher.errors import PublisherError
from publisher.notices.carriers import Carrier, NoticeError, Stop
from publisher.notices.conditions import changes, wrong
from publisher.notices.kinds import Alert, Condition, Kind
from publisher.notices.letters import notice
from publisher.notices.planning import Telling, messages, retry_delay
from publisher.notices.ports import Store, StoredAlert, Unit
from publisher.notices.situation import (
    BehindTarget,
    Complaints,
    Desk,
    HeldSuppressions,
    LatePage,
    Limits,
    Losses,
    PausedMailing,
    Seen,
    Situation,
    Source,
    Space,
)

ITSELF = frozenset({"schedule", "inbox"})
"""Actors that are no person: what they hold or pause, somebody has to be told."""

WATCHED = timedelta(days=3)
"""How long failures of a mailing are looked at, and how long after its end an alert is still told."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at: newsletters as (slug, schedule, timezone), targets of publications, the first first.

    `sources` are the addresses of feeds of others, each as its name for people and its key in the database.
    """

    newsletters: Sequence[tuple[str, str, str]]
    targets: Sequence[str]
    provider: str
    limits: Limits
    spaces: Callable[[], Sequence[Space]]
    sources: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What came of one look. `errors` are lines about what could not be told."""

    begun: tuple[Alert, ...] = ()
    over: tuple[Alert, ...] = ()
    errors: tuple[str, ...] = ()


class Watch:
    """Tells the desk what is wrong, once, and when it is over, once.

    Args:
        store: opens transactions.
        watched: what is looked at.
        carriers: who tells.
        hourly: messages of each carrier in an hour, at most.
        lock: for the block, true when no other process is at it; takes how many seconds to wait.
        discretion: takes secrets out of texts.
        secret: the instance's.
    """

    def __init__(
        self,
        store: Store,
        watched: Watched,
        carriers: Sequence[Carrier],
        hourly: int,
        lock: Callable[[float], AbstractContextManager[bool]],
        discretion: Discretion,
        secret: Callable[[], bytes],
    ) -> None:
        self._store = store
        self._watched = watched
        self._carriers = carriers
        self._hourly = hourly
        self._lock = lock
        self._discreet = discretion
        self._secret = secret

    def open(self) -> tuple[Alert, ...]:
        """What is wrong as far as was seen, the oldest first."""
        with self._store.read() as unit:
            return tuple(map(_alert, unit.alerts.open()))

    def look(
        self, seen: Seen, clock: Callable[[], datetime], *, wait: float = 0, stop: Stop = lambda: False
    ) -> WatchReport:
        """Look once, and tell what there is to tell; nothing when another process is just at it.

        Args:
            seen: what this process knows.
            clock: the present moment.
            wait: seconds to wait for another process.
            stop: whether to end early; what is untold then is told the next time.

        Raises:
            StorageError: the database does not answer.
        """
        with self._lock(wait) as held:
            if not held:
                return WatchReport()
            begun, over = self._compare(seen, clock())
            errors = [error for carrier in self._carriers for error in self._tell(carrier, clock, stop)]
        return WatchReport(begun, over, tuple(errors))

    def _compare(self, seen: Seen, now: datetime) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
        spaces = self._watched.spaces()
        with self._store.read() as unit:
            known = [_alert(row) for row in unit.alerts.open()]
            situation = self._situation(unit, spaces, seen, now)
        found = tuple(map(self._discreetly, wrong(situation, self._watched.limits, {each.key for each in known})))
        begun, over = changes(found, known, situation)
        with self._store.write() as unit:
            for each in begun:
                unit.alerts.begin(each.kind, each.subject, each.text, each.remedy, now)
            if over:
                unit.alerts.end([alert.id for alert in over], now)
            unit.alerts.expect(carrier.name for carrier in self._carriers)
            before = {alert.id for alert in known}
            new = tuple(_alert(row) for row in unit.alerts.open() if row.id not in before)
        return new, over

    def _discreetly(self, condition: Condition) -> Condition:
        """Without secrets, before it is compared with what is stored so."""
        texts = (self._discreet(text) for text in (condition.subject, condition.text, condition.remedy))
        return Condition(condition.kind, *texts)

    def _situation(self, unit: Unit, spaces: Sequence[Space], seen: Seen, now: datetime) -> Situation:
        watched, limits, troubles = self._watched, self._watched.limits, unit.troubles
        pages = troubles.late_pages(watched.targets[0], limits.wait, now) if watched.targets else ()
        return Situation(
            now,
            [Desk(*each, unit.digests.all(each[0])) for each in watched.newsletters],
            troubles.held_by(ITSELF),
            [LatePage(*row) for row in pages],
            [PausedMailing(*row) for row in troubles.paused_by(ITSELF)],
            [Losses(*row) for row in troubles.losses(now - WATCHED, limits.failures)],
            [Complaints(*row) for row in troubles.complaints(now - WATCHED)],
            [HeldSuppressions(*row) for row in troubles.held_suppressions()],
            [BehindTarget(*row) for row in troubles.behind(watched.targets)],
            spaces,
            watched.provider,
            seen,
            [_source(unit, *each) for each in watched.sources],
        )

    def _tell(self, carrier: Carrier, clock: Callable[[], datetime], stop: Stop) -> list[str]:
        now = clock()
        with self._store.read() as unit:
            rows = unit.alerts.untold(carrier.name, now - WATCHED)
            carried = unit.alerts.messages(carrier.name, now - HOUR)
        untold = [
            Telling(row.id, _alert(row.alert), row.told_at, row.told_in, row.attempts, row.due_at) for row in rows
        ]
        for tellings in messages(untold, carried, self._hourly, now):
            if stop():
                break
            letter = notice(tellings, carrier.name, self._secret())
            try:
                carrier.carry(letter, clock(), stop)
            except (PublisherError, OSError) as error:
                # The others wait, too: what does not work now is not tried for each of them.
                return [self._not_told(carrier, tellings, error, clock())]
            self._remember(tellings, letter.name, clock())
        return []

    def _remember(self, tellings: Sequence[Telling], message: str, now: datetime) -> None:
        with self._store.write() as unit:
            for over in (False, True):
                ids = [each.id for each in tellings if each.over is over]
                if ids:
                    unit.alerts.told(ids, message, now, over=over)

    def _not_told(self, carrier: Carrier, tellings: Sequence[Telling], error: Exception, now: datetime) -> str:
        said = self._discreet(str(error))
        wanted = error.wait if isinstance(error, NoticeError) else timedelta()
        rest = max(min(wanted, HOUR), retry_delay(max(each.attempts for each in tellings) + 1))
        with self._store.write() as unit:
            unit.alerts.not_told([each.id for each in tellings], said, now + rest)
        return f"{carrier.name} was not told of {tellings[0].alert.subject}: {said}"


def _source(unit: Unit, place: str, key: str) -> Source:
    poll = unit.upstream.poll(key)
    return Source(place, poll.failures, poll.error)


def _alert(row: StoredAlert) -> Alert:
    return Alert(row.id, Kind(row.kind), row.subject, row.text, row.remedy, row.began_at, row.over_at)
