"""When a newsletter comes, in a reader's words. What has no short words is left unsaid."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from babel.dates import format_time, get_timezone_name
from babel.lists import format_list

from publisher.rendering.words import Words
from publisher.slots import Calendar, parse

_EVERY_DAY = frozenset(range(7))
_MONDAY_TO_FRIDAY = frozenset(range(1, 6))
_MOST_TIMES = 4
"""A day; nobody reads a longer list."""


def schedule_line(schedule: str, timezone: str, ours: Words) -> str:
    """`Monday to Friday at 7:00 AM, Central European Time`; empty for what cannot be said in a line.

    Args:
        schedule: the setting's text.
        timezone: of the newsletter.
        ours: the words.
    """
    read = parse(schedule)
    if not isinstance(read, Calendar):
        return ours("No fixed days: each issue is sent as soon as it is ready")
    whole_year = len(read.days) == 31 and len(read.months) == 12
    if not whole_year or read.either or not read.weekdays or len(read.times) > _MOST_TIMES:
        return ""
    said = {"days": _days(read.weekdays, ours), "times": _times(read.times, ours), "zone": _zone(timezone, ours)}
    return ours("%(days)s, %(times)s (%(zone)s)") % said


def _days(weekdays: frozenset[int], ours: Words) -> str:
    """Weekdays as cron counts them, 0 is Sunday; a week begins as the locale's does."""
    if weekdays == _EVERY_DAY:
        return ours("Every day")
    if weekdays == _MONDAY_TO_FRIDAY:
        return ours("Monday to Friday")
    names = ours.locale.days["stand-alone"]["wide"]  # 0 is Monday
    order = sorted(((day - 1) % 7 for day in weekdays), key=lambda day: (day - ours.locale.first_week_day) % 7)
    listed = format_list([str(names[day]) for day in order], locale=ours.locale)
    return listed[:1].title() + listed[1:]


def _times(times: tuple[time, ...], ours: Words) -> str:
    shown = [format_time(each, "short", locale=ours.locale).replace("\u202f", "\u00a0") for each in times]
    return format_list(shown, locale=ours.locale)


def _zone(timezone: str, ours: Words) -> str:
    """Places without a name of their own, UTC among them, are called as the setting calls them."""
    zone = ZoneInfo(timezone)
    if "/" not in timezone or timezone.startswith("Etc/"):
        return timezone.removeprefix("Etc/")
    return get_timezone_name(zone, width="long", locale=ours.locale)
