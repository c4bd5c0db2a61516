"""Which newsletter a digest belongs to, what it is called for ever, and when it is from. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from publisher.digests.model import Digest, Manuscript, Section
from publisher.digests.slugs import MAX_LENGTH, section_slugs, slugify
from publisher.errors import DigestError

_DATE = re.compile(r"(?<!\d)(?:\d{4}[-_.]\d{2}[-_.]\d{2}|\d{8})(?!\d)")


@dataclass(frozen=True, slots=True)
class Home:
    """A newsletter of the configuration, as digests see it; `language` is the site's when it names none."""

    slug: str
    language: str
    zone: ZoneInfo


def home_of(manuscript: Manuscript, *, path: str, newsletters: Sequence[Home]) -> Home:
    """The newsletter that a file belongs to: its front matter's, else its subfolder's, else the first configured.

    Args:
        path: of the file, relative to the inbox, with forward slashes.

    Raises:
        DigestError: there is no such newsletter; the message lists those that exist.
    """
    folders = PurePosixPath(path).parts[:-1]
    wanted = manuscript.newsletter or (folders[0] if folders else newsletters[0].slug)
    for newsletter in newsletters:
        if newsletter.slug == wanted:
            return newsletter
    known = ", ".join(newsletter.slug for newsletter in newsletters)
    where = "" if manuscript.newsletter else ", and its subfolder stands for one"
    raise DigestError(
        f'there is no newsletter "{wanted}"{where}',
        remedy=f"Configured: {known}",
        file=path,
        newsletter=wanted,
    )


def settle(manuscript: Manuscript, *, path: str, newsletters: Sequence[Home], first_seen: date) -> Digest:
    """The digest with newsletter, slug, date, language and moment settled.

    Args:
        path: of the file, relative to the inbox, with forward slashes.
        newsletters: in configured order; at least one.
        first_seen: the day the file was first seen, in its newsletter's zone: the date of a digest that has none.

    Raises:
        DigestError: it belongs to no configured newsletter.
    """
    home = home_of(manuscript, path=path, newsletters=newsletters)
    day = manuscript.date or first_seen
    return Digest(
        newsletter=home.slug,
        slug=manuscript.slug or slug_of(path, day),
        title=manuscript.title,
        date=day,
        language=manuscript.language or home.language,
        direction=manuscript.direction,
        lead=manuscript.lead,
        sections=_with_unique_slugs(manuscript.sections),
        author=manuscript.author,
        image=manuscript.image,
        publish_at=_moment(manuscript.publish_at, home.zone),
    )


def slug_of(path: str, day: date) -> str:
    """`YYYY-MM-DD-` of the digest and the file's name without its own date and its ending."""
    name = PurePosixPath(path).name
    stem = name[: -len(PurePosixPath(name).suffix)] if PurePosixPath(name).suffix else name
    bare = _DATE.sub(" ", stem, count=1)
    if not any(character.isalnum() for character in bare):
        return day.isoformat()
    limit = MAX_LENGTH - len("YYYY-MM-DD-")
    return f"{day.isoformat()}-{slugify(bare, fallback='digest', limit=limit)}"


def _with_unique_slugs(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Readers give unique slugs; a section made by hand may have none."""
    slugs = section_slugs([(section.name, section.slug) for section in sections])
    return tuple(
        Section(slug, section.name, section.blocks) for slug, section in zip(slugs, sections, strict=True)
    )


def _moment(publish_at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Aware UTC. A naive moment is the newsletter's; in an hour that comes twice it is the first."""
    if publish_at is None:
        return None
    return (publish_at if publish_at.tzinfo else publish_at.replace(tzinfo=zone)).astimezone(UTC)
