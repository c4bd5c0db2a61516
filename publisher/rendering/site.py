"""The pages around the digests: the site's first page, each newsletter's archive and the months of it.

All links are relative with the file's name written out: a site opens from a folder as it does from a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from publisher.digests.model import Direction
from publisher.editions import Headline, Month
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.templates import environment, fill
from publisher.rendering.withdrawal import withdrawn_line
from publisher.rendering.words import Words, direction_of, territorial, words

NEWEST = 5
"""Digests of each newsletter on the site's first page."""

SHOWN = 30
"""Digests on a newsletter's own page; those before them stand on the pages of their months."""


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
    """`name` is with its year, `short` without; `path` leads to its page from the newsletter's folder."""

    name: str
    short: str
    path: str
    listed: tuple[_Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Year:
    number: int
    months: tuple[_Month, ...]


def index_page(site: SiteLook, shelves: Sequence[Shelf]) -> bytes:
    """The site's first page: every newsletter with its newest digests.

    Raises:
        RenderError: a template is wrong.
    """
    shelved = tuple(_shelved(shelf) for shelf in shelves)
    return site_page(site, site.language, "page/index.html", root="", shelves=shelved)


def archive_page(look: Look, headlines: Iterable[Headline], months: Sequence[Month] = ()) -> bytes:
    """A newsletter's page: its newest digests by month, and the way to all months when there are more.

    Args:
        look: the newsletter's.
        headlines: its newest digests, in any order; of more than SHOWN the oldest are left out.
        months: all months that it has digests of, the newest first.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(look.language, look.site.templates)
    newest = _newest_first(headlines)[:SHOWN]
    grouped = groupby(newest, key=lambda each: each.date.replace(day=1))
    shown = tuple(_month(first, ours, _listed(group, look, ours, "")) for first, group in grouped)
    total = sum(month.count for month in months)
    years = _years(months, ours) if total > len(newest) else ()
    return site_page(
        look.site, look.language, "page/archive.html", root="../", look=look, months=shown, years=years
    )


def month_page(look: Look, month: date, headlines: Iterable[Headline], months: Sequence[Month]) -> bytes:
    """A month of a newsletter's archive, whole, with the way to the months before and after it.

    Args:
        look: the newsletter's.
        month: its first day.
        headlines: its digests, in any order; none when the last one was given another date.
        months: all months that the newsletter has digests of, the newest first.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(look.language, look.site.templates)
    listed = _listed(_newest_first(headlines), look, ours, "../../")
    older = next((each.first for each in months if each.first < month), None)
    newer = next((each.first for each in reversed(months) if each.first > month), None)
    return site_page(
        look.site,
        look.language,
        "page/month.html",
        root="../../../",
        look=look,
        month=_month(month, ours, listed),
        older=older and _month(older, ours),
        newer=newer and _month(newer, ours),
    )


def month_path(month: date) -> str:
    """The folder of a month's page, from the newsletter's."""
    return f"archive/{month:%Y-%m}/"


def site_page(site: SiteLook, language: str, template: str, *, root: str, **values: object) -> bytes:
    """A page that belongs to the site and to no digest. `root` is the way from it to the site's first page.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(language, site.templates)
    env = environment(site.templates, ours.translations)
    standing = {
        "site": site,
        "root": root,
        "words": ours,
        "language": language,
        "direction": direction_of(language),
        "locale": territorial(language),
    }
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


def _month(first: date, ours: Words, listed: tuple[_Listed, ...] = ()) -> _Month:
    return _Month(ours.month(first), ours.month_name(first), f"{month_path(first)}index.html", listed)


def _years(months: Sequence[Month], ours: Words) -> tuple[_Year, ...]:
    """The newest year first, and in each the months as a calendar has them."""
    by_year = groupby(months, key=lambda month: month.first.year)
    return tuple(
        _Year(year, tuple(_month(each.first, ours) for each in reversed(list(group)))) for year, group in by_year
    )
