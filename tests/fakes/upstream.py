"""Upstream feeds, written by hand as newsrooms' systems write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

Story = Mapping[str, str]
"""`id`, `link`, `title`, `text` (HTML), `date` (RFC 5322), `category`: what is not given is not in the feed."""

_TAGS = {"id": "guid", "link": "link", "title": "title", "text": "description", "date": "pubDate"}


def story(number: int | str, **more: str) -> Story:
    """A story with everything."""
    return {
        "id": f"tag:wire.example.org,2024:{number}",
        "link": f"https://wire.example.org/{number}",
        "title": f"Story {number}",
        "text": f"<p>What happened in <b>story {number}</b>.</p>",
        **more,
    }


def rss(*stories: Story, title: str = "The Example Wire", head: str = "") -> bytes:
    """An RSS 2.0 document."""
    items = "".join(f"<item>{_elements(each.items())}</item>" for each in stories)
    channel = f"<title>{escape(title)}</title><link>https://wire.example.org/</link>{head}{items}"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def _elements(fields: Iterable[tuple[str, str]]) -> str:
    tags = ((_TAGS.get(name, name), value) for name, value in fields)
    return "".join(
        f'<guid isPermaLink="false">{escape(value)}</guid>' if tag == "guid" else f"<{tag}>{escape(value)}</{tag}>"
        for tag, value in tags
    )
