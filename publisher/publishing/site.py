"""The documents that name digests: the site's first page, archives and feeds, from what is published now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import accumulate, pairwise

from publisher.digests.model import Asset
from publisher.editions import Document, Headline, Month, Touched
from publisher.feeds.identity import authority, feed_id
from publisher.feeds.model import STYLESHEET
from publisher.publishing import feedset, sitemaps
from publisher.publishing.ports import Unit
from publisher.publishing.standing import HTML, standing_documents
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.placing import Place, placed
from publisher.rendering.site import NEWEST, SHOWN, Shelf, archive_page, index_page, month_page, month_path
from publisher.rendering.standing import feed_style
from publisher.rendering.withdrawal import withdrawn_page

FIRST_PAGE = "index.html"
LAST = sitemaps.INDEX
"""What is put when all the rest is there: an endpoint without it lacks something."""

Part = Callable[[Unit], Iterable[Document]]
Editions = Collection[int] | None
"""The editions whose publication a site is brought up for; None is all there are."""


@dataclass(frozen=True, slots=True)
class Site:
    """The public site as a function of what is published.

    Args:
        look: how the site presents itself.
        newsletters: how each newsletter does, in the order of the configuration.
        assets: the pictures that belong to every page, such as the logo.
    """

    look: SiteLook
    newsletters: Sequence[Look]
    assets: Sequence[Asset] = ()

    @property
    def pictures(self) -> tuple[Document, ...]:
        """What has to be there before any page is."""
        return tuple(picture(asset) for asset in self.assets)

    def remember(self, unit: Unit, now: datetime) -> None:
        """Mint what feeds keep for ever: their ids, and the moment that an empty one bears.

        Stored, so that a move to another host makes nobody's reader take them for new feeds.
        """
        for newsletter in self.newsletters:
            minted = feed_id(authority(self.look.url), now.date(), newsletter.slug)
            unit.facts.set_once(f"feed.{newsletter.slug}.id", minted)
            unit.facts.set_once(f"feed.{newsletter.slug}.since", now.isoformat())

    def digest_documents(self, unit: Unit, edition_id: int) -> tuple[Document, ...]:
        """What belongs to one digest alone: its pictures, then the page of its newest edition.

        The newest, whichever edition is asked for: a publication that comes late must not bring back what was
        corrected. Of a withdrawn digest it is the notice in place of the page, and no picture.
        """
        edition = unit.editions.get(edition_id)
        digest, digest_id = edition.digest, edition.digest_id
        look = self._look(digest.newsletter)
        path = f"{digest.newsletter}/{digest.slug}/index.html"
        place = Place(
            unit.digests.get(digest_id).published_at or edition.created_at, *unit.archive.beside(digest_id)
        )
        if withdrawn := unit.editions.withdrawn(digest_id):
            return (Document(path, HTML, placed(withdrawn_page(withdrawn, look, digest.slug), look, place)),)
        newest = unit.editions.newest(digest_id) or edition
        pictures = map(picture, unit.digests.assets_of(digest_id))
        return (*pictures, Document(path, HTML, placed(newest.rendered.page, look, place)))

    def _look(self, newsletter: str) -> Look:
        """How a newsletter presents itself; a plain look for one that is no longer configured."""
        plain = Look(site=self.look, slug=newsletter, title=newsletter, language=self.look.language)
        return next((look for look in self.newsletters if look.slug == newsletter), plain)

    def parts(self, editions: Editions = None) -> tuple[Part, ...]:
        """What renders each part: the digests beside, every newsletter on its own, then what names them all.

        Of the parts that grow with the archive, only those that the editions belong to are rendered: their
        neighbours, the pages and feeds of their months, the feeds of their sections, the sitemaps of their years.
        What is O(1) is rendered always.

        A part raises FeedError when a feed did not pass its own check, RenderError when a template is wrong; the
        other parts do not suffer from it.
        """
        each = [partial(part, look=look, editions=editions) for look in self.newsletters for part in self._each()]
        return (
            *((partial(self._beside, editions=editions),) if editions else ()),
            self._style,
            *each,
            self._standing,
            self._first_page,
        )

    def _each(self) -> tuple[Callable[..., Iterable[Document]], ...]:
        """The parts of every newsletter: pages before the feeds that name them, the archive before its way in."""
        return self._pages, self._archive, self._sections, self._corrections, self._feeds

    def last(self, unit: Unit) -> Document:
        """What is put when all parts have been."""
        shelves = [(look, unit.archive.months(look.slug)) for look in self.newsletters]
        return sitemaps.index_document(self.look.url, shelves)

    def _beside(self, unit: Unit, editions: Collection[int]) -> Iterator[Document]:
        """The pages of the digests before and after these, and before and after where they once stood."""
        places = ((each.digest_id, day) for each in unit.archive.touched(editions) for day in sorted(each.days))
        found = (unit.archive.beside(digest_id, day) for digest_id, day in places)
        for edition_id in dict.fromkeys(each.edition_id for pair in found for each in pair if each):
            yield from self.digest_documents(unit, edition_id)

    def _style(self, unit: Unit) -> Iterator[Document]:
        yield Document(STYLESHEET, "text/css; charset=utf-8", feed_style(self.look))

    def _pages(self, unit: Unit, look: Look, editions: Editions) -> Iterator[Document]:
        months = unit.archive.months(look.slug)
        newest = _newest(unit, look.slug, months, SHOWN)
        yield Document(f"{look.slug}/index.html", HTML, archive_page(look, newest, months))
        touched = None if editions is None else _days(unit.archive.touched(editions), look.slug)
        for month in _months_to_show(months, touched):
            headlines = unit.archive.headlines(look.slug, month.first, month.last)
            page = month_page(look, month.first, headlines, months)
            yield Document(f"{look.slug}/{month_path(month.first)}index.html", HTML, page)
        days = [month.first for month in months] if touched is None else touched
        for year in sorted({day.year for day in days}):
            yield from sitemaps.year_documents(look, year, unit.archive.changes(look.slug, year))

    def _archive(self, unit: Unit, look: Look, editions: Editions) -> Iterator[Document]:
        touched = None if editions is None else _days(unit.archive.touched(editions), look.slug)
        months = _months_to_show(unit.archive.months(look.slug), touched)
        return feedset.archive_documents(unit, look, months)

    def _sections(self, unit: Unit, look: Look, editions: Editions) -> Iterator[Document]:
        if editions is None:
            return feedset.section_documents(unit, look, unit.feeds.all_sections(look.slug))
        touched = (each for each in unit.archive.touched(editions) if each.newsletter == look.slug)
        return feedset.section_documents(unit, look, sorted({name for each in touched for name in each.sections}))

    def _corrections(self, unit: Unit, look: Look, editions: Editions) -> Iterator[Document]:
        return feedset.correction_documents(unit, look)

    def _feeds(self, unit: Unit, look: Look, editions: Editions) -> Iterator[Document]:
        return feedset.live_documents(unit, look)

    def _standing(self, unit: Unit) -> Iterator[Document]:
        sections = {look.slug: feedset.told_sections(unit, look) for look in self.newsletters}
        feeds = [feedset.told_feeds(unit, look) for look in self.newsletters]
        yield from standing_documents(self.look, self.newsletters, sections, feeds)

    def _first_page(self, unit: Unit) -> Iterator[Document]:
        shelves = [
            Shelf(look, _newest(unit, look.slug, unit.archive.months(look.slug), NEWEST))
            for look in self.newsletters
        ]
        yield Document(FIRST_PAGE, HTML, index_page(self.look, shelves))
        url = self.look.url
        yield sitemaps.pages_document(
            [url, f"{url}about/", f"{url}feeds/", *(look.url for look in self.newsletters)]
        )


def _newest(unit: Unit, newsletter: str, months: Sequence[Month], count: int) -> Sequence[Headline]:
    """At least the newest `count` digests, when there are so many: those of as few whole months as hold them."""
    counts = accumulate(month.count for month in months)
    first = next((month.first for month, so_far in zip(months, counts, strict=True) if so_far >= count), date.min)
    return unit.archive.headlines(newsletter, first, date.max)


def _months_to_show(months: Sequence[Month], touched: Collection[date] | None) -> Sequence[Month]:
    """The months whose pages and feeds may differ now: those touched, and what links to them by the way.

    A month that has lost its last digest is among them: its page says so.
    """
    if touched is None:
        return months
    there = {month.first: month for month in months}
    wanted = {day.replace(day=1) for day in touched}
    order = sorted({*there, *wanted})
    near = {beside for a, b in pairwise(order) for beside in (a, b) if {a, b} & wanted}
    return [there.get(first, Month(first, 0)) for first in sorted(near | wanted)]


def _days(touched: Iterable[Touched], newsletter: str) -> frozenset[date]:
    return frozenset(day for each in touched if each.newsletter == newsletter for day in each.days)


def picture(asset: Asset) -> Document:
    """A picture of ours, where pages and mails look for it."""
    return Document(f"assets/{asset.name}", asset.media_type, asset.data)
