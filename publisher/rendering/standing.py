"""Pages that stand whatever is published: about, the feeds for people, the one for what is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from publisher.digests.model import Direction
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.schedules import schedule_line
from publisher.rendering.site import site_page
from publisher.rendering.words import Words, direction_of, words


@dataclass(frozen=True, slots=True)
class _Told:
    """A newsletter as the about page tells of it. `sender_name` may be empty; `contact` is a bare address."""

    look: Look
    direction: Direction
    schedule: str
    sender_name: str
    sender_address: str


@dataclass(frozen=True, slots=True)
class _Fed:
    """A newsletter as the feeds page tells of it: what each feed is called, and its address."""

    look: Look
    direction: Direction
    feeds: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


Sections = Sequence[tuple[str, str]]
"""(slug, name) of each."""

HEADLINES = "headlines.xml"
CORRECTIONS = "corrections.xml"
"""The feeds of one format alone, in the newsletter's folder."""

NO_SECTIONS: Mapping[str, Sections] = {}

FEEDS = (("Atom", "atom.xml"), ("RSS", "rss.xml"), ("JSON Feed", "feed.json"))
"""The feeds of a newsletter as people are shown them: name and file in its folder."""


def about_page(site: SiteLook, looks: Sequence[Look]) -> bytes:
    """What the site is, who sends its newsletters and when, and how to come and go.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(site.language, site.templates)
    told = []
    for look in looks:
        name, address = parseaddr(look.sender)
        line = schedule_line(look.schedule, look.timezone, ours)
        told.append(_Told(look, direction_of(look.language), line, name, address))
    return site_page(site, site.language, "page/about.html", root="../", told=told)


def feeds_page(site: SiteLook, looks: Sequence[Look], sections: Mapping[str, Sections] = NO_SECTIONS) -> bytes:
    """Every feed with its whole address, to be copied into a reader.

    Args:
        site: the site's look.
        looks: the newsletters'.
        sections: (slug, name) of the sections of each newsletter, by its slug.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(site.language, site.templates)
    fed = [_fed(look, sections.get(look.slug, ()), ours) for look in looks]
    return site_page(site, site.language, "page/addresses.html", root="../", fed=fed)


def _fed(look: Look, sections: Sections, ours: Words) -> _Fed:
    alone = ((ours("Headlines only"), f"{look.url}{HEADLINES}"), (ours("Corrections"), f"{look.url}{CORRECTIONS}"))
    theirs = ((name, _addresses(f"{look.url}{section_path(slug)}")) for slug, name in sections)
    return _Fed(look, direction_of(look.language), (*_addresses(look.url), *alone), tuple(theirs))


def _addresses(folder: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{folder}{file}") for name, file in FEEDS)


def section_path(section: str) -> str:
    """The folder of a section's feeds, from the newsletter's."""
    return f"sections/{section}/"


def feed_style(site: SiteLook) -> bytes:
    """What a browser shows a feed with: a stylesheet, and a word about what feeds are for.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(site.language, site.templates)
    notice = ours("This is a feed. Copy its address into a feed reader, and every issue comes to you.")
    return site_page(site, site.language, "page/feed.css", root="", notice=notice)


def missing_page(site: SiteLook, looks: Sequence[Look]) -> bytes:
    """For an address where nothing is; it may be shown at any depth, so its links begin at the root of the host.

    Raises:
        RenderError: a template is wrong.
    """
    return site_page(site, site.language, "page/missing.html", root=urlsplit(site.url).path, looks=looks)


def letter_icon(site: SiteLook) -> bytes:
    """The first letter of the site's name as a picture for tabs, where no logo can be one (SVG)."""
    return site_page(site, site.language, "page/icon.svg", root="", letter=_first_letter(site.title))


def _first_letter(title: str) -> str:
    """Of `The Gazette` the G would be nicer; of names in other languages nobody knows."""
    return next((character.upper() for character in title if character.isalnum()), "•")
