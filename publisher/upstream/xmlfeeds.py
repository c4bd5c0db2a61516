"""RSS 0.9x to 2.0, RSS 1.0 (RDF) and Atom 0.3 and 1.0, as they come: mended where they are broken, never trusted.

No entity is expanded but XML's own, nothing is loaded, and no document is deeper than libxml2 allows strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape

from lxml import etree

from publisher.upstream import values
from publisher.upstream.model import Document, Item, UpstreamError

_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def read(data: bytes, *, address: str) -> Document:
    """The feed in an XML document.

    Args:
        data: its bytes.
        address: where it came from, for relative addresses in it.

    Raises:
        UpstreamError: there is no feed in it.
    """
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise _no_feed() from error
    reader = None if root is None else _READERS.get(_local(root))
    if reader is None:
        raise _no_feed(page=root is not None and _local(root) == "html")
    found = reader(root, address)
    is_whole = not len(parser.error_log)
    return Document(found.title, found.items, found.ttl, is_whole)


def _no_feed(*, page: bool = False) -> UpstreamError:
    return UpstreamError(
        "this is a web page and no feed" if page else "this is no feed",
        remedy="Look for its feed: pages name it in a <link rel=alternate>" if page else "Check the address",
    )


def _read_rss(root: etree._Element, address: str) -> Document:
    """`rss`, or `rdf:RDF`, where items stand beside the channel."""
    channel = _first(root, "channel")
    if channel is None:
        raise _no_feed()
    base = values.address(_text(channel, "link"), address) or address
    found = [*_all(channel, "item"), *_all(root, "item")]
    items = (_read_item(each, base) for each in found[: values.MAX_ITEMS])
    return Document(
        values.line(_text(channel, "title")),
        tuple(each for each in items if each),
        values.ttl(_text(channel, "ttl")),
    )


def _read_item(item: etree._Element, base: str) -> Item | None:
    guid = _first(item, "guid")
    name = "" if guid is None else _inner(guid)
    is_address = guid is not None and guid.get("isPermaLink", "true").strip().lower() != "false"
    link = _text(item, "link") or (name if is_address and name.startswith(("http://", "https://")) else "")
    return values.item(
        id=name,
        link=link,
        base=base,
        title=_text(item, "title"),
        summary=_text(item, "description"),
        content=_text(item, "encoded", _CONTENT),
        author=_text(item, "creator", _DC) or _text(item, "author"),
        category=_text(item, "category"),
        published=values.moment(_text(item, "pubDate") or _text(item, "date", _DC)),
    )


def _read_atom(root: etree._Element, address: str) -> Document:
    base = _base(root, address)
    items = (_read_entry(each, base) for each in _all(root, "entry")[: values.MAX_ITEMS])
    title = _first(root, "title")
    return Document("" if title is None else values.line(_construct(title)), tuple(each for each in items if each))


def _read_entry(entry: etree._Element, base: str) -> Item | None:
    base = _base(entry, base)
    author, category = _first(entry, "author"), _first(entry, "category")
    texts = {name: "" if (each := _first(entry, name)) is None else _construct(each) for name in _CONSTRUCTS}
    dates = (_text(entry, name) for name in ("published", "issued", "updated", "modified"))
    return values.item(
        id=_text(entry, "id"),
        link=_alternate(entry),
        base=base,
        title=texts["title"],
        summary=texts["summary"],
        content=texts["content"],
        author="" if author is None else _text(author, "name"),
        category="" if category is None else category.get("label", "") or category.get("term", ""),
        published=next((found for each in dates if (found := values.moment(each))), None),
    )


_CONSTRUCTS = ("title", "summary", "content")
_READERS: Mapping[str, Callable[[etree._Element, str], Document]] = {
    "rss": _read_rss,
    "RDF": _read_rss,
    "feed": _read_atom,
}


def _alternate(entry: etree._Element) -> str:
    links = [each for each in _all(entry, "link") if each.get("rel", "alternate") == "alternate"]
    return next((each.get("href", "") for each in links), "")


def _construct(element: etree._Element) -> str:
    """An Atom text construct (RFC 4287, 3.1) as HTML."""
    kind = element.get("type", "text").strip().lower()
    if element.get("mode") == "escaped" or "html" in kind:  # Atom 0.3 said it so; text/html is seen, too
        children = "".join(etree.tostring(child, encoding="unicode") for child in element if "xhtml" in kind)
        return children or _inner(element)
    return escape(_inner(element), quote=False)


def _base(element: etree._Element, base: str) -> str:
    return values.address(element.get(_XML_BASE, ""), base) or base


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _named(parent: etree._Element, name: str, namespace: str | None) -> Iterator[etree._Element]:
    """Children of this name: in a module's namespace, or in the feed's own."""
    own = etree.QName(parent).namespace
    for child in parent:
        if isinstance(child.tag, str) and _local(child) == name:
            found = etree.QName(child).namespace
            if found == namespace or (namespace is None and (found == own or not _is_module(found))):
                yield child


def _is_module(namespace: str | None) -> bool:
    """Whether a namespace is one that feeds are extended with, and not that of a feed."""
    own = ("http://purl.org/rss/1.0/", "http://my.netscape.com/", "http://backend.userland.com/", *_ATOM)
    return namespace is not None and (not namespace.startswith(own) or "/modules/" in namespace)


def _all(parent: etree._Element, name: str) -> list[etree._Element]:
    return list(_named(parent, name, None))


def _first(parent: etree._Element, name: str, namespace: str | None = None) -> etree._Element | None:
    return next(_named(parent, name, namespace), None)


def _text(parent: etree._Element, name: str, namespace: str | None = None) -> str:
    found = _first(parent, name, namespace)
    return "" if found is None else _inner(found)


def _inner(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext()).strip()
