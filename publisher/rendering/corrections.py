"""What a corrected edition says to readers: each note with its day, in the newsletter's language and zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.editions import Note
from publisher.errors import one_line
from publisher.rendering.differences import Change, differences
from publisher.rendering.look import Look
from publisher.rendering.words import Words


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment as templates show it: `moment` for machines, with its offset, `date` for people."""

    moment: str
    date: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A note as templates show it. `text` is one line; `changes` is empty unless the newsletter shows them."""

    when: Dated
    text: str
    changes: tuple[Change, ...] = ()


def corrections(notes: Sequence[Note], look: Look, words: Words) -> tuple[Correction, ...]:
    """The notes, the newest first; of two of the same moment, the one given last."""
    newest_first = sorted(notes, key=lambda note: note.at)[::-1]
    shown = (
        Correction(dated(note.at, look, words), one_line(note.text), _changes(note, look)) for note in newest_first
    )
    return tuple(correction for correction in shown if correction.text)


def _changes(note: Note, look: Look) -> tuple[Change, ...]:
    return differences(*note.revised) if look.public_diff and note.revised else ()


def dated(moment: datetime, look: Look, words: Words) -> Dated:
    """`moment` on the newsletter's clock, as it stands inside a line."""
    local = moment.astimezone(ZoneInfo(look.timezone)).replace(microsecond=0)
    return Dated(local.isoformat(), words.long_date(local.date()))
