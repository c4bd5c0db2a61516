"""What one newsletter does at a moment: which digest takes the slot, which go without mail, which are held.

Pure choices over what the database knows; `publishing` carries them out, `scheduling` wakes at `next_event`,
`digest list` shows `waiting_reason`. The rules, with their reasons, are in docs/design/slots.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from publisher import slots
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice

PASS_GAP = timedelta(seconds=1)
"""How long after a pass the next one looks at what that pass left: `on finalize`, a pass is a slot."""

LATE = " late: "
"""Stands in every reason of a digest that is held because it could only have left too late."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish a digest now. `slot` is the slot it takes; None for backlog, which takes none."""

    digest_id: int
    slot: datetime | None
    mail: MailChoice


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a digest for an editor; `reason` is one line that people read."""

    digest_id: int
    reason: str


Intent = Publish | Hold


def decide(
    records: Sequence[DigestRecord],
    *,
    schedule: str | slots.Schedule,
    timezone: str | ZoneInfo,
    stale_after: timedelta,
    taken: Collection[datetime],
    now: datetime,
) -> tuple[Intent, ...]:
    """What to do at `now` with the digests of one newsletter.

    Holds come first, then backlog from the oldest, then the one that is mailed. It is last on purpose: while it
    has not taken the slot, a killed pass leaves the rest of the backlog where the next pass finds it as backlog;
    the other way round the next slot would mail one of them.

    Args:
        records: all of its digests, or at least the finalized ones.
        schedule: when it publishes; text, or already read.
        timezone: its zone.
        stale_after: a digest later than this is held instead of mailed.
        taken: the slots that digests of this newsletter have taken.
        now: aware.
    """
    zone = slots.zone(timezone)
    slot = _open_slot(schedule, zone, taken, now)
    able = [record for record in records if slot and _can_take(record, slot, zone, now)]
    if slot is None or not able:
        return ()
    newest = max(record.date for record in able)
    older = sorted((r for r in able if r.date < newest), key=lambda r: (r.date, ready_at(r, zone), r.slug))
    backlog = tuple(Publish(record.id, None, MailChoice.BACKLOG) for record in older)
    held: list[Hold] = []
    for record in sorted((r for r in able if r.date == newest), key=lambda r: (ready_at(r, zone), r.slug)):
        since = max(slot, ready_at(record, zone))
        if now - since <= stale_after:
            return (*held, *backlog, Publish(record.id, slot, MailChoice.MAILED))
        held.append(Hold(record.id, _why_late(now - since, since, zone, of_slot=since == slot)))
    return (*held, *backlog)


def next_event(
    records: Iterable[DigestRecord],
    *,
    schedule: str | slots.Schedule,
    timezone: str | ZoneInfo,
    taken: Collection[datetime],
    now: datetime,
) -> datetime | None:
    """The first moment after `now` at which `decide` may have something new; None when nothing waits.

    Asked after the pass of `now`, with what it left. May be a moment at which nothing comes of it, never late.
    """
    zone = slots.zone(timezone)
    waiting = [record for record in records if record.state is DigestState.FINALIZED]
    events = [moment for record in waiting if (moment := ready_at(record, zone)) > now]
    if len(events) < len(waiting):  # something is ready and has to wait
        slot = _open_slot(schedule, zone, taken, now)
        left = slot is not None and any(_can_take(record, slot, zone, now) for record in waiting)
        upcoming = None if left else slots.next_slot(schedule, zone, now)
        events.append(upcoming or now + PASS_GAP)
    return min(events, default=None)


def waiting_reason(
    record: DigestRecord,
    *,
    schedule: str | slots.Schedule,
    timezone: str | ZoneInfo,
    taken: Collection[datetime],
    now: datetime,
) -> str:
    """What a digest waits for, one line for people; empty when it waits for nothing."""
    if record.state is not DigestState.FINALIZED:
        return _resting(record)
    zone = slots.zone(timezone)
    today = now.astimezone(zone).date()
    ready = ready_at(record, zone)
    if record.date > today:
        return f"dated {_day(record.date, today)}"
    if ready > now:
        return f"not before {_clock(ready, zone, today)}"
    slot = _open_slot(schedule, zone, taken, now)
    if slot is not None and _can_take(record, slot, zone, now):
        return "leaves with the next pass"
    upcoming = slots.next_slot(schedule, zone, now)
    return f"waits for {_clock(upcoming, zone, today)}" if upcoming else "leaves with the next pass"


def ready_at(record: DigestRecord, timezone: str | ZoneInfo) -> datetime:
    """When a finalized digest was, or will be, ready to take a slot.

    The latest of: when the database first knew it as finalized, its `publish_at`, and the start of its date in
    the newsletter's zone, which matters to one that was finalized before it.
    """
    finalized = _finalized_at(record)
    return max(finalized, record.publish_at or finalized, _begins(record, slots.zone(timezone)))


def _finalized_at(record: DigestRecord) -> datetime:
    return record.finalized_at or record.seen_at


def _begins(record: DigestRecord, zone: ZoneInfo) -> datetime:
    """The start of the digest's date."""
    return datetime.combine(record.date, time(), zone).astimezone(UTC)


def _open_slot(
    schedule: str | slots.Schedule, zone: ZoneInfo, taken: Collection[datetime], now: datetime
) -> datetime | None:
    """The newest slot not later than `now`, when no digest has it; older ones are gone."""
    slot = slots.newest_slot(schedule, zone, now)
    return None if slot in taken else slot


def _can_take(record: DigestRecord, slot: datetime, zone: ZoneInfo, now: datetime) -> bool:
    """Whether a digest is ready and the slot may be its own.

    One that has waited for its date leaves at a slot of that date, not at midnight for one of the day before.
    """
    if record.state is not DigestState.FINALIZED or ready_at(record, zone) > now:
        return False
    waited = _finalized_at(record) < _begins(record, zone)
    return not waited or slot.astimezone(zone).date() >= record.date


# --- words for people ------------------------------------------------------------------------------------------

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_RESTING = {
    DigestState.DRAFT: "a draft: finalize it",
    DigestState.PUBLISHED: "",
    DigestState.WITHDRAWN: "",
}


def _resting(record: DigestRecord) -> str:
    if record.state is DigestState.HELD:
        return f"held: {record.held_because or 'no reason was given'}"
    return "not mailed: backlog" if record.mail is MailChoice.BACKLOG else _RESTING[record.state]


def _why_late(lateness: timedelta, since: datetime, zone: ZoneInfo, *, of_slot: bool) -> str:
    counted = "its slot was" if of_slot else "it was ready at"
    return f"{_span(lateness)}{LATE}{counted} {since.astimezone(zone):%H:%M on %Y-%m-%d}"


def _span(span: timedelta) -> str:
    """`3 d 2 h`, `6 h 5 min`, `7 min`: the two largest units are enough."""
    minutes = int(span.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join([f"{count} {unit}" for count, unit in parts if count][:2]) or "less than a minute"


def _clock(moment: datetime, zone: ZoneInfo, today: date) -> str:
    local = moment.astimezone(zone)
    day = _day(local.date(), today)
    return f"{local:%H:%M} {day}" if day in {"today", "tomorrow"} else f"{local:%H:%M} on {day}"


def _day(day: date, today: date) -> str:
    """A day as people near it call it: `tomorrow`, `Friday`, `2024-12-24`."""
    ahead = (day - today).days
    if ahead in (0, 1):
        return "tomorrow" if ahead else "today"
    return _WEEKDAYS[day.weekday()] if 1 < ahead < 7 else day.isoformat()
