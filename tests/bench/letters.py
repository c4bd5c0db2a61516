"""The mail that everything is measured with: about as long as a newsroom's."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.config import Dkim, Newsletter, Site
from publisher.digests import markdown
from publisher.digests.identity import Home, settle
from publisher.digests.model import Digest
from publisher.editions import Edition
from publisher.ledger import Delivery
from publisher.mailings.composing import EditionComposer
from publisher.mailings.signing import Signing
from publisher.messages.dkim_keys import KeyKind, make_key
from publisher.rendering.edition import render
from publisher.rendering.look import Look, SiteLook

ROOT = Path(__file__).parents[2]
NAME = "the-quay-wall-2026-11-20.md"
NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)
HOME = Home("daily", "en", ZoneInfo("UTC"))
LOOK = Look(SiteLook("The Harbour Gazette", "https://news.example.org/"), "daily", "The Harbour Daily")
READER = Delivery(1, 1, "reader@example.org", "A Reader", 1, None, 1)


def source() -> bytes:
    """An inbox file of three times the sample's length, without its picture: about what a newsroom sends."""
    head, _, body = (ROOT / "digests" / NAME).read_text(encoding="utf-8").partition("\n---\n")
    kept = "\n".join(line for line in body.splitlines() if "quay-wall.png" not in line)
    front = "\n".join(line for line in head.splitlines() if not line.startswith(("image", "  ")))
    parts = [kept.replace("## ", f"## Part {number}: ").replace("[^1]", f"[^{number}]") for number in range(1, 4)]
    return f"{front}\n---\n{''.join(parts)}".encode()


def sample_digest() -> Digest:
    """The digest that it is."""
    return settle(markdown.read(source(), name=NAME), path=NAME, newsletters=[HOME], first_seen=NOW.date())


@lru_cache(maxsize=1)
def edition() -> Edition:
    """The rendered digest as an edition."""
    digest = sample_digest()
    return Edition(1, 1, 1, digest, render(digest, LOOK), "", NOW, NOW)


def composer(kind: KeyKind | None = None) -> EditionComposer:
    """What makes its mails; with a kind of key, signed by a new one."""
    newsletter = Newsletter.model_validate(
        {"slug": "daily", "title": "The Harbour Daily", "from": "daily@news.example.org"}
    )
    site = Site.model_validate({"title": "The Harbour Gazette", "url": "https://news.example.org/"})
    key = (
        Dkim.model_validate({"domain": "news.example.org", "selector": "s1", "key": make_key(kind).decode()})
        if kind
        else None
    )
    sign = Signing([key]).of(newsletter) if key else None
    return EditionComposer(edition(), newsletter, site, b"s" * 32, sign=sign)
