"""The archive as feed readers walk through it (RFC 5005): a document a month, with the way to those beside. Pure.

Months are those of the digests' own dates, as on the pages of the archive. A month of more than MAX_ENTRIES
digests has several documents, the oldest first; how many is known from its count alone, so that no document is
read to name the one beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from publisher.editions import Month, PublishedEdition
from publisher.feeds.documents import MAX_ENTRIES
from publisher.feeds.model import Feed, FeedFormat, Tombstone

Links = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A document of the archive: the part, from 1, of the month that begins with `first`."""

    first: date
    part: int = 1

    @property
    def file(self) -> str:
        """What it is called, from the newsletter's folder."""
        return f"archive/{self.first:%Y-%m}{'' if self.part == 1 else f'-{self.part}'}.xml"


def pages(editions: Iterable[PublishedEdition], month: Month) -> Iterator[tuple[Page, Sequence[PublishedEdition]]]:
    """A month's documents with what is in each; one, and empty, when it has lost its last digest."""
    ordered = sorted(editions, key=lambda each: (each.date, each.published_at, each.slug))
    for page in _pages_of(month):
        yield page, ordered[(page.part - 1) * MAX_ENTRIES : page.part * MAX_ENTRIES]


def document_feed(whole: Feed, page: Page, months: Sequence[Month], shelf: Iterable[PublishedEdition]) -> Feed:
    """What a document of the archive says of itself: that it is one, where the others are, what was taken back.

    Args:
        whole: the newsletter's feed of everything, whose id it shares: they are one feed.
        page: which document.
        months: all months of the archive.
        shelf: what is in the document; of a withdrawn digest nothing but its tombstone is left.
    """
    order = sorted({page, *(each for month in months for each in _pages_of(month))}, key=_position)
    here = order.index(page)
    beside = {
        "prev-archive": order[here - 1] if here else None,
        "next-archive": next(iter(order[here + 1 :]), None),
    }
    links = tuple((relation, _address(whole, other)) for relation, other in beside.items() if other)
    return replace(
        whole,
        formats=(FeedFormat.ATOM,),
        file=page.file,
        links=(*links, ("current", whole.self_url(FeedFormat.ATOM))),
        archived=True,
        hubs=(),  # nobody waits for news of what is over
        tombstones=_tombstones(shelf),
    )


def way_in(whole: Feed, months: Sequence[Month], shown: Collection[date]) -> Links:
    """The link from the feed into its archive, so that both together hold everything.

    It names the newest month that is not wholly in the feed: months before the present one are complete, and
    whoever has read their documents need not read them again. When the feed holds everything it is the month
    before the newest.

    Args:
        whole: the newsletter's feed of everything.
        months: those of the archive, the newest first; at least one.
        shown: the dates of the digests in the feed, each as often as it is there.
    """
    counts = Counter(day.replace(day=1) for day in shown)
    otherwise = months[min(1, len(months) - 1)]
    month = next((each for each in months if counts[each.first] < each.count), otherwise)
    return (("prev-archive", _address(whole, _pages_of(month)[-1])),)


def _tombstones(shelf: Iterable[PublishedEdition]) -> tuple[Tombstone, ...]:
    stones = (
        Tombstone(each.entry_id, each.withdrawn.at, each.withdrawn.text)
        for each in shelf
        if each.withdrawn is not None
    )
    return tuple(sorted(stones, key=lambda stone: (stone.when, stone.ref), reverse=True))


def _pages_of(month: Month) -> Sequence[Page]:
    return [Page(month.first, part) for part in range(1, max(1, -(-month.count // MAX_ENTRIES)) + 1)]


def _position(page: Page) -> tuple[date, int]:
    return page.first, page.part


def _address(whole: Feed, page: Page) -> str:
    return f"{whole.site_url}{whole.path}/{page.file}"
