"""Feeds and pages as functions of what is published, corrected and withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from publisher.digests.model import Asset
from publisher.editions import Edition, Note, PublishedEdition, RenderedEdition, Withdrawn, published_edition
from publisher.feeds.documents import feed_documents
from publisher.feeds.model import FeedFormat
from publisher.feeds.reading import ReadEntry, read
from publisher.publishing.feedset import entry, feed
from publisher.publishing.ports import Unit
from publisher.publishing.site import Site
from publisher.rendering import Place, placed, render
from tests.unit.rendering.samples import ASSET, LOOK, RICH, SITE, assert_golden, real

PUBLISHED_AT = datetime(2024, 11, 21, 7, tzinfo=UTC)
CORRECTED_AT = datetime(2024, 11, 21, 9, 30, tzinfo=UTC)
WITHDRAWN_AT = datetime(2024, 11, 22, 8, tzinfo=UTC)
NOTICE = Note(WITHDRAWN_AT, "The figures were those of 2019 & not ours.")
PICTURE = Asset(ASSET.removeprefix("asset:"), "image/jpeg", b"\xff\xd8")


def rendered(*notes: Note) -> RenderedEdition:
    return render(RICH, LOOK, notes=notes)


def edition(number: int = 1, *notes: Note) -> Edition:
    made = rendered(*notes)
    return Edition(number, 7, number, RICH, made, notes[-1].text if notes else "", PUBLISHED_AT, PUBLISHED_AT)


def published(*notes: Note, withdrawn: Note | None = None, **changes: Any) -> PublishedEdition:
    made = rendered(*notes)
    facts: dict[str, Any] = {
        "edition_id": 1,
        "digest_id": 7,
        "summary": made.summary,
        "entry": made.entry,
        "entry_id": "tag:news.example.org,2024-11-21:daily/harbour-opens",
        "published_at": PUBLISHED_AT,
        "updated_at": max((note.at for note in notes), default=PUBLISHED_AT),
    }
    return published_edition(RICH, withdrawn=withdrawn, **facts | changes)


FEED = feed(LOOK, "tag:news.example.org,2024-11-21:daily", PUBLISHED_AT)
CORRECTION = Note(CORRECTED_AT, "The fee was given as $1,300; it is <$1,200>.")
OTHER = replace(
    published(),
    entry_id="tag:news.example.org,2024-11-20:daily/ninth-day",
    slug="ninth-day",
    title=real().title,
    published_at=datetime(2024, 11, 20, 7, tzinfo=UTC),
    updated_at=datetime(2024, 11, 20, 7, tzinfo=UTC),
    entry="<p>As it was.</p>",
    summary="As it was.",
    image="",
)


def read_back(*editions: PublishedEdition) -> dict[FeedFormat, tuple[ReadEntry, ...]]:
    documents = feed_documents(FEED, [entry(each, LOOK) for each in editions])
    return {each: read(each, document.data).entries for each, document in zip(FeedFormat, documents, strict=True)}


@pytest.mark.parametrize("case", ["corrected", "withdrawn"])
def test_golden_feeds(case: str) -> None:
    shown = published(CORRECTION, withdrawn=NOTICE if case == "withdrawn" else None)
    for document in feed_documents(FEED, [entry(shown, LOOK), entry(OTHER, LOOK)]):
        assert_golden(f"feeds/{case}.{document.path.removeprefix('daily/')}", document.data)


def test_a_correction_moves_updated_and_nothing_that_readers_know_an_entry_by() -> None:
    before, after = read_back(published(), OTHER), read_back(published(CORRECTION), OTHER)
    for each in FeedFormat:
        (old, untouched), (new, still) = before[each], after[each]
        assert (new.id, new.url, new.title, new.published) == (old.id, old.url, old.title, old.published)
        assert (old.updated, new.updated) == (PUBLISHED_AT, CORRECTED_AT)
        assert new.content.startswith("<p><strong>Correction, ")
        assert "The fee was given as $1,300; it is &lt;$1,200&gt;." in new.content
        assert untouched == still


def test_a_minor_correction_moves_no_moment() -> None:
    minor = published(CORRECTION, updated_at=PUBLISHED_AT)
    for (found,) in read_back(minor).values():
        assert found.updated == found.published == PUBLISHED_AT


def test_a_withdrawn_entry_keeps_its_id_and_address_and_nothing_of_its_text() -> None:
    before, after = read_back(published()), read_back(published(withdrawn=NOTICE))
    for each in FeedFormat:
        (old,), (new,) = before[each], after[each]
        assert (new.id, new.url, new.published) == (old.id, old.url, old.published)
        assert new.updated == WITHDRAWN_AT
        assert new.title == f"Withdrawn: {RICH.title}"
        assert NOTICE.text in new.summary
        assert (new.author, new.tags, new.image) == ("" if each is not FeedFormat.ATOM else new.author, (), "")
        assert RICH.author not in new.author
        for word in ("Selene", "harbour took", "<img", "Ships"):
            assert word not in new.content


class Editions:
    """Editions of one digest, the last one the newest."""

    def __init__(self, *editions: Edition, withdrawn: Withdrawn | None = None) -> None:
        self._editions = {each.id: each for each in editions}
        self._withdrawn = withdrawn

    def get(self, edition_id: int) -> Edition:
        return self._editions[edition_id]

    def newest(self, digest_id: int) -> Edition:
        return list(self._editions.values())[-1]

    def withdrawn(self, digest_id: int) -> Withdrawn | None:
        return self._withdrawn


def unit(editions: Editions) -> Unit:
    record = SimpleNamespace(published_at=PUBLISHED_AT)
    digests = SimpleNamespace(assets_of=lambda digest_id: (PICTURE,), get=lambda digest_id: record)
    archive = SimpleNamespace(beside=lambda digest_id: (None, None))
    return cast(Unit, SimpleNamespace(editions=editions, digests=digests, archive=archive))


def test_a_late_publication_of_an_old_edition_does_not_bring_back_what_was_corrected() -> None:
    first, second = edition(), edition(2, CORRECTION)
    for asked in (first, second):
        documents = Site(SITE, [LOOK]).digest_documents(unit(Editions(first, second)), asked.id)
        assert [document.path for document in documents] == [
            f"assets/{PICTURE.name}",
            "daily/harbour-opens/index.html",
        ]
        assert documents[-1].data == placed(second.rendered.page, LOOK, Place(PUBLISHED_AT))


@pytest.mark.parametrize("configured", [True, False])
def test_in_place_of_a_withdrawn_digest_a_notice_is_put_and_no_picture(configured: bool) -> None:
    """Also where the newsletter is no longer configured: what must go does not stay for want of a title."""
    withdrawn = Withdrawn(RICH.title, RICH.date, "en", NOTICE)
    site = Site(SITE, [LOOK] if configured else [])
    (page,) = site.digest_documents(unit(Editions(edition(), withdrawn=withdrawn)), 1)
    assert page.path == "daily/harbour-opens/index.html"
    assert "The figures were those of 2019 &amp; not ours." in page.data.decode()
    assert "Selene" not in page.data.decode()
    assert ("The Harbour Daily" in page.data.decode()) == configured
