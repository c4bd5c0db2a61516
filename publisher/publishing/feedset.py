"""The feeds of a newsletter: everything, each section, headlines, corrections, and the documents of its archive.

What a feed is called for ever is minted once and stored; what it holds is asked of what is published now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from publisher.editions import Amendment, Document, Entry, Month, PublishedEdition, Withdrawn
from publisher.feeds.documents import MAX_ENTRIES, feed_documents, shown_entries
from publisher.feeds.model import Feed, FeedFormat
from publisher.publishing import archives
from publisher.publishing.ports import Unit
from publisher.rendering.amendments import amendment_entry
from publisher.rendering.look import Look, picture_address
from publisher.rendering.standing import CORRECTIONS, HEADLINES, section_path
from publisher.rendering.withdrawal import withdrawn_entry
from publisher.rendering.words import words

SECTIONS_FROM = 30
"""Digests whose sections are told of; the feeds of older sections stay, and are told of nowhere."""


def newsletter_feed(unit: Unit, look: Look) -> Feed:
    """The feed of everything, as it was minted."""
    minted = unit.facts.get(f"feed.{look.slug}.id") or look.url
    since = unit.facts.get(f"feed.{look.slug}.since") or "1970-01-01T00:00:00Z"
    return feed(look, minted, datetime.fromisoformat(since))


def feed(look: Look, minted_id: str, since: datetime) -> Feed:
    """A newsletter's feed of everything; `since` is the moment that it bears while it is empty."""
    return Feed(
        id=minted_id,
        title=look.title,
        description=look.description,
        language=look.language,
        author=look.title,
        site_url=look.site.url,
        path=look.slug,
        updated=since,
        hubs=look.site.hubs,
    )


def headlines_feed(whole: Feed, look: Look) -> Feed:
    """The same entries, and of each its title alone."""
    ours = words(look.language, look.site.templates)
    title = f"{ours('Headlines only')} – {whole.title}"
    return replace(whole, title=title, formats=(FeedFormat.RSS,), file=HEADLINES, headlines=True)


def corrections_feed(whole: Feed, look: Look) -> Feed:
    """Corrections and withdrawals, each an entry of its own."""
    ours = words(look.language, look.site.templates)
    title = f"{ours('Corrections')} – {whole.title}"
    return replace(whole, title=title, formats=(FeedFormat.RSS,), file=CORRECTIONS)


def section_feed(whole: Feed, look: Look, section: str, name: str) -> Feed:
    """The digests that have a section. Its id follows from the newsletter's, which is stored."""
    path = section_path(section).rstrip("/")
    return replace(
        whole,
        id=f"{whole.id}/{path}",
        title=f"{name or section} – {whole.title}",
        path=f"{look.slug}/{path}",
        home=look.slug,
    )


def told_feeds(unit: Unit, look: Look) -> tuple[Feed, ...]:
    """The feeds of a newsletter that people and readers are told of, each once whatever its formats."""
    whole = newsletter_feed(unit, look)
    sections = (section_feed(whole, look, *section) for section in told_sections(unit, look))
    return (whole, *sections, headlines_feed(whole, look), corrections_feed(whole, look))


def told_sections(unit: Unit, look: Look) -> Sequence[tuple[str, str]]:
    """(slug, name) of the sections that people are told of."""
    return unit.feeds.sections(look.slug, SECTIONS_FROM)


def live_documents(unit: Unit, look: Look) -> Iterator[Document]:
    """Everything, in every format, with the way into the archive; and the headlines of it.

    Raises:
        FeedError: a document did not pass its check.
    """
    editions = unit.editions.entries(look.slug, MAX_ENTRIES)
    entries = [entry(each, look) for each in editions]
    whole, months = newsletter_feed(unit, look), unit.archive.months(look.slug)
    if months:
        whole = replace(whole, links=archives.way_in(whole, months, ()))
        shown = shown_entries(whole, entries)
        dates = {each.entry_id: each.date for each in editions}
        whole = replace(whole, links=archives.way_in(whole, months, [dates[each.id] for each in shown]))
        yield from feed_documents(whole, shown, max_bytes=None)
    else:
        yield from feed_documents(whole, entries)
    yield from feed_documents(headlines_feed(replace(whole, links=()), look), entries)


def section_documents(unit: Unit, look: Look, sections: Iterable[str]) -> Iterator[Document]:
    """The feeds of these sections.

    Raises:
        FeedError: a document did not pass its check.
    """
    whole = newsletter_feed(unit, look)
    for section in sections:
        editions = unit.editions.entries(look.slug, MAX_ENTRIES, section)
        shown = section_feed(whole, look, section, unit.feeds.section_name(look.slug, section))
        yield from feed_documents(shown, [entry(each, look) for each in editions])


def correction_documents(unit: Unit, look: Look) -> Iterator[Document]:
    """The feed of corrections.

    Raises:
        FeedError: it did not pass its check.
    """
    amendments = unit.feeds.amendments(look.slug, MAX_ENTRIES)
    whole = corrections_feed(newsletter_feed(unit, look), look)
    yield from feed_documents(whole, [correction_entry(each, look) for each in amendments])


def archive_documents(unit: Unit, look: Look, months: Iterable[Month]) -> Iterator[Document]:
    """The documents of these months of the archive.

    Raises:
        FeedError: a document did not pass its check.
    """
    there = unit.archive.months(look.slug)
    whole = newsletter_feed(unit, look)
    for month in months:
        editions = unit.editions.entries_of_days(look.slug, month.first, month.last)
        for page, shelf in archives.pages(editions, month):
            kept = [entry(each, look) for each in shelf if each.withdrawn is None]
            document = archives.document_feed(whole, page, there, shelf)
            yield from feed_documents(document, kept, max_entries=None, max_bytes=None)


def entry(edition: PublishedEdition, newsletter: Look) -> Entry:
    """An edition as its newsletter's feeds show it.

    Of a withdrawn digest the id, the address and the moment of publication stay; in place of all that it said
    stands the notice.
    """
    if edition.withdrawn is not None:
        left = Withdrawn(edition.title, edition.date, edition.language, edition.withdrawn)
        shown = withdrawn_entry(left, newsletter)
        return Entry(
            id=edition.entry_id,
            url=newsletter.page_url(edition.slug),
            title=shown.title,
            summary=shown.summary,
            content=shown.content,
            published=edition.published_at,
            updated=edition.withdrawn.at,
            language=edition.language,
        )
    return Entry(
        id=edition.entry_id,
        url=newsletter.page_url(edition.slug),
        title=edition.title,
        summary=edition.summary,
        content=edition.entry,
        published=edition.published_at,
        updated=edition.updated_at,
        language=edition.language,
        author=edition.author,
        sections=edition.sections,
        image=picture_address(edition.image, f"{newsletter.site.url}assets/") if edition.image else "",
    )


def correction_entry(amendment: Amendment, newsletter: Look) -> Entry:
    """A correction or a withdrawal as an entry of its own, which never changes; the digest's id begins its own."""
    shown = amendment_entry(amendment, newsletter)
    what = "withdrawn" if amendment.is_withdrawal else f"corrections/{amendment.number}"
    return Entry(
        id=f"{amendment.entry_id}/{what}",
        url=newsletter.page_url(amendment.slug),
        title=shown.title,
        summary=shown.summary,
        content=shown.content,
        published=amendment.note.at,
        updated=amendment.note.at,
        language=amendment.language,
    )
