"""Pages that stand whatever is published: about, the feeds for people, the one for what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from publisher.digests.model import Direction
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.schedules import schedule_line
from publisher.rendering.site import site_page
from publisher.rendering.words import direction_of, words


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
    look: Look
    direction: Direction
    feeds: tuple[tuple[str, str], ...]


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


def feeds_page(site: SiteLook, looks: Sequence[Look]) -> bytes:
    """Every feed with its whole address, to be copied into a reader.

    Raises:
        RenderError: a template is wrong.
    """
    fed = [
        _Fed(look, direction_of(look.language), tuple((name, f"{look.url}{file}") for name, file in FEEDS))
        for look in looks
    ]
    return site_page(site, site.language, "page/addresses.html", root="../", fed=fed)


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
