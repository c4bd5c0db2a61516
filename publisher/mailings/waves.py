"""Mail at the reader's hour: when each time zone's readers get a mailing. Pure.

A newsletter with `local_time` mails everybody at the same time of their own day: the first one that comes at or
after the slot. So nobody gets a digest before it is published, and everybody within a day. What a clock change
does to a time of the day is what it does to slots (docs/design/slots.md); docs/design/waves.md tells the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from publisher.config import Newsletter
from publisher.errors import ConfigError
from publisher.slots import Calendar, parse, slots

_LONGEST = timedelta(days=3)
"""A day has 25 hours at most, and one that a zone leaves out is followed by one that it has."""

_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """At which time of the reader's day a newsletter arrives; `timezone` is of readers who have chosen none."""

    clock: time
    timezone: str

    def moments(self, slot: datetime, zones: Iterable[str]) -> Mapping[str, datetime]:
        """When the readers of each zone get what was published in `slot`; "" is of those without a zone.

        A zone that is unknown counts as none: it was chosen long ago, perhaps, and is gone.
        """
        usual = moment(slot, self.clock, self.timezone)
        found = {"": usual}
        for zone in zones:
            try:
                found[zone] = moment(slot, self.clock, zone) if zone else usual
            except ConfigError:
                found[zone] = usual
        return found


def moment(slot: datetime, clock: time, timezone: str) -> datetime:
    """The first time that it is `clock` in a zone, at or after `slot`; aware UTC.

    Raises:
        ConfigError: there is no such zone.
    """
    return next(slots(f"daily {clock:%H:%M}", timezone, slot - _A_MOMENT, slot + _LONGEST))


def local_time(newsletter: Newsletter) -> LocalTime | None:
    """At which time of their day readers of a newsletter get it; None: when it is published.

    Raises:
        ConfigError: it is the schedule's time, and that has not exactly one.
    """
    said = newsletter.local_time
    if said is False:
        return None
    if said is not True:
        return LocalTime(time.fromisoformat(said), newsletter.timezone)
    schedule = parse(newsletter.schedule)
    if not isinstance(schedule, Calendar) or len(schedule.times) != 1:
        raise ConfigError(
            f'"{newsletter.schedule}" has not one time of the day that mail could arrive at',
            remedy='Write the time: local_time = "07:00"',
        )
    return LocalTime(schedule.times[0], newsletter.timezone)
