"""Sitemaps (https://www.sitemaps.org/protocol.html): what searches may find, and when it last changed. Pure.

One file a newsletter and year, so that a new digest writes one short file anew and not one of everything; the
index names them all. A withdrawn digest is in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from xml.sax.saxutils import escape

from publisher.editions import Change, Document, Month
from publisher.messages.headers import ascii_url
from publisher.rendering.look import Look
from publisher.rendering.site import month_path

INDEX = "sitemap.xml"
PAGES = "sitemap-pages.xml"
MOST = 50_000
"""Addresses in one file, by the protocol."""

MEDIA_TYPE = "application/xml; charset=utf-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@dataclass(frozen=True, slots=True)
class Address:
    """A page to be found; `changed` is aware, None where nobody knows."""

    url: str
    changed: datetime | None = None


def year_documents(look: Look, year: int, changes: Iterable[Change], *, most: int = MOST) -> Iterator[Document]:
    """The sitemaps of a newsletter's year: its digests, and the pages of its months.

    Args:
        look: the newsletter's.
        year: of the digests' own dates.
        changes: of all its digests of that year, the newest day first.
        most: addresses in one file.
    """
    found = list(changes)
    digests = [Address(look.page_url(each.slug), each.at) for each in found if not each.withdrawn]
    by_month = groupby(found, key=lambda each: each.date.replace(day=1))
    months = [
        Address(f"{look.url}{month_path(first)}", max(each.at for each in group)) for first, group in by_month
    ]
    addresses = months + digests
    for part, start in enumerate(range(0, len(addresses), most), 1):
        yield _document(f"{look.slug}/{_year_name(year, part)}", addresses[start : start + most])


def pages_document(urls: Iterable[str]) -> Document:
    """The sitemap of the pages that stand whatever is published."""
    return _document(PAGES, [Address(url) for url in urls])


def index_document(
    site_url: str, shelves: Iterable[tuple[Look, Sequence[Month]]], *, most: int = MOST
) -> Document:
    """The index of all sitemaps. It says of none when it changed: for that it would have to read them all."""
    urls = [f"{site_url}{PAGES}"]
    for look, months in shelves:
        for year, group in groupby(months, key=lambda month: month.first.year):
            count = sum(1 + month.count - month.withdrawn for month in group)
            urls += [f"{look.url}{_year_name(year, part)}" for part in range(1, -(-count // most) + 1)]
    lines = "".join(f"<sitemap><loc>{_text(url)}</loc></sitemap>\n" for url in urls)
    return Document(INDEX, MEDIA_TYPE, f"{_HEAD}<sitemapindex {_SPACE}>\n{lines}</sitemapindex>\n".encode())


def _year_name(year: int, part: int) -> str:
    return f"sitemap-{year}.xml" if part == 1 else f"sitemap-{year}-{part}.xml"


def _document(path: str, addresses: Iterable[Address]) -> Document:
    lines = "".join(f"<url><loc>{_text(each.url)}</loc>{_changed(each)}</url>\n" for each in addresses)
    return Document(path, MEDIA_TYPE, f"{_HEAD}<urlset {_SPACE}>\n{lines}</urlset>\n".encode())


def _changed(address: Address) -> str:
    if address.changed is None:
        return ""
    moment = address.changed.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return f"<lastmod>{moment.isoformat()}Z</lastmod>"


def _text(url: str) -> str:
    return escape(ascii_url(url))
