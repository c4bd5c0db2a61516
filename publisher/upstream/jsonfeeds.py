"""JSON Feed 1 and 1.1 (jsonfeed.org), as they come."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from publisher.upstream import values
from publisher.upstream.model import Document, Item, UpstreamError

_VERSION = "jsonfeed.org/version/1"


def read(data: bytes, *, address: str) -> Document:
    """The feed in a JSON document; arguments as for `xmlfeeds.read`.

    Raises:
        UpstreamError: there is no feed in it.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UpstreamError("this is no feed: its JSON cannot be read", remedy="Check the address") from error
    if not isinstance(found, dict) or _VERSION not in _text(found, "version"):
        raise UpstreamError("this is JSON, but no JSON Feed", remedy="Check the address")
    items = (_read_item(each, address) for each in _list(found, "items")[: values.MAX_ITEMS])
    return Document(values.line(escape(_text(found, "title"))), tuple(each for each in items if each))


def _read_item(item: Any, base: str) -> Item | None:
    if not isinstance(item, dict):
        return None
    text = escape(_text(item, "content_text"), quote=False).replace("\n\n", "<p>")
    authors = [*_list(item, "authors"), item.get("author")]
    tags = [tag for tag in _list(item, "tags") if isinstance(tag, str)]
    return values.item(
        id=_id(item),
        link=_text(item, "url") or _text(item, "external_url"),
        base=base,
        title=escape(_text(item, "title"), quote=False),
        summary=escape(_text(item, "summary"), quote=False),
        content=_text(item, "content_html") or text,
        author=next((escape(_text(each, "name")) for each in authors if isinstance(each, dict)), ""),
        category=escape(tags[0]) if tags else "",
        published=values.moment(_text(item, "date_published") or _text(item, "date_modified")),
    )


def _id(item: dict[str, Any]) -> str:
    """A string by the standard; numbers are seen."""
    found = item.get("id")
    return str(found) if isinstance(found, int) and abs(found) < 10**18 else _text(item, "id")


def _text(holder: dict[str, Any], key: str) -> str:
    found = holder.get(key)
    return found if isinstance(found, str) else ""


def _list(holder: dict[str, Any], key: str) -> list[Any]:
    found = holder.get(key)
    return found if isinstance(found, list) else []
