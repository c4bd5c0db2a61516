"""The documents that name digests: the site's first page, archives and feeds, from what is published now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from publisher.digests.model import Asset
from publisher.editions import Document, Entry, PublishedEdition, Withdrawn
from publisher.feeds.documents import MAX_ENTRIES, feed_documents
from publisher.feeds.identity import authority, feed_id
from publisher.feeds.model import Feed
from publisher.publishing.ports import Unit
from publisher.rendering.look import Look, SiteLook, picture_address
from publisher.rendering.site import Shelf, archive_page, index_page
from publisher.rendering.withdrawal import withdrawn_entry, withdrawn_page

HTML = "text/html; charset=utf-8"
FIRST_PAGE = "index.html"


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
        path = f"{digest.newsletter}/{digest.slug}/index.html"
        if withdrawn := unit.editions.withdrawn(digest_id):
            page = withdrawn_page(withdrawn, self._look(digest.newsletter), digest.slug)
            return (Document(path, HTML, page),)
        newest = unit.editions.newest(digest_id) or edition
        pictures = map(picture, unit.digests.assets_of(digest_id))
        return (*pictures, Document(path, HTML, newest.rendered.page))

    def _look(self, newsletter: str) -> Look:
        """How a newsletter presents itself; a plain look for one that is no longer configured."""
        plain = Look(site=self.look, slug=newsletter, title=newsletter, language=self.look.language)
        return next((look for look in self.newsletters if look.slug == newsletter), plain)

    @property
    def parts(self) -> tuple[Callable[[Unit], Iterable[Document]], ...]:
        """What renders each part: every newsletter on its own, then the first page, which names them all.

        A part raises FeedError when a feed did not pass its own check, RenderError when a template is wrong; the
        other parts do not suffer from it.
        """
        return (*(partial(self._newsletter, look=look) for look in self.newsletters), self._first_page)

    def _newsletter(self, unit: Unit, look: Look) -> Iterator[Document]:
        yield Document(f"{look.slug}/index.html", HTML, archive_page(look, unit.editions.headlines(look.slug)))
        entries = [entry(each, look) for each in unit.editions.entries(look.slug, MAX_ENTRIES)]
        yield from feed_documents(self._feed(unit, look), entries)

    def _first_page(self, unit: Unit) -> Iterator[Document]:
        shelves = [Shelf(look, unit.editions.headlines(look.slug)) for look in self.newsletters]
        yield Document(FIRST_PAGE, HTML, index_page(self.look, shelves))

    def _feed(self, unit: Unit, look: Look) -> Feed:
        minted = unit.facts.get(f"feed.{look.slug}.id") or look.url
        since = unit.facts.get(f"feed.{look.slug}.since") or "1970-01-01T00:00:00Z"
        return feed(look, minted, datetime.fromisoformat(since))


def picture(asset: Asset) -> Document:
    """A picture of ours, where pages and mails look for it."""
    return Document(f"assets/{asset.name}", asset.media_type, asset.data)


def feed(look: Look, minted_id: str, since: datetime) -> Feed:
    """A newsletter's feed; `since` is the moment that it bears while it is empty."""
    return Feed(
        id=minted_id,
        title=look.title,
        description=look.description,
        language=look.language,
        author=look.title,
        site_url=look.site.url,
        path=look.slug,
        updated=since,
    )


def entry(edition: PublishedEdition, newsletter: Look) -> Entry:
    """An edition as its newsletter's feeds show it.

    Of a withdrawn digest the id, the address and the moment of publication stay; in place of all that it said
    stands the notice.
    """
    if edition.withdrawn is not None:
        left = Withdrawn(edition.title, edition.date, edition.language, edition.withdrawn)
        shown = withdrawn_entry(left, newsletter)
        return Entry(
            id=edition.entry_id,
            url=newsletter.page_url(edition.slug),
            title=shown.title,
            summary=shown.summary,
            content=shown.content,
            published=edition.published_at,
            updated=edition.withdrawn.at,
            language=edition.language,
        )
    return Entry(
        id=edition.entry_id,
        url=newsletter.page_url(edition.slug),
        title=edition.title,
        summary=edition.summary,
        content=edition.entry,
        published=edition.published_at,
        updated=edition.updated_at,
        language=edition.language,
        author=edition.author,
        sections=edition.sections,
        image=picture_address(edition.image, f"{newsletter.site.url}assets/") if edition.image else "",
    )
