"""What is told next, and in how many messages: pure choices over what a carrier has not told yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.notices.kinds import Alert

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Telling:
    """One alert for one carrier. It is told that the alert began, or, when `over`, that it has ended.

    `told_at` is None when the beginning was never told; `told_in` names the message that did.
    """

    id: int
    alert: Alert
    told_at: datetime | None = None
    told_in: str = ""
    attempts: int = 0
    due_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether its end is to be told: then a beginning that never was is told with it."""
        return self.alert.over_at is not None


def messages(untold: Sequence[Telling], carried: int, hourly: int, now: datetime) -> list[tuple[Telling, ...]]:
    """What each message tells: one alert each, until there is room in the hour for one only, which has the rest.

    Args:
        untold: of one carrier, the oldest first.
        carried: messages in the last hour.
        hourly: how many an hour may have.
        now: while one of them has a later `due_at`, the carrier failed lately, and rests.
    """
    room = hourly - carried
    if room <= 0 or not untold or any(each.due_at and each.due_at > now for each in untold):
        return []
    if len(untold) <= room:
        return [(each,) for each in untold]
    return [*((each,) for each in untold[: room - 1]), tuple(untold[room - 1 :])]


def retry_delay(attempts: int) -> timedelta:
    """How long a carrier rests after so many failures in a row: doubled each time, up to the longest."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(max(attempts - 1, 0), 10)
    return min(doubled, LONGEST_RETRY)
