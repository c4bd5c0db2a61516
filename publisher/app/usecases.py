"""The use cases of an open instance, each built when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.app.adapters import Adapters
from publisher.app.keeping import InstanceGround
from publisher.app.leaving import judge_of
from publisher.app.returning import Returning
from publisher.app.serving import FeedReaders, Telling, Upkeep
from publisher.config import Newsletter
from publisher.digests.identity import Home
from publisher.digests.model import Digest
from publisher.digests.record import DigestRecord
from publisher.editions import Document, Edition
from publisher.errors import ConfigError
from publisher.feeds.identity import authority, mint_entry_id
from publisher.keeping.blocking import Blocking
from publisher.keeping.erasing import Erasing
from publisher.keeping.moving import Moving
from publisher.keeping.retaining import Retaining
from publisher.mailings.reconciling import Reconciling
from publisher.mailings.rescue import Rescuer
from publisher.notices.posting import Posting
from publisher.notices.writing import Desk, Writer
from publisher.people import People
from publisher.preflight import registry
from publisher.publishing.announcing import Announcing
from publisher.publishing.channels import Channels
from publisher.publishing.checking import FeedLook, look_at_feeds
from publisher.publishing.controlling import Controls
from publisher.publishing.correcting import Correcting
from publisher.publishing.editorial import Editorial
from publisher.publishing.examining import sample_digest
from publisher.publishing.histories import Histories
from publisher.publishing.inspecting import Inspection, Inspector, World
from publisher.publishing.intake import Intake
from publisher.publishing.links import Links
from publisher.publishing.mailroom import Mailroom
from publisher.publishing.preflighting import Gate
from publisher.publishing.previewing import preview_documents
from publisher.publishing.publish import Publisher
from publisher.publishing.readers import Readers
from publisher.publishing.resends import Resends
from publisher.publishing.seeking import Seeker, Sought
from publisher.publishing.segmenting import Segmenting, Segments
from publisher.publishing.signups import SignUps
from publisher.publishing.site import Site
from publisher.publishing.withdrawing import Withdrawing
from publisher.storage import locks
from publisher.storage.health import Health
from publisher.storage.ledger import LedgerStore
from publisher.storage.retention import OldDetails

if TYPE_CHECKING:
    from publisher.doctor.model import Opened
    from publisher.endpoints.public import PublicSite
    from publisher.publishing.fetching import Fetching

NOTICES_LOCK = "notices"


class UseCases(Adapters):
    """What is done with an instance by people and programs."""

    @property
    def opened(self) -> Opened:
        """What checks of the instance are given of it."""
        from publisher.doctor.model import Opened  # late, as in `ground`

        return Opened(
            store=self.store,
            records=Health(self.database),
            rehearse=lambda newsletter: self.rehearse(newsletter, ask=False).findings,
            secret=lambda: self.secret,
        )

    @cached_property
    def people(self) -> People:
        """What is done with subscribers."""
        return People(self.database, self.secret)

    @cached_property
    def blocking(self) -> Blocking:
        """What forbids mailing addresses, and lifts that."""
        return Blocking(self.database, self.secret)

    @cached_property
    def moving(self) -> Moving:
        """What takes people along, and back."""
        return Moving(self.database, self.secret, [each.slug for each in self.settings.newsletter])

    @cached_property
    def erasing(self) -> Erasing:
        """What forgets people."""
        return Erasing(InstanceGround(self), self.secret)

    @cached_property
    def retaining(self) -> Retaining:
        """What forgets what is old."""
        return Retaining(self.database.write, OldDetails(self.database), self.settings.retention)

    @cached_property
    def publisher(self) -> Publisher:
        """What publishes digests."""
        domain = authority(self.settings.site.url)

        def mint(record: DigestRecord) -> str:
            return mint_entry_id(domain, self.clock().date(), record.newsletter, record.slug)

        return Publisher(
            self.store, self.render, mint, self.targets, self.gate, self.logos.assets, self.segmenting
        )

    @cached_property
    def segmenting(self) -> Segmenting:
        """What knows which segment a mailing goes to."""
        return Segmenting(self.settings.newsletter, self.settings.site.language)

    @cached_property
    def segments(self) -> Segments:
        """What is done with segments."""
        return Segments(self.store, self.segmenting)

    @cached_property
    def editorial(self) -> Editorial:
        """What editors do by hand."""
        return Editorial(self.store, self.publisher, self.gate)

    @cached_property
    def gate(self) -> Gate:
        """What looks at digests before they are mailed."""
        rules = self.settings.preflight.rules
        inspector = Inspector(self.settings, registry.RULES, registry.levels(rules), self.composer, self.world)
        return Gate(self.store, inspector)

    @cached_property
    def world(self) -> World:
        """Who asks outside what rules want to know; a test puts somebody in its place before it is first used."""
        from publisher.publishing.outside import Outside  # late: HTTP and DNS take their time to load

        cache = self.settings.path(Path("var/links.json"))
        return Outside(self.settings.preflight, cache, self.clock, self.signing.public_keys)

    @cached_property
    def mailroom(self) -> Mailroom:
        """What is done with mailings."""
        return Mailroom(self.store, self.spreading.of)

    @cached_property
    def resends(self) -> Resends:
        """What mails a digest again."""
        return Resends(self.store, self.gate, self.first_target, self.segmenting)

    @cached_property
    def histories(self) -> Histories:
        """What became of digests."""
        return Histories(self.store)

    @cached_property
    def controls(self) -> Controls:
        """What pauses mailings, lets them go on and cancels them."""
        return Controls(self.store, lambda now: self.rescuer.leave(now))

    @cached_property
    def correcting(self) -> Correcting:
        """What corrects digests."""
        return Correcting(
            self.store,
            self.intake,
            self.render,
            self.gate,
            self.targets,
            lambda now: self.rescuer.leave(now),
            self.logos.assets,
        )

    @cached_property
    def withdrawing(self) -> Withdrawing:
        """What takes digests back."""
        return Withdrawing(self.store, lambda now: self.rescuer.leave(now))

    @cached_property
    def rescuer(self) -> Rescuer:
        """What settles the work of senders that died."""
        judge = judge_of(self.settings)
        return Rescuer(LedgerStore(self.database), self.journals, self.provider, self.policy, judge)

    @cached_property
    def channels(self) -> Channels:
        """What brings endpoints up to date."""
        endpoints = [Telling(endpoint, self.upkeep.changed) for endpoint in self.endpoints]
        return Channels(self.store, endpoints, self.site, self.distant)

    @cached_property
    def site(self) -> Site:
        """The documents that name digests, from what is published."""
        looks = [self.look(newsletter.slug) for newsletter in self.settings.newsletter]
        return Site(self.site_look, looks, self.logos.assets)

    @cached_property
    def upkeep(self) -> Upkeep:
        """What the server of the site is told."""
        return Upkeep(self.store, self.clock)

    @property
    def feed_readers(self) -> FeedReaders:
        """Who polls the feeds how."""
        return FeedReaders(self.store)

    @cached_property
    def announcing(self) -> Announcing:
        """What looks at the public site, and tells hubs."""
        from publisher.endpoints.websub import Hubs  # late: HTTP takes its time to load

        hubs = [hub.url for hub in self.settings.hub]
        return Announcing(self.store, self.site, self.public_url, hubs, self.public, Hubs())

    @cached_property
    def public(self) -> PublicSite:
        """The public site as readers get it."""
        from publisher.endpoints.public import PublicSite  # late, too

        return PublicSite()

    def look_at_feeds(self) -> Sequence[FeedLook]:
        """What readers are served at the public address of every feed.

        Raises:
            ConfigError: the public address is none that can be asked.
        """
        if not self.public_url:
            raise ConfigError(
                f"nobody can be asked at {self.settings.site.url}", remedy="Write your own address into [site] url"
            )
        return look_at_feeds(self.store, self.site, self.public)

    @cached_property
    def intake(self) -> Intake:
        """What takes digests in."""
        homes = [
            Home(newsletter.slug, newsletter.language or self.settings.site.language, newsletter.zone)
            for newsletter in self.settings.newsletter
        ]
        inbox = self.settings.inbox
        return Intake(self.store, self.settings.path(inbox.directory), homes, inbox.settle)

    @cached_property
    def fetching(self) -> Fetching:
        """What makes digests of upstream feeds."""
        from publisher.app.upstream import fetching_of  # late: most instances have none

        return fetching_of(self)

    @cached_property
    def links(self) -> Links:
        """What links in mails do."""
        return Links(self.people, self.readers, self.store, self.settings, self.site_look, self.clock)

    @cached_property
    def readers(self) -> Readers:
        """What readers ask for themselves."""
        return Readers(self.database, self.secret, self.erasing.erase, self._mailed)

    def _mailed(self, subscriber_id: int) -> Sequence[dict[str, object]]:
        with self.store.read() as unit:
            return unit.standings.mailed_to(subscriber_id)

    @cached_property
    def signups(self) -> SignUps:
        """What sign-up forms and confirmation links do."""
        return SignUps(self.readers, self.settings, self.look, self.secret, self.takes_no_mail, self.clock)

    @cached_property
    def takes_no_mail(self) -> Callable[[str], bool]:
        """Whether it is proven that a domain takes no mail; a test puts something in its place."""
        from publisher.probes.mailboxes import takes_no_mail  # late: DNS takes its time to load

        return takes_no_mail

    @cached_property
    def reconciling(self) -> Reconciling:
        """What finds out what became of uncertain mails."""
        from publisher.app.reconciling import reconciling_of

        return reconciling_of(self)

    @cached_property
    def returning(self) -> Returning:
        """What comes back about mail, and what is done about it."""
        return Returning(self)

    @cached_property
    def posting(self) -> Posting:
        """What posts mails to one person that are no digest."""
        return Posting(
            self.database,
            Writer(self._desk, self.settings.site.links_url, self.secret),
            self.open_provider,
            lambda: locks.exclusive(self.database, NOTICES_LOCK, root=self.settings.root),
            self.discreet,
        )

    def _desk(self, newsletter: str) -> Desk | None:
        found = next((each for each in self.settings.newsletter if each.slug == newsletter), None)
        return None if found is None else Desk(found, self.look(newsletter), self.signing.of(found))

    def seek(self, name: str) -> Sought:
        """The digest that an existing path, else a slug, else newsletter/slug names.

        Raises:
            UsageError: no file and no digest of that name.
            PublisherError: it cannot be read or rendered, and could not be published either.
        """
        return Seeker(self.store, self.intake, self.editorial, self.render).seek(name, self.clock())

    def inspect(self, sought: Sought, *, ask: bool = True) -> Inspection:
        """Look at a digest as if it were mailed now, and store nothing; `ask` also asks the world.

        Raises:
            ConfigError: nothing at all could be mailed, whatever the digest says.
        """
        return self.gate.look(sought.edition, sought.sizes, self.clock(), ask=ask)

    def rehearse(self, newsletter: Newsletter, *, ask: bool = True) -> Inspection:
        """Look at a small digest of a newsletter that is sent to nobody: what is found is the instance's own.

        Args:
            newsletter: whose mail it would be.
            ask: whether the world is asked, too.

        Raises:
            PublisherError: it cannot be rendered or mailed at all.
        """
        now, site = self.clock(), self.settings.site
        with self.store.read() as unit:
            self.segmenting.of_newsletter(unit, newsletter.slug)
        language = newsletter.language or site.language
        digest = sample_digest(newsletter, site.url, language, now.astimezone(newsletter.zone).date())
        edition = Edition(0, 0, 1, digest, self.render(digest, False), "", now, now)
        return self.gate.look(edition, {}, now, ask=ask)

    def preview(self, name: str) -> tuple[Digest, Sequence[Document]]:
        """The documents of a digest: a file, or one that is known by its slug or newsletter/slug.

        Raises:
            UsageError: no file and no digest of that name.
            PublisherError: it cannot be read, rendered or composed, and could not be published either.
        """
        now, sought = self.clock(), self.seek(name)
        edition, digest = sought.edition, sought.edition.digest
        entry_id = sought.entry_id or mint_entry_id(
            authority(self.settings.site.url), now.date(), digest.newsletter, digest.slug
        )
        look, findings = self.look(digest.newsletter), self.inspect(sought).findings
        composer = self.composer(edition)
        return digest, tuple(
            preview_documents(
                edition,
                tuple(dict.fromkeys((*self.logos.assets, *sought.assets))),
                composer,
                look,
                entry_id,
                now,
                findings,
            )
        )
