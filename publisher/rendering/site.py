"""The pages around the digests: the site's first page and each newsletter's archive.

All links are relative with the file's name written out: a site opens from a folder as it does from a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from publisher.digests.model import Direction
from publisher.editions import Headline
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.templates import environment, fill
from publisher.rendering.withdrawal import withdrawn_line
from publisher.rendering.words import Words, direction_of, words

NEWEST = 5
"""Digests of each newsletter on the site's first page."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A newsletter on the site's first page with its published digests; only the newest few are shown."""

    look: Look
    headlines: Sequence[Headline] = ()


@dataclass(frozen=True, slots=True)
class _Listed:
    """A digest as a line of a list. `path` leads to it from the page; `withdrawn` says so of one that is."""

    headline: Headline
    path: str
    date: str
    withdrawn: str
    words: Words


@dataclass(frozen=True, slots=True)
class _Shelved:
    look: Look
    folder: str
    direction: Direction
    listed: tuple[_Listed, ...]


@dataclass(frozen=True, slots=True)
class _Month:
    name: str
    listed: tuple[_Listed, ...]


def index_page(site: SiteLook, shelves: Sequence[Shelf]) -> bytes:
    """The site's first page: every newsletter with its newest digests.

    Raises:
        RenderError: a template is wrong.
    """
    shelved = tuple(_shelved(shelf) for shelf in shelves)
    return _page(site, site.language, "page/index.html", shelves=shelved)


def archive_page(look: Look, headlines: Iterable[Headline]) -> bytes:
    """All digests of a newsletter by month, the newest first.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(look.language, look.site.templates)
    by_month = groupby(_newest_first(headlines), key=lambda headline: _month(headline.date))
    months = tuple(_Month(ours.month(month), _listed(group, look, ours, "")) for month, group in by_month)
    return _page(look.site, look.language, "page/archive.html", look=look, months=months)


def _page(site: SiteLook, language: str, template: str, **values: object) -> bytes:
    ours = words(language, site.templates)
    env = environment(site.templates, ours.translations)
    standing = {"site": site, "words": ours, "language": language, "direction": direction_of(language)}
    return fill(env, template, **standing, **values).encode()


def _shelved(shelf: Shelf) -> _Shelved:
    folder = f"{shelf.look.slug}/"
    newest = _newest_first(shelf.headlines)[:NEWEST]
    ours = words(shelf.look.language, shelf.look.site.templates)
    return _Shelved(shelf.look, folder, ours.written, _listed(newest, shelf.look, ours, folder))


def _listed(headlines: Iterable[Headline], look: Look, ours: Words, folder: str) -> tuple[_Listed, ...]:
    return tuple(
        _Listed(
            headline,
            f"{folder}{headline.slug}/index.html",
            ours.full_date(headline.date),
            withdrawn_line(headline.withdrawn_at, look, ours) if headline.withdrawn_at else "",
            ours,
        )
        for headline in headlines
    )


def _newest_first(headlines: Iterable[Headline]) -> list[Headline]:
    """By the digests' own dates: a backlog published in one go still reads as the days it tells of."""
    return sorted(headlines, key=lambda each: (each.date, each.published_at, each.slug), reverse=True)


def _month(day: date) -> date:
    return day.replace(day=1)
