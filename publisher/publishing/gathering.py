"""What an inspection needs to know beside the mail itself, taken from the configuration and the digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from publisher import __version__
from publisher.config import Newsletter, Settings
from publisher.digests.model import Digest
from publisher.digests.walk import all_blocks, figures, lines, links
from publisher.editions import RenderedEdition
from publisher.messages.headers import ascii_domain, split_address


def outside(digest: Digest, own: Collection[str]) -> tuple[str, ...]:
    """The web addresses in a digest that others answer for, each once, in reading order.

    Our own are left out: the page of a digest is not there before it is published.
    """
    blocks = tuple(all_blocks(digest.lead, digest.sections))
    hrefs = (link.href for line in lines(blocks) for link in links(line))
    pictures = (figure.src for figure in chain([digest.image] if digest.image else [], figures(blocks)))
    found = dict.fromkeys(
        each for each in chain(hrefs, pictures) if each.lower().startswith(("http://", "https://"))
    )
    return tuple(each for each in found if _host(each) not in own)


def own_hosts(settings: Settings) -> frozenset[str]:
    """Hosts that are ours; none for a site on disk."""
    return frozenset({_host(settings.site.url), _host(settings.site.links_url)} - {""})


def sender_domains(newsletter: Newsletter) -> tuple[str, str]:
    """The domain in From, and the one that bounces go to, as the DNS knows them."""
    sender, bounces = newsletter.sender, newsletter.envelope_from or newsletter.sender
    one, other = (ascii_domain(split_address(each)[1].rpartition("@")[2]) for each in (sender, bounces))
    return one, other


def conditions(settings: Settings) -> str:
    """SHA-256 of what findings depend on beside the digest: configuration, a site's templates, our version."""
    told = settings.model_dump(mode="json", include={"site", "newsletter", "theme", "preflight", "dkim"})
    ours = settings.path(Path("templates"))
    files = sorted(path for path in ours.rglob("*") if path.is_file()) if ours.is_dir() else []
    told |= {
        "templates": {path.relative_to(ours).as_posix(): _content_hash(path) for path in files},
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def in_mail(pictures: Mapping[str, int], rendered: RenderedEdition) -> dict[str, int]:
    """Of pictures (octets by name) those that the mail shows, by their `src`."""
    html = "".join(part for block in rendered.blocks for part in block.html if isinstance(part, str))
    return {f"asset:{name}": size for name, size in pictures.items() if name in html}


def _content_hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:  # whoever renders with it says so
        return ""


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:  # no address at all; a rule says so
        return ""
