"""The exact documents a digest would publish, for somebody to look at before anybody gets them."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

from publisher.digests.model import Asset, Digest
from publisher.editions import Document, Edition, PublishedEdition, RenderedEdition, published_edition
from publisher.feeds.documents import feed_documents
from publisher.feeds.identity import authority, feed_id
from publisher.ledger import Delivery
from publisher.mailings.ports import Composer
from publisher.preflight.message_size import CLIP
from publisher.preflight.model import Finding
from publisher.publishing.feedset import entry, feed
from publisher.publishing.standing import HTML
from publisher.rendering.look import Look
from publisher.rendering.placing import Place, placed
from publisher.rendering.preview import (
    Found,
    Preview,
    Size,
    fragment_view,
    preview_page,
    remote_pictures,
    view,
)

READER = Delivery(
    id=0, subscriber_id=0, email="reader@example.org", name="A Reader", link_version=1, sections=None, attempts=1
)
"""Whom the previewed mail is addressed to. The links in it work for nobody."""

FIRST_PAGE = "index.html"
"""What to open: it shows all the others."""

_LOCAL = "../site/assets/"
"""Where pictures lie, as seen from a view."""


def unpublished_edition(digest: Digest, rendered: RenderedEdition, now: datetime) -> Edition:
    """The edition a digest would become now; the id 0 is no stored edition's."""
    return Edition(0, 0, 1, digest, rendered, "", now, now)


def preview_documents(
    edition: Edition,
    assets: Sequence[Asset],
    composer: Composer,
    look: Look,
    entry_id: str,
    now: datetime,
    findings: Sequence[Finding] | None = None,
) -> Iterator[Document]:
    """A page that shows everything, then what it shows: the mail as html, txt and eml, the page with its pictures
    as the site has them, and the feed entries, each byte for byte as it would be published; then the views that
    the first page frames.

    Args:
        edition: a stored one, or one that is not published yet.
        assets: the pictures that its documents name.
        composer: of the edition's mails.
        look: its newsletter's.
        entry_id: its entry's.
        now: when the preview is made.
        findings: what preflight found; None when it did not look.

    Raises:
        PublisherError: a part cannot be made; it would not be published either.
    """
    eml = composer.compose(READER, now).data
    message = email.message_from_bytes(eml, policy=email.policy.default)
    html, text = _part(message, "html"), _part(message, "plain")
    sent = [
        Document("mail.html", "text/html", html),
        Document("mail.txt", "text/plain", text),
        Document("mail.eml", "message/rfc822", eml),
        *_published(edition, assets, look, entry_id, now),
    ]
    preview = Preview(
        digest=edition.digest,
        made=now,
        headers=[(name, str(value)) for name, value in message.items()],
        raw_headers=eml.partition(b"\r\n\r\n")[0].decode("utf-8", "replace"),
        preheader=edition.rendered.preheader,
        text=text.decode(),
        sizes=_sizes(html, text, eml, assets),
        findings=None if findings is None else [_found(each) for each in findings],
        remote=remote_pictures(html.decode(), _public(look)),
        page=_page_path(edition.digest),
        documents=[document.path for document in sent],
    )
    yield Document(FIRST_PAGE, HTML, preview_page(preview, look))
    yield from sent
    yield from _views(html.decode(), edition, look)


def _part(message: EmailMessage, kind: str) -> bytes:
    """A part of the mail as its reader's client gets it: only the transfer encoding is undone."""
    part = message.get_body((kind,))
    data = part.get_payload(decode=True) if part is not None else None
    return data if isinstance(data, bytes) else b""


def _published(
    edition: Edition, assets: Sequence[Asset], look: Look, entry_id: str, now: datetime
) -> Iterator[Document]:
    """Page, pictures and feeds. Which issues will stand beside it is not known before it is published."""
    page = placed(edition.rendered.page, look, Place(edition.created_at))
    yield Document(_page_path(edition.digest), HTML, page)
    for asset in assets:
        yield Document(f"site/assets/{asset.name}", asset.media_type, asset.data)
    yield Document("entry.html", HTML, edition.rendered.entry.encode())
    shown = feed(look, feed_id(authority(look.site.url), now.date(), look.slug), now)
    for document in feed_documents(shown, [entry(_as_published(edition, entry_id), look)]):
        yield replace(document, path=document.path.rpartition("/")[2])


def _views(html: str, edition: Edition, look: Look) -> Iterator[Document]:
    public, rendered = _public(look), edition.rendered
    views = {
        "light": view(html, assets=public, local=_LOCAL, scheme="light"),
        "dark": view(html, assets=public, local=_LOCAL, scheme="dark"),
        "pictures-off": view(html, assets=public, local=_LOCAL, scheme="light", pictures=False),
        "page": view(rendered.page.decode(), assets="../../assets/", local=_LOCAL),
        "entry": fragment_view(rendered.entry, edition.digest.title, assets=public, local=_LOCAL),
    }
    for name, document in views.items():
        yield Document(f"views/{name}.html", HTML, document.encode())


def _sizes(html: bytes, text: bytes, eml: bytes, assets: Sequence[Asset]) -> list[Size]:
    return [
        Size("HTML part", len(html), CLIP, "Gmail cuts off what is longer"),
        Size("Text part", len(text)),
        Size("Whole message", len(eml), remark="as it is sent, without pictures"),
        Size("Pictures", sum(len(asset.data) for asset in assets), remark=f"{len(assets)}, loaded from the site"),
    ]


def _found(finding: Finding) -> Found:
    return Found(finding.rule, finding.level.value, finding.message, finding.remedy, finding.place)


def _public(look: Look) -> str:
    """How the public addresses of pictures begin."""
    return f"{look.site.url}assets/"


def _page_path(digest: Digest) -> str:
    return f"site/{digest.newsletter}/{digest.slug}/index.html"


def _as_published(edition: Edition, entry_id: str) -> PublishedEdition:
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
