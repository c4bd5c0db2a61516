"""The exact documents a digest would publish, for somebody to look at before anybody gets them."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from publisher.digests.model import Asset, Digest
from publisher.editions import Document, Edition, PublishedEdition, RenderedEdition, published_edition
from publisher.feeds.documents import feed_documents
from publisher.feeds.identity import authority, feed_id
from publisher.ledger import Delivery
from publisher.mailings.ports import Composer
from publisher.publishing.site import HTML, entry, feed
from publisher.rendering.look import Look

READER = Delivery(
    id=0, subscriber_id=0, email="reader@example.org", name="A Reader", link_version=1, sections=None, attempts=1
)
"""Whom the previewed mail is addressed to. The links in it work for nobody."""


def unpublished_edition(digest: Digest, rendered: RenderedEdition, now: datetime) -> Edition:
    """The edition a digest would become now; the id 0 is no stored edition's."""
    return Edition(0, 0, 1, digest, rendered, "", now, now)


def preview_documents(
    edition: Edition, assets: Sequence[Asset], composer: Composer, look: Look, entry_id: str, now: datetime
) -> Iterator[Document]:
    """The mail as html, txt and eml, the page with its pictures as the site has them, and the feed entries.

    Raises:
        PublisherError: a part cannot be made; it would not be published either.
    """
    eml = composer.compose(READER, now).data
    message = email.message_from_bytes(eml, policy=email.policy.default)
    for kind in ("html", "plain"):
        part = message.get_body((kind,))
        if part is not None:
            name = "mail.html" if kind == "html" else "mail.txt"
            yield Document(name, part.get_content_type(), str(part.get_content()).encode())
    yield Document("mail.eml", "message/rfc822", eml)
    digest = edition.digest
    yield Document(f"site/{digest.newsletter}/{digest.slug}/index.html", HTML, edition.rendered.page)
    for asset in assets:
        yield Document(f"site/assets/{asset.name}", asset.media_type, asset.data)
    yield Document("entry.html", HTML, edition.rendered.entry.encode())
    shown = feed(look, feed_id(authority(look.site.url), now.date(), look.slug), now)
    for document in feed_documents(shown, [entry(_published(edition, entry_id), look)]):
        yield replace(document, path=document.path.rpartition("/")[2])


def _published(edition: Edition, entry_id: str) -> PublishedEdition:
    return published_edition(
        edition.digest,
        edition_id=edition.id,
        digest_id=edition.digest_id,
        summary=edition.rendered.summary,
        entry=edition.rendered.entry,
        entry_id=entry_id,
        published_at=edition.created_at,
        updated_at=edition.updated_at,
    )
