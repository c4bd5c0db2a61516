"""The composition root: the one place that builds adapters and hands them to the use cases.

Everything above (command line, web, scheduling) opens an `App` and calls what hangs on it; everything below knows
only Protocols.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from publisher import config, slots
from publisher.config import Newsletter, Settings
from publisher.digests.identity import Home
from publisher.digests.model import Digest
from publisher.digests.record import DigestRecord
from publisher.editions import Document, Edition, EditionFacts, RenderedEdition
from publisher.endpoints import registry as endpoints
from publisher.engines.local import Engine, EngineReport
from publisher.errors import StorageError
from publisher.feeds.identity import authority, mint_entry_id
from publisher.mailings.composing import EditionComposer
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.mailings.sending import SenderParts, SenderResult, StopSignal, run_sender
from publisher.mailings.signing import Signing
from publisher.notices.carriers import Carrier, Hook, Mail
from publisher.notices.discretion import Discretion, secrets_of
from publisher.notices.disks import spaces
from publisher.notices.letters import Letterhead
from publisher.notices.situation import Limits, Seen
from publisher.notices.watching import Watch, Watched, WatchReport
from publisher.people import People
from publisher.preflight import registry
from publisher.providers import registry as providers
from publisher.publishing.channels import Channels, target_of
from publisher.publishing.controlling import Controls
from publisher.publishing.correcting import Correcting
from publisher.publishing.editorial import Editorial
from publisher.publishing.examining import sample_digest
from publisher.publishing.histories import Histories
from publisher.publishing.inspecting import Inspection, Inspector, World
from publisher.publishing.intake import Intake
from publisher.publishing.links import Links
from publisher.publishing.logos import Logos, read_logos
from publisher.publishing.mail_start import MailStarter
from publisher.publishing.mailroom import Mailroom
from publisher.publishing.passes import Passes, PassReport
from publisher.publishing.preflighting import Gate
from publisher.publishing.previewing import preview_documents
from publisher.publishing.publish import Cadence, Publisher
from publisher.publishing.resends import Resends
from publisher.publishing.seeking import Seeker, Sought
from publisher.publishing.site import Site
from publisher.publishing.withdrawing import Withdrawing
from publisher.rendering.edition import render
from publisher.rendering.look import Look, SiteLook, newsletter_look, site_look
from publisher.secrets import instance_secret
from publisher.storage import locks, migrate
from publisher.storage.database import Database, connect
from publisher.storage.health import Health
from publisher.storage.ledger import LedgerStore
from publisher.storage.store import Store

if TYPE_CHECKING:
    from publisher.doctor.model import Ground, Opened
    from publisher.doctor.outside import Surroundings

Clock = Callable[[], datetime]
PASS_LOCK = "pass"  # noqa: S105 - the name of a lock
ALERTS_LOCK = "alerts"
SECRET_MADE = "secret.made"  # noqa: S105 - the name of a fact
OPENING_SECONDS = 8
"""How long the doctor waits for a database to open."""
PASS_WAIT_SECONDS = 600
"""How long a pass waits for another process's pass: longer than one takes, shorter than an editor's patience."""


def wall_clock() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


def open_app(config_file: Path, clock: Clock = wall_clock) -> App:
    """Open the instance that a configuration describes; a missing database is made.

    Raises:
        ConfigError: the configuration is wrong.
        StorageError: the database cannot be used, or has an older schema.
    """
    settings = load_settings(config_file)
    database = connect(settings.storage.url, settings.root)
    migrate.prepare(database)
    return App(config_file.resolve(), settings, database, clock)


@contextmanager
def ground(config_file: Path, clock: Clock = wall_clock, around: Surroundings | None = None) -> Iterator[Ground]:
    """What the checks of an instance stand on; a database that does not open is one of the things to be told.

    Args:
        config_file: of the instance.
        clock: the present moment.
        around: the world; None is the one that there is.

    Raises:
        ConfigError: the configuration is wrong.
    """
    from publisher.doctor.model import Ground  # late: HTTP and DNS take their time to load
    from publisher.doctor.outside import Endpoints, surroundings
    from publisher.providers.trying import try_provider

    settings, around = load_settings(config_file), around or surroundings()
    app, trouble = _open_soon(config_file, clock)
    try:
        yield Ground(
            settings=settings,
            config_file=config_file,
            now=clock(),
            dns=around.dns,
            web=around.web,
            machine=around.machine,
            try_provider=lambda: try_provider(settings),
            try_endpoint=Endpoints(settings),
            opened=None if app is None else app.opened,
            trouble=trouble,
        )
    finally:
        if app is not None:
            app.close()


def _open_soon(config_file: Path, clock: Clock) -> tuple[App | None, StorageError | None]:
    """The instance, or why its database does not open: a server that says nothing keeps nobody from the rest.

    Raises:
        ConfigError: the configuration is wrong.
    """
    said: queue.SimpleQueue[App | Exception] = queue.SimpleQueue()

    def open_() -> None:
        try:
            said.put(open_app(config_file, clock))
        except Exception as error:  # noqa: BLE001 - raised, or told, where somebody listens
            said.put(error)

    threading.Thread(target=open_, name="open the database", daemon=True).start()
    try:
        found = said.get(timeout=OPENING_SECONDS)
    except queue.Empty:
        return None, StorageError(f"the database does not answer within {OPENING_SECONDS} s")
    if isinstance(found, App):
        return found, None
    if isinstance(found, StorageError):
        return None, found
    if isinstance(found, OSError):  # its folder cannot be made
        return None, StorageError(f"the database cannot be opened: {found.strerror}")
    raise found


def upgrade_database(config_file: Path) -> tuple[str, str]:
    """Bring the schema to this version; gives (from, to)."""
    settings = load_settings(config_file)
    database = connect(settings.storage.url, settings.root)
    try:
        return migrate.upgrade(database)
    finally:
        database.close()


def load_settings(config_file: Path) -> Settings:
    """The settings, checked as far as they go without touching anything outside.

    Raises:
        ConfigError: a key is wrong, a schedule cannot be read, or there is no such rule of preflight.
    """
    settings = config.load(config_file)
    slots.check(settings, file=str(config_file))
    registry.check_levels(settings.preflight.rules, file=str(config_file))
    return settings


def sample_configuration() -> bytes:
    """The commented config.toml that a new instance begins with: the checkout's, or the wheel's copy of it."""
    package = Path(__file__).parent
    for path in (package / "_templates" / "config.toml", package.parent / "config.toml"):
        if path.is_file():
            return path.read_bytes()
    raise StorageError("this installation has no sample configuration", remedy="Install the publisher again")


class App:
    """One open instance, with its use cases."""

    def __init__(self, config_file: Path, settings: Settings, database: Database, clock: Clock) -> None:
        self.config_file = config_file
        self.settings = settings
        self.database = database
        self.clock = clock
        self.store = Store(database)
        self._seen = Seen()

    def close(self) -> None:
        """Let the database go."""
        self.database.close()

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

    # --- adapters --------------------------------------------------------------------------------------------

    @cached_property
    def secret(self) -> bytes:
        """The instance's secret; that it was made is remembered, so that a lost one is noticed."""
        with self.store.read() as unit:
            made = unit.facts.get(SECRET_MADE) is not None
        secret = instance_secret(self.settings, may_make=not made)
        if not made and self.settings.site.secret is None:
            with self.store.write() as unit:
                unit.facts.set_once(SECRET_MADE, "yes")
        return secret

    @cached_property
    def endpoints(self) -> tuple[endpoints.Endpoint, ...]:
        """The endpoints, in the order of the configuration; mail waits for the first."""
        return tuple(endpoints.build(endpoint, self.settings.root) for endpoint in self.settings.endpoint)

    @cached_property
    def provider(self) -> providers.AnyProvider:
        """Who carries the mail."""
        return providers.open_provider(self.settings)

    @property
    def journals(self) -> Path:
        """The folder of this machine's journals."""
        return self.settings.path(Path("var/journal"))

    @property
    def policy(self) -> RetryPolicy:
        """How long refused deliveries are tried."""
        return RetryPolicy(self.settings.sending.retry_after, self.settings.sending.give_up_after)

    @cached_property
    def signing(self) -> Signing:
        """What signs mail."""
        return Signing(self.settings.dkim)

    @cached_property
    def logos(self) -> Logos:
        """The logos, read once; whoever shows them puts their files beside it.

        Raises:
            ConfigError: one cannot be shown.
        """
        return read_logos(self.settings, file=str(self.config_file))

    @property
    def site_look(self) -> SiteLook:
        """How the site presents itself."""
        return site_look(self.settings, logo=self.logos.logo, logo_dark=self.logos.logo_dark)

    def look(self, newsletter: str) -> Look:
        """How a newsletter presents itself."""
        return newsletter_look(self.settings, newsletter, logo=self.logos.logo, logo_dark=self.logos.logo_dark)

    # --- use cases -------------------------------------------------------------------------------------------

    @cached_property
    def people(self) -> People:
        """What is done with subscribers."""
        return People(self.database, self.secret)

    @cached_property
    def publisher(self) -> Publisher:
        """What publishes digests."""
        domain = authority(self.settings.site.url)

        def mint(record: DigestRecord) -> str:
            return mint_entry_id(domain, self.clock().date(), record.newsletter, record.slug)

        return Publisher(self.store, self.render, mint, self._targets, self.gate, self.logos.assets)

    @property
    def _targets(self) -> Sequence[str]:
        """The endpoints as publications know them."""
        return [target_of(endpoint) for endpoint in self.endpoints]

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
        return Mailroom(self.store)

    @cached_property
    def resends(self) -> Resends:
        """What mails a digest again."""
        return Resends(self.store, self.gate, self._first_target)

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
            lambda digest, title_repeats, notes: render(
                digest, self.look(digest.newsletter), title_repeats=title_repeats, notes=notes
            ),
            self.gate,
            self._targets,
            lambda now: self.rescuer.leave(now),
            self.logos.assets,
        )

    @cached_property
    def withdrawing(self) -> Withdrawing:
        """What takes digests back."""
        return Withdrawing(self.store, lambda now: self.rescuer.leave(now))

    @cached_property
    def channels(self) -> Channels:
        """What brings endpoints up to date."""
        looks = [self.look(newsletter.slug) for newsletter in self.settings.newsletter]
        return Channels(self.store, self.endpoints, Site(self.site_look, looks, self.logos.assets))

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
    def cadences(self) -> tuple[Cadence, ...]:
        """When each newsletter publishes."""
        return tuple(
            Cadence(each.slug, each.schedule, each.timezone, each.stale_after) for each in self.settings.newsletter
        )

    def timezone(self, newsletter: str) -> str:
        """A newsletter's time zone; UTC for one that is no longer configured."""
        return next((each.timezone for each in self.settings.newsletter if each.slug == newsletter), "UTC")

    def page_url(self, record: DigestRecord) -> str | None:
        """The public address of a digest; None when its newsletter is no longer configured."""
        configured = any(each.slug == record.newsletter for each in self.settings.newsletter)
        return self.look(record.newsletter).page_url(record.slug) if configured else None

    def endpoint_place(self, name: str) -> str:
        """Where an endpoint puts its documents, for people."""
        return next(
            (str(self.settings.path(each.path)) for each in self.settings.endpoint if each.name == name), name
        )

    def render(self, digest: Digest, title_repeats: bool) -> RenderedEdition:
        """Render a digest as its newsletter presents itself."""
        return render(digest, self.look(digest.newsletter), title_repeats=title_repeats)

    @cached_property
    def links(self) -> Links:
        """What links in mails do."""
        return Links(self.people, self.store, self.settings, self.site_look, self.clock)

    @property
    def site_folder(self) -> Path:
        """The folder that `serve` serves: the first directory endpoint's."""
        return self.settings.path(self.settings.endpoint[0].path) if self.settings.endpoint else self.settings.root

    def composer(self, edition: Edition, earlier: Sequence[EditionFacts] = ()) -> EditionComposer:
        """What composes the mails of an edition; `earlier` are those before it, which a correction answers."""
        newsletter = self.settings.newsletter_named(edition.digest.newsletter)
        sign = self.signing.of(newsletter)
        return EditionComposer(edition, newsletter, self.settings.site, self.secret, earlier, sign)

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

    # --- passes ----------------------------------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the instance's lock on passes.

        Raises:
            StorageError: another process has it, and does not give it back.
        """
        with locks.exclusive(self.database, PASS_LOCK, root=self.settings.root, wait=PASS_WAIT_SECONDS) as held:
            if not held:
                raise StorageError(
                    "another publisher is at work on this instance and does not come to an end",
                    remedy="Look for a process that hangs, then run it again",
                    permanent=False,
                )
            yield

    def run_pass(self, sleep: Callable[[float], object] = time.sleep) -> PassReport:
        """One pass over everything due now; of two at once the second waits, and finds it done."""
        passes = Passes(self.intake, self.publisher, self.cadences, self.channels, self._starter, self.gate)
        with self.locked():
            return self._remembered(passes.run(self.clock, sleep))

    def catch_up(self) -> PassReport:
        """The end of a pass alone: endpoints are brought up to date, and mail that waited for them may leave.

        For what readers must not wait for until the next pass.
        """
        with self.locked():
            puts = self.channels.bring_up(self.clock())
            starts = self._starter.start(self.clock())
        errors = tuple(put.error for put in puts if put.error)
        return self._remembered(PassReport(puts=puts, starts=starts, errors=errors))

    def _remembered(self, report: PassReport) -> PassReport:
        """What alerts are decided by, and no database knows: which endpoints this pass could not bring up."""
        targets = dict(zip((each.name for each in self.endpoints), self._targets, strict=True))
        puts = {targets[put.endpoint]: str(put.error) for put in report.puts if put.error}
        self._seen = replace(self._seen, puts=puts)
        return report

    @property
    def _starter(self) -> MailStarter:
        """What lets mailings go whose pages are stored."""
        return MailStarter(self.store, self.mailroom.start, self._first_target, self.settings.site.wait)

    @property
    def _first_target(self) -> str | None:
        """The endpoint whose pages mail waits for."""
        return target_of(self.endpoints[0]) if self.endpoints else None

    # --- sending ---------------------------------------------------------------------------------------------

    @cached_property
    def rescuer(self) -> Rescuer:
        """What settles the work of senders that died."""
        return Rescuer(LedgerStore(self.database), self.journals, self.provider, self.policy)

    def send(
        self, *, stop: Callable[[], bool] = lambda: False, tick: Callable[[], None] = lambda: None
    ) -> EngineReport:
        """Send what running mailings hold, in processes of their own, until nothing is left that is due."""
        command = [sys.executable, "-m", "publisher", "sender", "--config", str(self.config_file)]
        senders = self.settings.sending.senders or os.cpu_count() or 1
        engine = Engine(command, senders)
        ended = engine.run(lambda: self.rescuer.sweep(self.clock()), stop=stop, tick=tick)
        errors = tuple(map(self.discreet, ended.errors))  # a server may repeat what it was told
        self._seen = replace(self._seen, sending=errors)
        return replace(ended, errors=errors)

    def run_sender(self, pipe: int) -> SenderResult:
        """Be a sender, until there is nothing left, SIGTERM comes or the pipe's other end is closed."""

        @lru_cache(maxsize=8)
        def composer(edition_id: int) -> EditionComposer:
            with self.store.read() as unit:
                edition = unit.editions.get(edition_id)
                history = unit.editions.history(edition.digest_id)
            return self.composer(edition, [each for each in history if each.number < edition.number])

        parts = SenderParts(
            transactions=LedgerStore(self.database),
            provider=self.provider,
            composer=composer,
            journals=self.journals,
            policy=self.policy,
            window=self.settings.sending.window,
            clock=self.clock,
        )
        return run_sender(parts, StopSignal(pipe))

    # --- alerts ----------------------------------------------------------------------------------------------

    @cached_property
    def discreet(self) -> Discretion:
        """What takes the secrets of the configuration out of texts."""
        return Discretion(secrets_of(self.settings, self.settings.storage.url))

    @cached_property
    def watch(self) -> Watch:
        """What tells the desk that something is wrong, and when it is over."""
        settings = self.settings
        alerts, wait = settings.alerts, settings.site.wait
        folders = [*(settings.path(each.path) for each in settings.endpoint), settings.path(Path("var"))]
        watched = Watched(
            [(each.newsletter, each.schedule, each.timezone) for each in self.cadences],
            self._targets,
            self.provider.name,
            Limits(alerts.failures, alerts.disk, alerts.missed, wait),
            lambda: spaces(folders),
        )
        return Watch(
            self.store,
            watched,
            self._carriers,
            alerts.hourly,
            self._alerts_lock,
            self.discreet,
            lambda: self.secret,
        )

    def tell_desk(self, *, wait: float = 0, stop: Callable[[], bool] = lambda: False) -> WatchReport:
        """Look whether anything is wrong, or no longer, and have it told.

        Args:
            wait: seconds to wait for another process that is just at it.
            stop: whether to end early.

        Raises:
            StorageError: the database does not answer.
        """
        seen = self._seen
        if seen.sending is None and not self.mailroom.running():
            seen = replace(seen, sending=())  # nothing is left to send: nobody refuses it
        return self.watch.look(seen, self.clock, wait=wait, stop=stop)

    def _alerts_lock(self, wait: float) -> AbstractContextManager[bool]:
        return locks.exclusive(self.database, ALERTS_LOCK, root=self.settings.root, wait=wait)

    @property
    def _carriers(self) -> Sequence[Carrier]:
        """Who tells: a mail to each address, and the webhook."""
        alerts, site, first = self.settings.alerts, self.settings.site, self.settings.newsletter[0]
        letterhead = Letterhead(site.title, site.url, alerts.sender or first.sender)
        writer = first.model_copy(update={"sender": letterhead.sender, "envelope_from": None})
        domain = writer.bounces_to.rpartition("@")[2]
        signed = any(key.signs_for(domain) for key in self.settings.dkim)
        mail = [
            Mail(
                address,
                letterhead,
                writer.bounces_to if alerts.sender else first.bounces_to,
                lambda: providers.open_provider(self.settings),
                self.signing.of(writer) if signed else None,
            )
            for address in dict.fromkeys(alerts.mail)
        ]
        return [*mail, *([Hook(alerts.webhook, letterhead)] if alerts.webhook else [])]
