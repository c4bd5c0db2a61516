"""The only reading of a schedule: at which moments does a newsletter publish?

A schedule is one of four texts: `on finalize`, `daily HH:MM`, `weekdays HH:MM`, or five fields as cron(8) reads
them. Slots are wall-clock times in the newsletter's zone, one per local date and time: of an hour that comes
twice the first counts, a time that the clock jumps over is moved on by the jump (PEP 495, fold=0). Pure: no
clock, no database. Publishing and scheduling both read schedules here; docs/design/slots.md tells the rules.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from publisher.config import Settings
from publisher.errors import ConfigError

_DAY = timedelta(days=1)
_NEVER_LONGER = timedelta(days=41 * 366)
"""No schedule pauses longer: the same weekday on 29 February comes back after 40 years at most."""
_LOOK_BACK = (timedelta(days=1), timedelta(days=8), timedelta(days=64), timedelta(days=800), _NEVER_LONGER)
_ALLOWED = (
    'Write "on finalize", "daily 07:00", "weekdays 07:00" or five cron fields like "0 7 * * mon-fri" '
    "(minute, hour, day of month, month, day of week)"
)


@dataclass(frozen=True, slots=True)
class OnFinalize:
    """Every pass that finds something ready is one slot."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Wall-clock times on certain days. Weekdays count as cron's do: 0 is Sunday, 6 Saturday.

    `either`: a date fits when its day of the month or its weekday does; otherwise both must.
    """

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool = False

    def has(self, day: date) -> bool:
        """Whether there are slots on this local date."""
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_day or by_weekday if self.either else by_day and by_weekday)


Schedule = OnFinalize | Calendar


# --- reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[int]:
        return frozenset(range(self.low, self.high + 1))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _WEEKDAYS),
)
_MONDAY_TO_FRIDAY = frozenset(range(1, 6))
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@lru_cache(maxsize=256)
def parse(schedule: str) -> Schedule:
    """Read the text of a schedule.

    Raises:
        ConfigError: it is none; the message says what is allowed.
    """
    words = schedule.lower().split()
    if words == ["on", "finalize"]:
        return OnFinalize()
    if len(words) == 2 and words[0] in {"daily", "weekdays"}:
        weekdays = _MONDAY_TO_FRIDAY if words[0] == "weekdays" else frozenset(range(7))
        return Calendar((_clock_time(schedule, words[1]),), _FIELDS[2].all, _FIELDS[3].all, weekdays)
    if len(words) == len(_FIELDS):
        return _cron(schedule, words)
    raise _wrong(schedule, "is no schedule")


def check(settings: Settings, *, file: str = "config.toml") -> None:
    """Read the schedule of every newsletter and feed, so that a wrong one stops the start and not the first pass.

    Raises:
        ConfigError: one is wrong; the message holds its dotted path.
    """
    for number, newsletter in enumerate(settings.newsletter, 1):
        try:
            parse(newsletter.schedule)
        except ConfigError as error:
            raise ConfigError(
                f"newsletter[{number}].schedule: {error.message}", remedy=error.remedy, file=file
            ) from error
    for number, feed in enumerate(settings.inbox.feed, 1):
        try:
            parse(feed.schedule or "on finalize")
        except ConfigError as error:
            raise ConfigError(
                f"inbox.feed[{number}].schedule: {error.message}", remedy=error.remedy, file=file
            ) from error


def _wrong(schedule: str, why: str) -> ConfigError:
    return ConfigError(f'"{schedule}" {why}', remedy=_ALLOWED)


def _clock_time(schedule: str, text: str) -> time:
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text)
    if not match:
        raise _wrong(schedule, f'has no time of day: "{text}"')
    return time(int(match[1]), int(match[2]))


def _cron(schedule: str, words: list[str]) -> Calendar:
    minutes, hours, days, months, weekdays = (
        _values(schedule, field, word) for field, word in zip(_FIELDS, words, strict=True)
    )
    # As cron has it: both days restricted, meaning that neither begins with a star, is "one or the other".
    either = not words[2].startswith("*") and not words[4].startswith("*")
    if not either and all(min(days) > _LONGEST[month - 1] for month in months):
        raise _wrong(schedule, "names a day that never comes")
    times = tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
    return Calendar(times, days, months, frozenset(day % 7 for day in weekdays), either)


def _values(schedule: str, field: _Field, word: str) -> frozenset[int]:
    return frozenset(value for part in word.split(",") for value in _range(schedule, field, part))


def _range(schedule: str, field: _Field, part: str) -> range:
    """The values of one part of a list: `5`, `mon`, `1-5` or `*`, the last two perhaps with a step.

    A step without a range (`5/2`) is refused: crons do not agree on what it means.
    """
    match = re.fullmatch(r"(\*|(\w{1,3})-(\w{1,3}))(?:/([0-9]{1,2}))?|(\w{1,3})", part, re.ASCII)
    if not match:
        raise _wrong(schedule, f'has a {field.name} that cron does not know: "{part}"')
    if match[5]:
        low = high = _value(schedule, field, match[5])
    elif match[1] == "*":
        low, high = field.low, field.high
    else:
        low, high = _value(schedule, field, match[2]), _value(schedule, field, match[3], last=True)
    step = int(match[4] or 1)
    if low > high or step == 0:
        raise _wrong(schedule, f'has a {field.name} with nothing in it: "{part}"')
    return range(low, high + 1, step)


def _value(schedule: str, field: _Field, text: str, *, last: bool = False) -> int:
    """A number or a name. As the end of a range `sun` is 7, so that `fri-sun` is a range."""
    if text in field.names:
        value = field.names.index(text) + (1 if field.names is _MONTHS else 0)
        return 7 if last and text == "sun" else value
    if text.isdigit() and field.low <= int(text) <= field.high:
        return int(text)
    raise _wrong(schedule, f'has a {field.name} outside {field.low} to {field.high}: "{text}"')


# --- slots -----------------------------------------------------------------------------------------------------


def slots(
    schedule: str | Schedule, timezone: str | ZoneInfo, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Every slot later than `after` and not later than `until`, ascending, in aware UTC, one at a time.

    `on finalize` gives `until` alone: the pass that asks is the slot.

    Raises:
        ConfigError: the schedule or the zone is wrong.
        ValueError: a moment without a zone.
    """
    if after.tzinfo is None or until.tzinfo is None:
        raise ValueError("slots are asked for between aware moments")
    read = parse(schedule) if isinstance(schedule, str) else schedule
    if isinstance(read, OnFinalize):
        return iter((until.astimezone(UTC),) if until > after else ())
    return _between(read, zone(timezone), after.astimezone(UTC), until.astimezone(UTC))


def newest_slot(schedule: str | Schedule, timezone: str | ZoneInfo, now: datetime) -> datetime | None:
    """The newest slot not later than `now`; None when the calendar holds none (there always is one)."""
    for span in _LOOK_BACK:
        found = deque(slots(schedule, timezone, now - span, now), maxlen=1)
        if found:
            return found[0]
    return None


def next_slot(schedule: str | Schedule, timezone: str | ZoneInfo, now: datetime) -> datetime | None:
    """The first slot later than `now`; None for `on finalize`, which has no moment to wait for."""
    read = parse(schedule) if isinstance(schedule, str) else schedule
    if isinstance(read, OnFinalize):
        return None
    return next(slots(read, timezone, now, now + _NEVER_LONGER), None)


def zone(timezone: str | ZoneInfo) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        ConfigError: there is none.
    """
    if isinstance(timezone, ZoneInfo):
        return timezone
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f'"{timezone}" is no time zone', remedy='Write one like "Europe/Berlin"') from error


def _between(calendar: Calendar, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Slots in (after, until], ascending, each once.

    Local order is not the order of the moments where a clock jumps, so each date is sorted. What a jump moves
    past midnight falls on the times of the next date (a calendar has the same ones every day), and counts once:
    Apia's 30 December 2011 never came. No jump is longer than a day, hence a date more at either end.
    """
    newest = after
    for day in _dates(calendar, after.astimezone(zone).date() - _DAY, until.astimezone(zone).date() + _DAY):
        moments = {datetime.combine(day, clock, zone).astimezone(UTC) for clock in calendar.times}
        for moment in sorted(moments):
            if newest < moment <= until:
                newest = moment
                yield moment


def _dates(calendar: Calendar, first: date, last: date) -> Iterator[date]:
    """The dates with slots from `first` to `last`; months without any are skipped in one step."""
    day = first
    while day <= last:
        if day.month not in calendar.months:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            continue
        if calendar.has(day):
            yield day
        day += _DAY
