"""The documents that stand whatever is published: they change with the configuration and the templates alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from publisher.editions import Document
from publisher.feeds import opml
from publisher.feeds.model import Feed
from publisher.publishing.sitemaps import INDEX
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.standing import Sections, about_page, feeds_page, letter_icon, missing_page

HTML = "text/html; charset=utf-8"
PERSONAL = ("c", "m", "u", "s", "desk", "api", "hooks", "healthz")
"""First parts of addresses at which nothing is that searches should find: those of one reader, and of editors."""


def standing_documents(
    site: SiteLook, looks: Sequence[Look], sections: Mapping[str, Sections], feeds: Sequence[Sequence[Feed]]
) -> Iterator[Document]:
    """About, the feeds for people and for readers, what is said where nothing is, and a word to searches.

    Args:
        site: the site's look.
        looks: the newsletters'.
        sections: those of each newsletter that have feeds to be told of.
        feeds: those of each newsletter, in the order of `looks`.

    Raises:
        RenderError: a template is wrong.
    """
    groups = [(look.title, theirs) for look, theirs in zip(looks, feeds, strict=True)]
    yield Document("about/index.html", HTML, about_page(site, looks))
    yield Document("feeds/index.html", HTML, feeds_page(site, looks, sections))
    yield Document(opml.PATH, f"{opml.MEDIA_TYPE}; charset=utf-8", opml.render(site.title, groups))
    yield Document("404.html", HTML, missing_page(site, looks))
    yield Document("robots.txt", "text/plain; charset=utf-8", robots(site.url))
    yield Document("favicon.svg", "image/svg+xml", letter_icon(site))


def robots(site_url: str) -> bytes:
    """What searches shall leave alone, and where the sitemap is. It counts at the root of a host only."""
    root = urlsplit(site_url).path
    refused = "".join(f"Disallow: {root}{name}{'' if name == 'healthz' else '/'}\n" for name in PERSONAL)
    return f"User-agent: *\n{refused}\nSitemap: {site_url}{INDEX}\n".encode()
