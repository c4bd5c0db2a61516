"""By what an item is known again, so that it is told once and never more. Pure.

An item has up to two marks, SHA-256 each: of its id, and of its link. They tell apart whatever feeds write into
these, have one length, and keep no address of anybody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit

from publisher.upstream.model import Item

_OF_THE_WORLD = re.compile(r"[a-z][a-z0-9+.-]{1,20}:\S+", re.IGNORECASE)
"""An id that means the same wherever it stands: an address, a tag:, a urn:. `123` means something in one feed."""

_COUNTS_CLICKS = ("utm_", "mc_", "fbclid", "gclid")


@dataclass(frozen=True, slots=True)
class Marked:
    """An item with the marks that are to be remembered of it. `is_new` when none of them says that it is known."""

    item: Item
    marks: tuple[str, ...]
    is_new: bool


def source_key(newsletter: str, address: str) -> str:
    """What an address is called in the database, which is not to hold it: tokens of private feeds are in them."""
    return _hash("source", newsletter, address)


def marks_of(item: Item, key: str) -> tuple[str, str]:
    """The mark of an item's id and that of its link; empty for what it has not.

    An item that has neither is known by its title.
    """
    name = item.id or ("" if item.link else f"title:{item.title}")
    scope = "" if _OF_THE_WORLD.fullmatch(item.id) else key
    return (
        _hash("id", scope, name) if name else "",
        _hash("link", normalized(item.link)) if item.link else "",
    )


def told_apart(items: Iterable[Item], key: str, known: Mapping[str, str]) -> tuple[Marked, ...]:
    """Which items of a document are new.

    An item is known by its id, else by its link. A link makes it known, too, when another address brought it: two
    feeds then tell one story. A link that several items of the document share (a home page) tells nothing apart.

    Args:
        items: of one document, in its order.
        key: of the address it came from, see `source_key`.
        known: of each mark that is known, the key of the address that brought it first.
    """
    items = tuple(items)
    shared = {link for link, number in Counter(normalized(each.link) for each in items).items() if number > 1}
    seen = dict(known)
    found: list[Marked] = []
    for item in items:
        by_id, by_link = marks_of(item, key)
        if item.id and normalized(item.link) in shared:
            by_link = ""
        is_known = by_id in seen or (by_link in seen and (not item.id or seen[by_link] != key))
        marks = tuple(mark for mark in (by_id, by_link) if mark)
        found.append(Marked(item, marks, not is_known))
        for mark in marks:
            seen.setdefault(mark, key)
    return tuple(found)


def normalized(link: str) -> str:
    """A link without what differs between two ways to the same page: scheme, fragment, counters of clicks."""
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").removeprefix("www.")
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return link
    kept = urlencode([(name, value) for name, value in query if not name.lower().startswith(_COUNTS_CLICKS)])
    port = f":{parts.port}" if _has_port(parts.netloc) else ""
    return f"{host}{port}{parts.path.rstrip('/')}?{kept}"


def _has_port(netloc: str) -> bool:
    return bool(re.search(r":[0-9]{1,5}$", netloc)) and not netloc.endswith((":80", ":443"))


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
