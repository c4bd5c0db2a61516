"""What a reader says about themselves on the preferences page: shown, and read from what the form sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from publisher.errors import SubscriberError
from publisher.people import Holder
from publisher.rendering.notices import About, Language
from publisher.rendering.words import languages
from subscribers.preferences import Profile
from subscribers.profile import LONGEST_PAUSE, clean_language, clean_name, clean_pause, clean_timezone, known_zones

Answers = Mapping[str, Sequence[str]]
_Said = TypeVar("_Said")


class WrongFieldError(SubscriberError):
    """A field of the form cannot be taken."""

    def __init__(self, field: str, error: SubscriberError) -> None:
        super().__init__(error.message, remedy=error.remedy)
        self.field = field


def choice(answers: Answers, name: str) -> str | None:
    """The one value that a form sent under a name; None when it sent none, or several."""
    sent = answers.get(name, ())
    return sent[0] if len(sent) == 1 else None


def zone_of(holder: Holder, answers: Answers, otherwise: str) -> str:
    """The time zone in which days are meant: what the form says, else what is known, else the newsletter's."""
    try:
        said = clean_timezone(choice(answers, "timezone") or "")
    except SubscriberError:
        said = ""
    return said or holder.subscriber.timezone or otherwise


def profile(holder: Holder, answers: Answers, zone: str, site: Path | None, now: datetime) -> Profile:
    """What the form says; what it does not speak of stays.

    Args:
        holder: whose it is.
        answers: what was sent.
        zone: in which days are meant.
        site: the folder of the site's own templates, which may know more languages.
        now: aware UTC.

    Raises:
        WrongFieldError: a field cannot be taken.
    """
    known, offered = holder.subscriber, {tag for tag, _ in languages(site)}
    today = now.astimezone(ZoneInfo(zone)).date()

    def language(text: str) -> str:
        tag = clean_language(text)
        if tag and tag not in offered | {known.language}:
            raise SubscriberError(f'"{tag}" is none of our languages')
        return tag

    def pause(text: str) -> datetime | None:
        day = clean_pause(text, today)
        return None if day is None else datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)

    resting = holder.subscription.paused_until if holder.subscription else None
    return Profile(
        _read(answers, "name", clean_name, known.name),
        _read(answers, "language", language, known.language),
        _read(answers, "timezone", clean_timezone, known.timezone),
        _read(answers, "pause", pause, resting),
    )


def about(holder: Holder, answers: Answers, zone: str, site: Path | None, now: datetime) -> About:
    """What the page shows: what the form said, or else what is known, and what there is to choose from."""
    known, today = holder.subscriber, now.astimezone(ZoneInfo(zone)).date()
    resting = holder.subscription.paused_until if holder.subscription else None
    paused = resting.astimezone(ZoneInfo(zone)).date().isoformat() if resting and resting > now else ""

    def shown(name: str, otherwise: str) -> str:
        said = choice(answers, name)
        return otherwise if said is None else said

    offered = dict(languages(site))
    zones = known_zones()
    return About(
        name=shown("name", known.name),
        language=shown("language", known.language),
        timezone=shown("timezone", known.timezone),
        pause=_day(shown("pause", paused)),
        soonest=(today + timedelta(days=1)).isoformat(),
        latest=(today + LONGEST_PAUSE).isoformat(),
        languages=[Language(*each) for each in _with(offered, known.language).items()],
        timezones=[*zones, *({known.timezone} - {"", *zones})],
    )


def _day(text: str) -> str:
    """A day as the field can hold it; nothing for what is none."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""


def _with(offered: dict[str, str], tag: str) -> dict[str, str]:
    """The languages, and the one that somebody has already, by whatever way: saving must not lose it."""
    return offered if not tag or tag in offered else offered | {tag: tag}


def _read(answers: Answers, name: str, clean: Callable[[str], _Said], otherwise: _Said) -> _Said:
    said = choice(answers, name)
    if said is None:
        return otherwise
    try:
        return clean(said)
    except SubscriberError as error:
        raise WrongFieldError(name, error) from error
