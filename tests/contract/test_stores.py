"""What every repository guarantees, on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text

from publisher.digests.model import (
    Asset,
    Digest,
    DigestState,
    Figure,
    Item,
    Link,
    ListBlock,
    Paragraph,
    Section,
    Text,
)
from publisher.digests.record import DigestRecord, MailChoice
from publisher.editions import (
    BlockKind,
    EditionBlock,
    Field,
    FieldName,
    Headline,
    PublicationState,
    PublishedEdition,
    RenderedEdition,
)
from publisher.errors import StorageError
from publisher.ledger import DeliveryState, Failure, MailingKind, MailingState
from publisher.publishing import ports
from publisher.storage.archive import Archive
from publisher.storage.database import Database
from publisher.storage.digests import Digests
from publisher.storage.editions import Editions
from publisher.storage.events import Events
from publisher.storage.facts import Facts
from publisher.storage.mailings import Mailings
from publisher.storage.preflights import Preflights
from publisher.storage.publications import Publications
from publisher.storage.tables import assets, batches, deliveries, mailings
from subscribers.tables import subscribers

HOUR = timedelta(hours=1)
PICTURE = Asset("a" * 32 + ".png", "image/png", b"\x89PNG\0bytes")
OTHER = Asset("b" * 32 + ".jpg", "image/jpeg", b"\xff\xd8other")
NOT_YET = (DigestState.DRAFT, DigestState.FINALIZED, DigestState.HELD)


def digest(slug: str = "2024-11-21-morning", newsletter: str = "daily", **changes: Any) -> Digest:
    """A digest with a bit of everything."""
    lead = Paragraph((Text("Good morning, "), Link("https://example.org/a?b=1&c", (Text("“all”"),))))
    items = ListBlock((Item((Paragraph((Text("صباح الخير"),)),)), Item((Paragraph((Text("two"),)),))))
    made = Digest(
        newsletter=newsletter,
        slug=slug,
        title="The morning",
        date=date(2024, 11, 21),
        language="en",
        direction="ltr",
        lead=(lead,),
        sections=(Section("courts", "Courts", (items,)), Section("arts", "Arts & more", ())),
        author="A. Writer",
        image=Figure(alt="A ship", src=f"asset:{PICTURE.name}"),
    )
    return replace(made, **changes)


def rendered(subject: str = "The morning", page: bytes = b"<!doctype html>\xc3\xa9") -> RenderedEdition:
    """What rendering might have made of it."""
    link = Field(FieldName.UNSUBSCRIBE_URL)
    blocks = (
        EditionBlock(BlockKind.OPENING, ("<html>", Field(FieldName.EMAIL), "<h1>é</h1>"), ("THE MORNING\n",)),
        EditionBlock(BlockKind.LEAD, (), ()),
        EditionBlock(BlockKind.SECTION, ("<h2>Courts</h2>",), ("Courts\n",), "courts"),
        EditionBlock(BlockKind.CLOSING, ('<a href="', link, '">Leave</a>'), ("Leave: ", link)),
    )
    return RenderedEdition(subject, "Good morning", "Good morning, all", blocks, page, "<p>é &amp; more</p>")


class Shop:
    """All repositories on one connection, with shortcuts for rows that tests need."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.digests = Digests(connection)
        self.editions = Editions(connection)
        self.archive = Archive(connection)
        self.mailings = Mailings(connection)
        self.publications = Publications(connection)
        self.preflights = Preflights(connection)
        self.events = Events(connection)
        self.facts = Facts(connection)

    def add(
        self,
        made: Digest | None = None,
        state: DigestState = DigestState.FINALIZED,
        pictures: Iterable[Asset] = (),
        now: datetime | None = None,
    ) -> int:
        """A digest; its id."""
        made = made or digest()
        return self.digests.add(
            made,
            state=state,
            source=f"{made.slug}.md",
            source_hash=hashlib.sha256(made.slug.encode()).hexdigest(),
            assets=pictures,
            now=now or self.now,
        )

    def headlines(self, newsletter: str) -> list[Headline]:
        """All that lists show of a newsletter."""
        return self.archive.headlines(newsletter, date.min, date.max)

    def publish(self, digest_id: int, slot: datetime | None = None, now: datetime | None = None) -> bool:
        """Publish a digest."""
        return self.digests.publish(
            digest_id,
            slot=slot,
            mail=MailChoice.MAILED,
            entry_id=f"tag:example.org,2024:{digest_id}",
            now=now or self.now,
            from_states=NOT_YET,
        )

    def freeze(self, digest_id: int, number: int = 1, made: Digest | None = None, **changes: Any) -> int:
        """An edition; its id."""
        return self.editions.add(
            digest_id=digest_id,
            number=number,
            digest=made or self.digests.content(digest_id),
            rendered=rendered(**changes),
            source_hash="c" * 64,
            note="" if number == 1 else "a name",
            created_at=self.now,
            updated_at=self.now + number * HOUR,
        )

    def published(self, made: Digest, now: datetime | None = None) -> tuple[int, int]:
        """A published digest with its first edition; both ids."""
        digest_id = self.add(made)
        assert self.publish(digest_id, now=now)
        return digest_id, self.freeze(digest_id)

    def mail(self, digest_id: int, edition_id: int, **changes: Any) -> int | None:
        """A mailing, the scheduled one unless told otherwise; its id."""
        wanted: dict[str, Any] = {"kind": MailingKind.SCHEDULED, "state": MailingState.WAITING, "selection": None}
        wanted |= {"actor": "schedule", "reason": "", "now": self.now} | changes
        return self.mailings.add(digest_id=digest_id, edition_id=edition_id, **wanted)


@pytest.fixture
def shop(database: Database, now: datetime) -> Any:
    """The repositories in one writing transaction, committed at the end."""
    with database.write() as connection:
        yield Shop(connection, now)


# --- digests ---------------------------------------------------------------------------------------------------


def test_a_digest_comes_back_as_it_was_written(shop: Shop, now: datetime) -> None:
    made = digest(publish_at=now + HOUR)
    digest_id = shop.add(made)
    assert shop.digests.content(digest_id) == made
    assert shop.digests.get(digest_id) == DigestRecord(
        id=digest_id,
        newsletter="daily",
        slug=made.slug,
        title="The morning",
        date=made.date,
        state=DigestState.FINALIZED,
        source="2024-11-21-morning.md",
        source_hash=hashlib.sha256(made.slug.encode()).hexdigest(),
        seen_at=now,
        publish_at=now + HOUR,
        finalized_at=now,
    )


def test_a_slug_is_taken_once_in_a_newsletter(shop: Shop) -> None:
    first = shop.add()
    with pytest.raises(StorageError, match="there is a digest daily/2024-11-21-morning already"):
        shop.add()
    shop.add(digest(newsletter="weekly"))
    assert shop.digests.get(first).slug == "2024-11-21-morning"  # the transaction goes on


def test_digests_are_found_by_the_names_people_use(shop: Shop) -> None:
    daily, weekly = shop.add(), shop.add(digest(newsletter="weekly"))
    slug = "2024-11-21-morning"
    assert [found.id for found in shop.digests.find(slug)] == [daily, weekly]
    assert [found.id for found in shop.digests.find(f"weekly/{slug}")] == [weekly]
    assert shop.digests.find("weekly/nothing") == shop.digests.find("nothing") == []
    by_source = shop.digests.by_source("weekly", f"{slug}.md")
    assert by_source is not None
    assert by_source.id == weekly
    assert shop.digests.by_source("weekly", "nothing.md") is None


def test_all_digests_come_newest_dated_first(shop: Shop) -> None:
    days = {day: shop.add(digest(f"d{day}", date=date(2024, 11, day))) for day in (20, 22, 21)}
    other = shop.add(digest("w", "weekly", date=date(2024, 11, 1)))
    assert [found.id for found in shop.digests.all("daily")] == [days[22], days[21], days[20]]
    assert [found.id for found in shop.digests.all()] == [days[22], days[21], days[20], other]


def test_what_is_not_there_is_one_clear_line(shop: Shop) -> None:
    calls: dict[str, Callable[[], object]] = {
        "no digest with the id 77": lambda: shop.digests.get(77),
        "no digest with the id 78": lambda: shop.digests.content(78),
        "no edition with the id 79": lambda: shop.editions.get(79),
        "no mailing 80": lambda: shop.mailings.get(80),
    }
    for message, call in calls.items():
        with pytest.raises(StorageError, match=message):
            call()


def test_the_first_moment_of_finalizing_stays(shop: Shop, now: datetime) -> None:
    digest_id = shop.add(state=DigestState.DRAFT)
    assert shop.digests.get(digest_id).finalized_at is None
    move = shop.digests.set_state
    assert move(digest_id, DigestState.FINALIZED, from_states=[DigestState.DRAFT], now=now + HOUR)
    assert move(digest_id, DigestState.HELD, held_because="stale", from_states=NOT_YET, now=now + 2 * HOUR)
    assert shop.digests.get(digest_id).held_because == "stale"
    assert move(digest_id, DigestState.FINALIZED, from_states=[DigestState.HELD], now=now + 3 * HOUR)
    found = shop.digests.get(digest_id)
    assert (found.finalized_at, found.held_because) == (now + HOUR, "")


def test_a_state_moves_only_from_where_it_was_seen(shop: Shop, now: datetime) -> None:
    digest_id = shop.add(state=DigestState.DRAFT)
    before = shop.digests.get(digest_id)
    assert not shop.digests.set_state(digest_id, DigestState.HELD, from_states=[DigestState.FINALIZED], now=now)
    assert not shop.digests.set_state(digest_id, DigestState.HELD, from_states=[], now=now)
    assert not shop.digests.set_state(99, DigestState.HELD, from_states=NOT_YET, now=now)
    assert shop.digests.get(digest_id) == before


def test_a_newer_revision_replaces_but_keeps_the_moments(shop: Shop, now: datetime) -> None:
    digest_id = shop.add(pictures=[PICTURE, OTHER])
    newer = digest("another-slug", title="Newer", date=date(2024, 11, 22), publish_at=now)
    shop.digests.replace(
        digest_id,
        newer,
        state=DigestState.FINALIZED,
        source="renamed.md",
        source_hash="d" * 64,
        assets=[OTHER],
        now=now + HOUR,
    )
    found = shop.digests.get(digest_id)
    assert (found.slug, found.title, found.date) == ("another-slug", "Newer", date(2024, 11, 22))
    assert (found.source, found.source_hash, found.publish_at) == ("renamed.md", "d" * 64, now)
    assert (found.seen_at, found.finalized_at) == (now, now)
    assert shop.digests.assets_of(digest_id) == (OTHER,)


def test_a_newer_revision_cannot_take_another_digests_name(shop: Shop, now: datetime) -> None:
    shop.add()
    second = shop.add(digest("second"))
    with pytest.raises(StorageError, match="there is a digest daily/2024-11-21-morning already"):
        shop.digests.replace(
            second,
            digest(),
            state=DigestState.FINALIZED,
            source="x.md",
            source_hash="d" * 64,
            assets=[],
            now=now,
        )
    assert shop.digests.get(second).slug == "second"  # and the transaction goes on


def test_what_is_published_is_never_replaced(shop: Shop, now: datetime) -> None:
    digest_id = shop.add()
    shop.publish(digest_id)
    with pytest.raises(StorageError, match=r"daily/2024-11-21-morning is published.*`publisher digest correct`"):
        shop.digests.replace(
            digest_id,
            digest(title="Newer"),
            state=DigestState.FINALIZED,
            source="x.md",
            source_hash="e" * 64,
            assets=[],
            now=now,
        )
    assert shop.digests.get(digest_id).title == "The morning"


def test_publishing_happens_once(shop: Shop, now: datetime) -> None:
    digest_id = shop.add()
    assert shop.publish(digest_id, slot=now)
    found = shop.digests.get(digest_id)
    assert not shop.publish(digest_id, slot=now + HOUR, now=now + HOUR)
    assert shop.digests.get(digest_id) == found
    assert (found.state, found.published_at, found.slot) == (DigestState.PUBLISHED, now, now)
    assert (found.mail, found.entry_id) == (MailChoice.MAILED, f"tag:example.org,2024:{digest_id}")


def test_a_slot_is_taken_by_one_digest(shop: Shop, now: datetime) -> None:
    first, second, weekly = shop.add(), shop.add(digest("second")), shop.add(digest(newsletter="weekly"))
    assert shop.publish(first, slot=now)
    assert not shop.publish(second, slot=now)
    assert shop.digests.get(second).state is DigestState.FINALIZED  # and the transaction goes on
    assert shop.publish(weekly, slot=now)
    assert shop.publish(second, slot=now + HOUR)
    assert [found.slot for found in shop.digests.all("daily")] == [now + HOUR, now]


def test_releases_by_hand_take_no_slot(shop: Shop, now: datetime) -> None:
    assert shop.publish(shop.add())
    assert shop.publish(shop.add(digest("second")))
    assert [found.slot for found in shop.digests.all()] == [None, None]


def test_an_entry_keeps_its_id_and_its_moment_when_published_again(shop: Shop, now: datetime) -> None:
    digest_id = shop.add()
    shop.publish(digest_id)
    withdrawn = DigestState.WITHDRAWN
    shop.digests.set_state(digest_id, withdrawn, from_states=[DigestState.PUBLISHED], now=now)
    again = shop.digests.publish(
        digest_id,
        slot=None,
        mail=MailChoice.NONE,
        entry_id="another",
        now=now + HOUR,
        from_states=[withdrawn],
    )
    found = shop.digests.get(digest_id)
    assert (again, found.entry_id, found.published_at) == (True, f"tag:example.org,2024:{digest_id}", now)


def test_a_repeated_title_is_known(shop: Shop) -> None:
    first, second = shop.add(), shop.add(digest("second"))
    assert not shop.digests.title_published_before("daily", "The morning", second)
    shop.publish(first)
    assert shop.digests.title_published_before("daily", "The morning", second)
    assert not shop.digests.title_published_before("daily", "The morning", first)
    assert not shop.digests.title_published_before("weekly", "The morning", second)
    assert not shop.digests.title_published_before("daily", "The evening", second)


def test_the_mail_of_a_digest_is_recorded(shop: Shop) -> None:
    digest_id = shop.add()
    shop.digests.set_mail(digest_id, MailChoice.BACKLOG)
    assert shop.digests.get(digest_id).mail is MailChoice.BACKLOG


def test_pictures_are_kept_once_and_forgotten_with_their_last_digest(shop: Shop, now: datetime) -> None:
    first, second = shop.add(pictures=[OTHER, PICTURE, PICTURE]), shop.add(digest("second"), pictures=[PICTURE])
    assert shop.digests.assets_of(first) == (PICTURE, OTHER)
    assert shop.digests.asset_sizes(first) == {each.name: len(each.data) for each in (PICTURE, OTHER)}
    for digest_id, slug in ((first, "2024-11-21-morning"), (second, "second")):
        assert PICTURE in shop.digests.assets_of(second)
        shop.digests.replace(
            digest_id,
            digest(slug),
            state=DigestState.FINALIZED,
            source="x.md",
            source_hash="f" * 64,
            assets=[],
            now=now,
        )
    assert shop.connection.scalar(select(func.count()).select_from(assets)) == 0


def test_a_picture_that_is_added_stays_with_the_others(shop: Shop) -> None:
    first, second = shop.add(pictures=[PICTURE]), shop.add(digest("second"))
    for _ in range(2):
        shop.digests.add_assets(first, [OTHER, PICTURE])
    assert shop.digests.assets_of(first) == (PICTURE, OTHER)
    assert shop.digests.assets_of(second) == ()


def test_feeds_go_by_publication_and_lists_by_the_digests_own_dates(shop: Shop, now: datetime) -> None:
    def published(slug: str, day: int, moment: datetime) -> int:
        return shop.published(digest(slug, date=date(2024, 11, day)), moment)[0]

    published("old", 20, now)
    published("newest", 21, now + HOUR)
    published("backlog", 18, now + HOUR)  # in the same pass: its own date decides
    gone = published("gone", 22, now + 2 * HOUR)
    shop.digests.set_state(gone, DigestState.WITHDRAWN, from_states=[DigestState.PUBLISHED], now=now)
    shop.add(digest("waiting"))
    assert [found.slug for found in shop.editions.entries("daily", 10)] == ["newest", "backlog", "old"]
    assert [found.slug for found in shop.headlines("daily")] == ["newest", "old", "backlog"]


def test_sections_are_those_of_what_was_published_last_each_once_by_its_newest_name(
    shop: Shop, now: datetime
) -> None:
    def published(slug: str, moment: datetime, **names: str) -> tuple[int, int]:
        sections = tuple(Section(section, name, ()) for section, name in names.items())
        return shop.published(digest(slug, sections=sections), moment)

    assert shop.editions.sections("daily", 10) == []
    published("oldest", now - HOUR, courts="Courts", weather="Weather")
    published("older", now, courts="The courts", arts="Arts & more", news="القسم")
    newest, _ = published("newest", now + HOUR, money="Money", courts="In court")
    shop.published(digest("weekly", "weekly"), now + HOUR)
    shop.add(digest("waiting", sections=(Section("secret", "Secret", ()),)))
    in_court, arts, news = ("courts", "In court"), ("arts", "Arts & more"), ("news", "القسم")
    assert shop.editions.sections("daily", 2) == [("money", "Money"), in_court, arts, news]
    assert shop.editions.sections("daily", 10)[-1] == ("weather", "Weather")
    corrected = replace(shop.digests.content(newest), sections=(Section("purse", "Purse", ()),))
    shop.freeze(newest, number=2, made=corrected)
    assert shop.editions.sections("daily", 1) == [("purse", "Purse")]


# --- editions --------------------------------------------------------------------------------------------------


def test_an_edition_comes_back_byte_for_byte(shop: Shop, now: datetime) -> None:
    digest_id = shop.add()
    edition_id = shop.freeze(digest_id)
    found = shop.editions.get(edition_id)
    assert found.rendered == rendered()
    assert found.digest == digest()
    assert (found.number, found.note, found.created_at, found.updated_at) == (1, "", now, now + HOUR)
    assert shop.editions.blocks(edition_id) == rendered().blocks
    assert shop.editions.blocks(edition_id + 1) == ()


def test_the_newest_edition_is_the_highest_number(shop: Shop) -> None:
    digest_id = shop.add()
    assert shop.editions.newest(digest_id) is None
    shop.freeze(digest_id)
    second = shop.freeze(digest_id, 2)
    newest = shop.editions.newest(digest_id)
    assert newest is not None
    assert (newest.id, newest.number, newest.note) == (second, 2, "a name")


def test_feeds_get_the_newest_edition_of_each_published_digest(shop: Shop, now: datetime) -> None:
    first, _ = shop.published(digest("first"))
    corrected = shop.freeze(first, 2, digest("first", title="Corrected", image=None, author=""))
    second, edition = shop.published(digest("second"), now + HOUR)
    shop.published(digest("third", "weekly"))
    shop.freeze(shop.add(digest("not-yet")))
    found = shop.editions.entries("daily", 10)
    assert [entry.edition_id for entry in found] == [edition, corrected]
    assert found[0] == PublishedEdition(
        edition_id=edition,
        digest_id=second,
        newsletter="daily",
        slug="second",
        title="The morning",
        date=date(2024, 11, 21),
        summary="Good morning, all",
        entry="<p>é &amp; more</p>",
        entry_id=f"tag:example.org,2024:{second}",
        published_at=now + HOUR,
        updated_at=now + HOUR,
        language="en",
        author="A. Writer",
        sections=(("courts", "Courts"), ("arts", "Arts & more")),
        image=f"asset:{PICTURE.name}",
    )
    assert (found[1].title, found[1].image, found[1].updated_at) == ("Corrected", "", now + 2 * HOUR)
    assert [entry.edition_id for entry in shop.editions.entries("daily", 1)] == [edition]


def test_lists_get_a_headline_for_each_published_digest(shop: Shop, now: datetime) -> None:
    shop.published(digest("first"))
    shop.published(digest("second"), now + HOUR)
    shop.add(digest("not-yet"))
    assert [found.slug for found in shop.headlines("daily")] == ["second", "first"]
    assert shop.headlines("daily")[1] == Headline(
        "daily", "first", "The morning", "Good morning, all", date(2024, 11, 21), now
    )


# --- mailings --------------------------------------------------------------------------------------------------


def test_a_digest_has_one_scheduled_mailing_and_any_resends(shop: Shop, now: datetime) -> None:
    digest_id, edition_id = shop.published(digest())
    scheduled = shop.mail(digest_id, edition_id)
    assert scheduled is not None
    assert shop.mail(digest_id, edition_id) is None
    resends = [
        shop.mail(digest_id, edition_id, kind=MailingKind.RESEND, actor="op", reason="550", selection=selection)
        for selection in ([3, 1, 2], [])
    ]
    assert None not in resends
    other, other_edition = shop.published(digest("other"))
    assert shop.mail(other, other_edition) is not None
    assert [found.id for found in shop.mailings.all(digest_id)] == [resends[1], resends[0], scheduled]
    assert len(shop.mailings.all()) == 4
    found = shop.mailings.get(resends[0] or 0)
    assert (found.kind, found.actor, found.reason, found.created_at) == (MailingKind.RESEND, "op", "550", now)
    assert found.left_out == {}
    query = select(mailings.c.selection).where(mailings.c.digest_id == digest_id).order_by(mailings.c.id)
    assert list(shop.connection.scalars(query)) == [None, [3, 1, 2], []]


def test_a_mailing_moves_only_from_where_it_was_seen(shop: Shop, now: datetime) -> None:
    digest_id, edition_id = shop.published(digest())
    mailing_id = shop.mail(digest_id, edition_id) or 0
    assert [found.id for found in shop.mailings.waiting()] == [mailing_id]
    move = shop.mailings.set_state
    assert not move(mailing_id, MailingState.DONE, [MailingState.RUNNING], now)
    assert move(mailing_id, MailingState.RUNNING, [MailingState.WAITING], now)
    assert shop.mailings.waiting() == []
    assert move(mailing_id, MailingState.PAUSED, [MailingState.RUNNING], now + HOUR)
    assert move(mailing_id, MailingState.RUNNING, [MailingState.PAUSED], now + 2 * HOUR)
    assert move(mailing_id, MailingState.DONE, [MailingState.RUNNING], now + 3 * HOUR)
    found = shop.mailings.get(mailing_id)
    assert (found.state, found.started_at, found.finished_at) == (MailingState.DONE, now, now + 3 * HOUR)


def test_deliveries_are_summed_and_troubles_told_in_pages(shop: Shop, now: datetime) -> None:
    digest_id, edition_id = shop.published(digest())
    mailing_id = shop.mail(digest_id, edition_id) or 0
    for number, state in enumerate(DeliveryState, 1):
        row = {"mailing_id": mailing_id, "digest_id": digest_id, "subscriber_id": number, "state": state}
        row |= {"changed_at": now, "code": 550, "reason": "no", "due_at": now, "attempts": 2}
        shop.connection.execute(insert(deliveries).values(row))
    extra = {"subscriber_id": 99, "state": DeliveryState.PENDING, "changed_at": now}
    shop.connection.execute(insert(deliveries).values(mailing_id=mailing_id, digest_id=digest_id, **extra))
    batch = {"mailing_id": mailing_id, "first_id": 1, "last_id": 11, "mails": 11, "begun": True}
    shop.connection.execute(insert(batches).values(batch))
    assert shop.mailings.counts(mailing_id) == dict.fromkeys(DeliveryState, 1) | {DeliveryState.PENDING: 2}
    assert shop.mailings.counts(mailing_id + 1) == {}
    troubles = shop.mailings.failures(mailing_id)
    assert [found.state for found in troubles] == ["deferred", "failed", "uncertain", "bounced", "complained"]
    first, place = troubles[0].delivery_id, list(DeliveryState).index(DeliveryState.DEFERRED) + 1
    assert troubles[0] == Failure(first, place, "", DeliveryState.DEFERRED, 550, "no", 2, now)
    paged: list[Failure] = []
    for _ in range(3):
        paged += shop.mailings.failures(mailing_id, 2, after_id=paged[-1].delivery_id if paged else 0)
    assert paged == troubles
    assert shop.mailings.failures(mailing_id, 2, after_id=paged[-1].delivery_id) == []


def test_troubles_name_the_address_while_there_is_one(shop: Shop, now: datetime) -> None:
    digest_id, edition_id = shop.published(digest())
    mailing_id = shop.mail(digest_id, edition_id) or 0
    person = {"email": "a@example.org", "email_key": "a@example.org", "created_at": now}
    shop.connection.execute(insert(subscribers).values(id=5, **person))
    row = {"mailing_id": mailing_id, "digest_id": digest_id, "state": DeliveryState.FAILED, "changed_at": now}
    shop.connection.execute(insert(deliveries).values(subscriber_id=5, **row))
    assert [found.email for found in shop.mailings.failures(mailing_id)] == ["a@example.org"]


# --- publications ----------------------------------------------------------------------------------------------


def test_an_edition_has_one_publication_a_target(shop: Shop, now: datetime) -> None:
    _, edition_id = shop.published(digest())
    assert shop.publications.ensure("endpoint:site", now) == 1
    assert shop.publications.ensure("endpoint:site", now) == 0
    assert shop.publications.ensure("hub:https://hub.example.org/", now) == 1
    found = shop.publications.of_edition(edition_id)
    assert [publication.target for publication in found] == ["endpoint:site", "hub:https://hub.example.org/"]
    assert {publication.state for publication in found} == {PublicationState.PENDING}


def test_a_new_endpoint_gets_the_newest_edition_of_everything_published(shop: Shop, now: datetime) -> None:
    first, first_edition = shop.published(digest("first"))
    _, second_edition = shop.published(digest("second", "weekly"))
    shop.freeze(shop.add(digest("not-yet")))
    corrected = shop.freeze(first, 2)
    assert shop.publications.ensure("endpoint:site", now) == 2
    assert shop.publications.ensure("endpoint:site", now) == 0
    assert shop.publications.of_edition(first_edition) == []
    assert [found.edition_id for found in shop.publications.due(now)] == sorted([second_edition, corrected])
    assert shop.publications.ensure("endpoint:mirror", now) == 2


def test_a_publication_that_failed_is_due_again_at_its_time(shop: Shop, now: datetime) -> None:
    _, edition_id = shop.published(digest())
    shop.publications.ensure("endpoint:site", now)
    (found,) = shop.publications.due(now)
    for attempt in (1, 2):
        shop.publications.mark_behind(found.id, "disk full", now + attempt * HOUR, now)
    (behind,) = shop.publications.of_edition(edition_id)
    assert (behind.state, behind.attempts, behind.error) == (PublicationState.BEHIND, 2, "disk full")
    assert shop.publications.due(now + HOUR) == []
    assert shop.publications.due(now + 2 * HOUR) == [behind]
    shop.publications.mark_pages(found.id, now + 2 * HOUR)
    shop.publications.mark_pages(found.id, now + 3 * HOUR)
    shop.publications.mark_done(found.id, now + 3 * HOUR)
    (done,) = shop.publications.of_edition(edition_id)
    assert (done.state, done.error, done.due_at) == (PublicationState.DONE, "", None)
    assert (done.pages_at, done.attempts) == (now + 2 * HOUR, 2)
    assert shop.publications.due(now + 9 * HOUR) == []


# --- preflights ------------------------------------------------------------------------------------------------

FINDING = {"rule": "subject", "level": "warn", "message": "é “long”", "remedy": "Shorten it", "place": "subject"}


def look_at(shop: Shop, digest_id: int, edition_id: int | None = None, **changes: Any) -> None:
    """Record an inspection."""
    row: dict[str, Any] = {
        "source_hash": "c" * 64,
        "conditions": "d" * 64,
        "at": shop.now,
        "findings": [FINDING],
        "despite": ["links-answer"],
    }
    shop.preflights.add(digest_id=digest_id, edition_id=edition_id, **row | changes)


def test_what_was_found_about_a_digest_last_is_what_is_shown(shop: Shop, now: datetime) -> None:
    digest_id, other = shop.add(), shop.add(digest("other"))
    assert shop.preflights.newest(digest_id) is None
    look_at(shop, digest_id)
    first = shop.preflights.newest(digest_id)
    assert first is not None
    assert (first.edition_id, first.findings, first.despite, first.at) == (None, [FINDING], ["links-answer"], now)
    look_at(shop, digest_id, shop.freeze(digest_id), findings=[], despite=())
    newest = shop.preflights.newest(digest_id)
    assert newest is not None
    assert newest.edition_id is not None
    assert (newest.findings, newest.despite) == ([], [])
    assert (newest.source_hash, newest.conditions) == ("c" * 64, "d" * 64)
    assert shop.preflights.newest(other) is None


def test_a_digest_is_compared_with_what_its_newsletter_published_last(shop: Shop, now: datetime) -> None:
    for number in range(4):
        made = digest(f"day-{number}")
        digest_id = shop.add(made)
        shop.publish(digest_id, now=now + number * HOUR)
        shop.freeze(digest_id)
        if number == 2:
            shop.freeze(digest_id, 2, made=replace(made, title="Corrected"))
    shop.add(digest("unpublished"))
    elsewhere = shop.add(digest("day-9", newsletter="weekly"))
    shop.publish(elsewhere)
    shop.freeze(elsewhere)
    found = shop.editions.earlier("daily", 2, exclude="day-3")
    assert [(each.slug, each.title) for each in found] == [("day-2", "Corrected"), ("day-1", "The morning")]
    assert len(shop.editions.earlier("daily", 9)) == 4


# --- events and facts ------------------------------------------------------------------------------------------


def test_events_are_appended_in_order(shop: Shop, now: datetime) -> None:
    digest_id = shop.add()
    shop.events.append(
        "digest.held", at=now, actor="schedule", digest_id=digest_id, data={"reason": "é", "n": [1]}
    )
    shop.events.append("digest.released", at=now - HOUR, actor="op", digest_id=digest_id)
    shop.events.append("other", at=now)
    found = shop.events.of_digest(digest_id)
    assert [(event.kind, event.actor, event.at) for event in found] == [
        ("digest.held", "schedule", now),
        ("digest.released", "op", now - HOUR),
    ]
    assert (found[0].data, found[1].data) == ({"reason": "é", "n": [1]}, {})


def test_a_fact_stays_what_it_was_first_set_to(shop: Shop) -> None:
    assert shop.facts.get("feed.daily.id") is None
    assert shop.facts.set_once("feed.daily.id", "1")
    assert not shop.facts.set_once("feed.daily.id", "2")
    assert shop.facts.set_once("feed.weekly.id", "3")
    assert (shop.facts.get("feed.daily.id"), shop.facts.get("feed.weekly.id")) == ("1", "3")


# --- all of them -----------------------------------------------------------------------------------------------


def test_repositories_are_what_the_use_cases_ask_for(shop: Shop) -> None:
    """mypy is the judge; this runs to keep the names alive."""
    digests: ports.Digests = shop.digests
    editions: ports.Editions = shop.editions
    archive: ports.Archive = shop.archive
    publications: ports.Publications = shop.publications
    preflights: ports.Preflights = shop.preflights
    events: ports.Events = shop.events
    assert (preflights.newest(1), editions.newest(1)) == (None, None)
    assert [digests.all(), archive.months("daily"), publications.due(shop.now), events.of_digest(1)] == [[]] * 4


def _writes(shop: Shop) -> dict[str, Callable[[], object]]:
    now = shop.now
    return {
        "digests.add": shop.add,
        "digests.replace": lambda: shop.digests.replace(
            1, digest(), state=DigestState.DRAFT, source="x", source_hash="x", assets=[], now=now
        ),
        "digests.set_state": lambda: shop.digests.set_state(1, DigestState.HELD, from_states=NOT_YET, now=now),
        "digests.publish": lambda: shop.publish(1),
        "digests.set_mail": lambda: shop.digests.set_mail(1, MailChoice.NONE),
        "digests.add_assets": lambda: shop.digests.add_assets(1, [PICTURE]),
        "editions.add": lambda: shop.freeze(1, made=digest()),
        "mailings.add": lambda: shop.mail(1, 1),
        "mailings.set_state": lambda: shop.mailings.set_state(1, MailingState.DONE, [MailingState.RUNNING], now),
        "publications.ensure": lambda: shop.publications.ensure("endpoint:site", now),
        "publications.mark_pages": lambda: shop.publications.mark_pages(1, now),
        "publications.mark_done": lambda: shop.publications.mark_done(1, now),
        "publications.mark_behind": lambda: shop.publications.mark_behind(1, "x", now, now),
        "preflights.add": lambda: look_at(shop, 1),
        "events.append": lambda: shop.events.append("x", at=now),
        "facts.set_once": lambda: shop.facts.set_once("x", "1"),
    }


@pytest.mark.parametrize("write", list(_writes(Shop(None, datetime(2024, 11, 21, tzinfo=UTC)))))  # type: ignore[arg-type]
def test_writing_where_only_reading_is_allowed_is_one_clear_line(
    database: Database, now: datetime, write: str
) -> None:
    def attempt() -> None:
        with database.read() as connection:
            _writes(Shop(connection, now))[write]()

    with pytest.raises(StorageError, match=r"the database does not answer: .*read"):
        attempt()


def _reads(shop: Shop) -> dict[str, Callable[[], object]]:
    return {
        "digests.get": lambda: shop.digests.get(1),
        "digests.all": shop.digests.all,
        "digests.find": lambda: shop.digests.find("x"),
        "digests.by_source": lambda: shop.digests.by_source("daily", "x"),
        "digests.content": lambda: shop.digests.content(1),
        "digests.title_published_before": lambda: shop.digests.title_published_before("daily", "x", 1),
        "digests.assets_of": lambda: shop.digests.assets_of(1),
        "digests.asset_sizes": lambda: shop.digests.asset_sizes(1),
        "editions.get": lambda: shop.editions.get(1),
        "editions.newest": lambda: shop.editions.newest(1),
        "editions.blocks": lambda: shop.editions.blocks(1),
        "editions.entries": lambda: shop.editions.entries("daily", 1),
        "editions.earlier": lambda: shop.editions.earlier("daily", 1),
        "archive.headlines": lambda: shop.headlines("daily"),
        "archive.months": lambda: shop.archive.months("daily"),
        "archive.touched": lambda: shop.archive.touched([1]),
        "mailings.get": lambda: shop.mailings.get(1),
        "mailings.all": shop.mailings.all,
        "mailings.waiting": shop.mailings.waiting,
        "mailings.counts": lambda: shop.mailings.counts(1),
        "mailings.failures": lambda: shop.mailings.failures(1),
        "publications.due": lambda: shop.publications.due(shop.now),
        "publications.of_edition": lambda: shop.publications.of_edition(1),
        "preflights.newest": lambda: shop.preflights.newest(1),
        "events.of_digest": lambda: shop.events.of_digest(1),
        "facts.get": lambda: shop.facts.get("x"),
    }


def _break(connection: Connection) -> None:
    """Let every further statement fail, as it does when the disk or the server is gone."""
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        raw.set_progress_handler(lambda: 1, 1)
    else:
        raw.close()


@pytest.mark.parametrize("read", list(_reads(Shop(None, datetime(2024, 11, 21, tzinfo=UTC)))))  # type: ignore[arg-type]
def test_a_database_lost_while_reading_is_one_clear_line(database: Database, now: datetime, read: str) -> None:
    def attempt() -> None:
        with database.read() as connection:
            _break(connection)
            _reads(Shop(connection, now))[read]()

    with pytest.raises(StorageError, match=r"the database does not answer: (interrupted|the connection is)"):
        attempt()


def test_names_never_become_sql(shop: Shop) -> None:
    hostile = "x'; DROP TABLE digests; --"
    assert shop.digests.find(hostile) == []
    assert shop.headlines(hostile) == []
    assert shop.connection.scalar(text("SELECT count(*) FROM digests")) == 0
