"""From items to the file of a digest. Pure: the same items at the same moment give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from babel import UnknownLocaleError
from babel.dates import format_date

from publisher.config.feeds import InboxFeed
from publisher.digests import json
from publisher.digests.jsonwriting import written
from publisher.digests.markup import blocks_of, plain_text
from publisher.digests.model import Block, Link, Section, Text
from publisher.digests.slugs import section_slugs
from publisher.digests.walk import pieces
from publisher.errors import DigestError
from publisher.upstream.layouts import filled, joined, laid_out, linked_title
from publisher.upstream.model import Item, Waiting

MAX_SUMMARY = 300
"""Characters of a summary; a reader of a digest wants to know whether to read on."""

MAX_PIECES = 300
"""Of one item's content, as digests count them; what has more is told by its summary."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a feed's digests are set.

    Args:
        feed: its table in the configuration.
        title: the newsletter's.
        language: of the newsletter, as a BCP 47 tag.
        zone: the newsletter's.
    """

    feed: InboxFeed
    title: str
    language: str
    zone: ZoneInfo


def chosen(waiting: Sequence[Waiting], limit: int) -> tuple[Waiting, ...]:
    """The newest so many, the newest first."""
    return tuple(sorted(waiting, key=lambda each: (each.at, each.id), reverse=True)[:limit])


def composed(setting: Setting, items: Sequence[Waiting], *, slug: str, now: datetime) -> bytes:
    """The file of a digest of these items, which the inbox takes for certain.

    When it is too much for a digest with all that the items hold, they are told by their summaries.
    """
    whole = _file(setting, items, slug=slug, now=now, brief=False)
    try:
        json.read(whole, name=f"{slug}.json")
    except DigestError:
        return _file(setting, items, slug=slug, now=now, brief=True)
    return whole


def _file(setting: Setting, items: Sequence[Waiting], *, slug: str, now: datetime, brief: bool) -> bytes:
    day = now.astimezone(setting.zone).date()
    lead, sections = _sections(setting, items, brief=brief)
    return written(
        newsletter=setting.feed.newsletter,
        slug=slug,
        title=_title(setting, items, day),
        day=day,
        status=setting.feed.status,
        lead=lead,
        sections=sections,
    )


def _title(setting: Setting, items: Sequence[Waiting], day: date) -> str:
    values = {
        "newsletter": setting.title,
        "date": _day(day, setting.language),
        "count": str(len(items)),
        "first": items[0].item.title,
    }
    return filled(setting.feed.title, values)[:300].strip() or setting.title


def _sections(
    setting: Setting, items: Sequence[Waiting], *, brief: bool
) -> tuple[tuple[Block, ...], tuple[Section, ...]]:
    """The lead, for items whose section has no name, and sections in the order of their newest items."""
    by_name: dict[str, list[Block]] = {}
    for each in items:
        values = {"source": each.source, "category": each.item.category}
        name = filled(setting.feed.section, values)[:300].strip()
        by_name.setdefault(name, []).extend(_blocks(setting, each, brief=brief))
    lead = joined(by_name.pop("", ()))
    slugs = section_slugs([(name, "") for name in by_name])
    pairs = zip(slugs, by_name.items(), strict=True)
    return lead, tuple(Section(slug, name, joined(blocks)) for slug, (name, blocks) in pairs)


def _blocks(setting: Setting, waiting: Waiting, *, brief: bool) -> tuple[Block, ...]:
    item = waiting.item
    summary = _summary(item)
    content = () if brief or "{content}" not in setting.feed.item else _content(item, setting.feed.pictures)
    texts: Mapping[str, str] = {
        "summary": summary,
        "author": item.author,
        "category": item.category,
        "source": waiting.source,
        "date": _day(waiting.at.astimezone(setting.zone).date(), setting.language),
    }
    values = {
        **{name: (Text(text),) if text else () for name, text in texts.items()},
        "title": linked_title(item.title, item.link),
        "link": (Link(item.link, (Text(item.link),)),) if item.link else (),
    }
    told = laid_out(setting.feed.item, values, content or _told(summary))
    return told or laid_out("**{title}**", values, ())


def _content(item: Item, pictures: bool) -> tuple[Block, ...]:
    """What an item holds; nothing when it is too much."""
    blocks = blocks_of(item.content or item.summary, base=item.link, pictures=pictures)
    is_more = next(islice(pieces(blocks), MAX_PIECES, None), None) is not None
    return () if is_more else blocks


def _told(summary: str) -> tuple[Block, ...]:
    return laid_out("{summary}", {"summary": (Text(summary),)}, ()) if summary else ()


def _summary(item: Item) -> str:
    """A few plain words, ending with a word; none, when they only say the title again."""
    text = plain_text(item.summary or item.content)
    if text == item.title:
        return ""
    return text if len(text) <= MAX_SUMMARY else text[: MAX_SUMMARY - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _day(day: date, language: str) -> str:
    try:
        return format_date(day, "long", locale=language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return day.isoformat()
