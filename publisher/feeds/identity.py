"""Ids that outlive addresses: tag URIs (RFC 4151), minted once and stored with the digest.

They are never derived again when a feed is rendered: a site may move to another host or scheme, and its readers
must not see every entry a second time.
"""

from __future__ import annotations

from datetime import date
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote, urlsplit

_SPECIFIC = "/?:@!$&'()*+,;=-._~"
"""What a tag's specific part may hold unescaped, besides letters and digits (RFC 4151, RFC 3986 `pchar`)."""


def mint_entry_id(domain: str, day: date, newsletter: str, slug: str) -> str:
    """The id of a new entry, `tag:example.org,2024-11-21:daily/the-slug`. Store it; never mint it again.

    Args:
        domain: who mints, see `authority`.
        day: a day on which the domain was the newsroom's, usually the day of publication.
        newsletter: the newsletter's slug.
        slug: the digest's slug, unique in the newsletter.
    """
    return _tag(domain, day, f"{newsletter}/{slug}")


def feed_id(domain: str, day: date, path: str) -> str:
    """The id of the feed in the folder `path` ("daily"); the empty path is the whole site's."""
    return _tag(domain, day, path)


def authority(site_url: str) -> str:
    """The minting domain of a site: its host in lower-case ASCII; `localhost` for a site without one.

    IDNA makes other alphabets ASCII. An IPv6 address, which RFC 4151 cannot hold, is written with hyphens.
    """
    host = (urlsplit(site_url).hostname or "localhost").rstrip(".")
    try:
        return IPv6Address(host.partition("%")[0]).exploded.replace(":", "-")
    except AddressValueError:
        return host.encode("idna").decode("ascii")


def _tag(domain: str, day: date, specific: str) -> str:
    return f"tag:{domain},{day.isoformat()}:{quote(specific, safe=_SPECIFIC)}"
